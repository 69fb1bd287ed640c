//! The shared objects between threads of one process, each guarding memory
//! that nothing else guards.
//!
//! Whether a number is right shows much, and `ThreadSanitizer` the rest:
//! `scripts/check --deep` builds this with it. Then `MP_ROUNDS` raises the
//! number of rounds.

use std::cell::UnsafeCell;
use std::process::ExitCode;
use std::thread;

use libtest_mimic::{Arguments, Trial};
use multiprocessing::{
    Array, Barrier, BoundedSemaphore, Condition, Event, JoinableQueue, Lock,
    Pipe, Queue, RLock, Result, Semaphore, Value,
};

const THREADS: u64 = 4;

fn rounds() -> u64 {
    let given = std::env::var("MP_ROUNDS").ok();
    given.map_or(200, |it| it.parse().expect("MP_ROUNDS is a number"))
}

/// A number in plain memory.
struct Plain(UnsafeCell<u64>);

// SAFETY: a test calls `add` and `get` only where the object that it tests
// lets one thread at a time come; that this holds is what the test is for.
#[allow(unsafe_code)]
unsafe impl Sync for Plain {}

impl Plain {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    #[allow(unsafe_code)]
    fn get(&self) -> u64 {
        // SAFETY: as above.
        unsafe { *self.0.get() }
    }

    #[allow(unsafe_code)]
    fn add(&self, more: u64) {
        // SAFETY: as above.
        unsafe { *self.0.get() += more }
    }
}

/// Runs `action` in each thread, which is told its number.
fn in_threads(action: impl Fn(u64) -> Result<()> + Sync) {
    let action = &action;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| scope.spawn(move || action(number)))
            .collect();
        for thread in threads {
            let result = thread.join().expect("it does not panic");
            result.expect("nothing fails");
        }
    });
}

/// Counts in plain memory, `count` times in all.
fn counts(count: u64, action: impl Fn(&Plain) -> Result<()> + Sync) {
    let plain = Plain::new();
    in_threads(|_| (0..count / THREADS).try_for_each(|_| action(&plain)));
    assert_eq!(plain.get(), count / THREADS * THREADS);
}

fn a_lock_guards() -> Result<()> {
    let lock = Lock::new()?;
    counts(10 * rounds(), |plain| {
        let _guard = lock.guard()?;
        plain.add(1);
        Ok(())
    });
    Ok(())
}

fn an_rlock_guards() -> Result<()> {
    let lock = RLock::new()?;
    counts(10 * rounds(), |plain| {
        let _guard = lock.guard()?;
        let _again = lock.guard()?;
        plain.add(1);
        Ok(())
    });
    Ok(())
}

fn a_semaphore_guards() -> Result<()> {
    let semaphore = Semaphore::new(1)?;
    let bounded = BoundedSemaphore::new(1)?;
    counts(4 * rounds(), |plain| {
        let _guard = semaphore.guard()?;
        plain.add(1);
        Ok(())
    });
    counts(4 * rounds(), |plain| {
        let _guard = bounded.guard()?;
        plain.add(1);
        Ok(())
    });
    Ok(())
}

/// To those who wait for it, and to those who only look.
fn an_event_publishes() -> Result<()> {
    for _ in 0..rounds() / 4 {
        let (event, plain) = (Event::new()?, Plain::new());
        in_threads(|number| {
            match number {
                0 => {
                    plain.add(7);
                    return event.set();
                }
                1 => {
                    while !event.is_set() {
                        thread::yield_now();
                    }
                }
                _ => event.wait()?,
            }
            assert_eq!(plain.get(), 7);
            Ok(())
        });
    }
    Ok(())
}

fn a_condition_hands_over() -> Result<()> {
    let (condition, plain) = (Condition::new()?, Plain::new());
    in_threads(|number| {
        let _guard = condition.guard()?;
        for round in 0..rounds() / THREADS {
            let turn = round * THREADS + number;
            condition.wait_for(|| plain.get() == turn)?;
            plain.add(1);
            condition.notify_all()?;
        }
        Ok(())
    });
    assert_eq!(plain.get(), rounds() / THREADS * THREADS);
    Ok(())
}

fn a_barrier_keeps_in_step() -> Result<()> {
    let parties = usize::try_from(THREADS).expect("they are few");
    let (barrier, plain) = (Barrier::new(parties)?, Plain::new());
    in_threads(|number| {
        for round in 0..rounds() / 2 {
            if round % THREADS == number {
                plain.add(1);
            }
            barrier.wait()?;
            assert_eq!(plain.get(), round + 1);
            barrier.wait()?;
        }
        Ok(())
    });
    Ok(())
}

fn a_value_and_an_array_are_counted_in() -> Result<()> {
    let (value, array) = (Value::new(0_u64)?, Array::<u64>::zeroed(8)?);
    counts(2 * rounds(), |plain| {
        let _guard = value.get_lock().guard()?;
        value.set(value.get()? + 1)?;
        plain.add(1);
        Ok(())
    });
    in_threads(|number| {
        for index in 0..8 {
            let _guard = array.get_lock().guard()?;
            array.set(index, array.get(index)? + number)?;
        }
        Ok(())
    });
    assert_eq!(value.get()?, 2 * rounds() / THREADS * THREADS);
    assert_eq!(array.slice(..)?, [6; 8]);
    Ok(())
}

/// Two put and two get; what was put was written before.
fn a_queue_publishes() -> Result<()> {
    let count = 2 * rounds();
    let queue = Queue::bounded(3)?;
    let places: Vec<_> = (0..2 * count).map(|_| Plain::new()).collect();
    let at = |place: u64| &places[usize::try_from(place).expect("few")];
    in_threads(|number| {
        for round in 0..count {
            if number < 2 {
                let place = number * count + round;
                at(place).add(place + 1);
                queue.put((place, vec![number; 20]))?;
            } else {
                let (place, _): (u64, Vec<u64>) = queue.get()?;
                assert_eq!(at(place).get(), place + 1);
            }
        }
        Ok(())
    });
    assert!(queue.empty()?);
    Ok(())
}

fn a_joinable_queue_waits() -> Result<()> {
    let (queue, plain) = (JoinableQueue::unbounded()?, Plain::new());
    for round in 0..rounds() / 4 {
        in_threads(|number| match number {
            0 => {
                queue.put(round)?;
                queue.join()?;
                assert_eq!(plain.get(), round + 1);
                Ok(())
            }
            1 => {
                queue.get()?;
                plain.add(1);
                queue.task_done()
            }
            _ => Ok(()),
        });
    }
    Ok(())
}

fn a_pipe_publishes() -> Result<()> {
    let plain = Plain::new();
    let (one, other) = Pipe::duplex()?;
    in_threads(|number| {
        for _ in 0..rounds() {
            match number {
                0 => {
                    plain.add(1);
                    one.send(&plain.get())?;
                    one.recv::<()>()?;
                }
                1 => {
                    let number: u64 = other.recv()?;
                    assert_eq!(plain.get(), number);
                    other.send(&())?;
                }
                _ => {}
            }
        }
        Ok(())
    });
    Ok(())
}

type Test = fn() -> Result<()>;

const TESTS: [(&str, Test); 10] = [
    ("a_lock_guards", a_lock_guards),
    ("an_rlock_guards", an_rlock_guards),
    ("a_semaphore_guards", a_semaphore_guards),
    ("an_event_publishes", an_event_publishes),
    ("a_condition_hands_over", a_condition_hands_over),
    ("a_barrier_keeps_in_step", a_barrier_keeps_in_step),
    (
        "a_value_and_an_array_are_counted_in",
        a_value_and_an_array_are_counted_in,
    ),
    ("a_queue_publishes", a_queue_publishes),
    ("a_joinable_queue_waits", a_joinable_queue_waits),
    ("a_pipe_publishes", a_pipe_publishes),
];

/// One test after the other, in the main thread: the harness's own threads
/// would be looked at, too.
fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trial = |(name, test): (&'static str, Test)| {
        Trial::test(name, move || Ok(test()?))
    };
    let trials = TESTS.into_iter().map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

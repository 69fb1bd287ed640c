//! Signals that come while a process waits for a lock, a unit or an item.

use std::thread;
use std::time::Duration;

use multiprocessing::{
    Error, Lock, Process, Queue, RLock, Semaphore, current_process,
};
use nix::sys::signal::{SigHandler, Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Test, list};
use crate::items::Item;
use crate::locks::AnyLock;
use crate::support::{
    SOON, at_least, in_child, joined, killed, on_signal, started,
};

pub(crate) const TESTS: &[Test] = list![
    signals_do_not_shorten_the_wait_for_a_lock,
    signals_do_not_shorten_the_wait_for_a_unit,
    signals_do_not_shorten_the_waits_of_a_queue,
    signals_do_not_disturb_who_waits_without_a_limit,
    signals_do_not_disturb_large_items,
    signals_do_not_disturb_the_making_of_regions,
];

const LIMIT: Duration = Duration::from_millis(60);

extern "C" fn do_nothing(_signal: i32) {}

/// Runs `action` while a child signals this process again and again.
#[track_caller]
fn disturbed<T>(pause: Duration, action: impl FnOnce() -> T) -> T {
    on_signal(Signal::SIGUSR1, SigHandler::Handler(do_nothing));
    let us = Pid::from_raw(current_process().pid());
    let pest = started(move || {
        loop {
            kill(us, Signal::SIGUSR1).expect("the parent is there");
            thread::sleep(pause);
        }
    });
    let result = action();
    killed(&pest);
    result
}

const OFTEN: Duration = Duration::from_millis(2);

fn signals_do_not_shorten_the_wait_for_a_lock() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        lock.acquire().expect("it is free");
        let waits = || {
            let wait = || lock.acquire_timeout(LIMIT);
            let got = disturbed(OFTEN, || at_least(LIMIT, wait));
            assert!(!got.expect("its owner lives"));
        };
        assert_eq!(in_child(waits), 0);
    }
    check::<Lock>();
    check::<RLock>();
}

fn signals_do_not_shorten_the_wait_for_a_unit() {
    let semaphore = Semaphore::new(0).expect("there is memory");
    let wait = || semaphore.acquire_timeout(LIMIT);
    let got = disturbed(OFTEN, || at_least(LIMIT, wait));
    assert!(!got.expect("nothing can go wrong"));
}

fn signals_do_not_shorten_the_waits_of_a_queue() {
    let queue = Queue::bounded(1).expect("there is memory");
    let get = || queue.get_timeout(LIMIT);
    let item = disturbed(OFTEN, || at_least(LIMIT, get));
    assert!(matches!(item, Err(Error::Empty)), "{item:?}");
    queue.put(1).expect("there is room");
    let put = || queue.put_timeout(2, LIMIT);
    let put = disturbed(OFTEN, || at_least(LIMIT, put));
    assert!(matches!(put, Err(Error::Full)), "{put:?}");
}

/// A child that does something soon, but not at once.
fn later<'a>(action: impl FnOnce() -> Result<(), Error> + 'a) -> Process<'a> {
    started(|| {
        thread::sleep(LIMIT);
        action()
    })
}

fn signals_do_not_disturb_who_waits_without_a_limit() {
    let lock = Lock::make();
    let semaphore = Semaphore::new(0).expect("there is memory");
    let queue = Queue::bounded(1).expect("there is memory");
    queue.put(1).expect("there is room");
    let held = Semaphore::new(0).expect("there is memory");
    let children = [
        started(|| {
            let _guard = lock.guard()?;
            held.release()?;
            thread::sleep(LIMIT);
            Ok::<_, Error>(())
        }),
        later(|| semaphore.release()),
        later(|| queue.get().map(|item| assert_eq!(item, 1))),
    ];
    held.acquire().expect("nothing can go wrong");
    disturbed(OFTEN, || {
        lock.acquire().expect("its owner lives");
        semaphore.acquire().expect("nothing can go wrong");
        queue.put(2).expect("there is room soon");
        assert!(children.iter().all(|child| joined(child) == 0));
    });
    assert_eq!(queue.get().expect("it is there"), 2);
    let child = later(|| queue.put(3));
    let item = disturbed(OFTEN, || queue.get_timeout(SOON));
    assert_eq!(item.expect("it comes"), 3);
    assert_eq!(joined(&child), 0);
}

/// The system stops in the middle of reserving memory when a signal comes.
fn signals_do_not_disturb_large_items() {
    let queue = Queue::unbounded().expect("there is memory");
    disturbed(Duration::from_micros(100), || {
        for number in 0..4 {
            queue.put(Item::new(1, number, 48 << 20)).expect("as above");
            let item = queue.get().expect("it is there");
            assert_eq!(item.number, number);
            item.check();
        }
    });
}

fn signals_do_not_disturb_the_making_of_regions() {
    disturbed(Duration::from_micros(50), || {
        for _ in 0..1_000 {
            drop(Lock::make());
            Queue::<u8>::unbounded().expect("there is memory");
        }
    });
}

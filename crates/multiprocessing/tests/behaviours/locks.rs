//! Locks: who gets them, who may release them, and how long one waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use multiprocessing::{
    Error, Lock, Process, RLock, RawValue, Result, Semaphore, Value,
};

use crate::harness::{Test, list};
use crate::support::{
    SOON, at_least, eventually, in_child, is_told, joined, started, tell,
};

pub(crate) const TESTS: &[Test] = list![
    b069_b070_who_holds_a_lock_keeps_others_out,
    b069_b070_a_lock_is_released_as_often_as_acquired,
    b069_a_second_acquire_by_the_owner_is_an_error,
    b071_only_the_owner_may_release,
    b072_a_guard_releases_at_the_end_of_its_scope,
    b072_a_guard_releases_when_its_scope_panics,
    b076_without_time_a_held_lock_is_not_acquired,
    b077_a_limit_is_waited_for,
    b078_who_waits_gets_the_lock_when_it_is_released,
    b079_one_process_at_a_time,
    b080_one_thread_of_all_processes_at_a_time,
    b082_locked_tells_whether_anybody_holds_the_lock,
    the_copy_of_a_guard_in_a_child_releases_nothing,
    a_lock_dropped_while_held_stays_held,
    a_lock_dropped_while_another_thread_holds_it_stays_held,
];

const LIMIT: Duration = Duration::from_millis(60);

/// What both kinds of locks can do.
pub(crate) trait AnyLock: Clone + Send + Sync + 'static {
    fn make() -> Self;
    fn acquire(&self) -> Result<()>;
    fn try_acquire(&self) -> Result<bool>;
    fn acquire_timeout(&self, limit: Duration) -> Result<bool>;
    fn release(&self) -> Result<()>;
    fn guarded<T>(&self, action: impl FnOnce() -> T) -> T;
}

macro_rules! any_lock {
    ($lock:ident) => {
        impl AnyLock for $lock {
            fn make() -> Self {
                Self::new().expect("there is memory for a lock")
            }

            fn acquire(&self) -> Result<()> {
                self.acquire()
            }

            fn try_acquire(&self) -> Result<bool> {
                self.try_acquire()
            }

            fn acquire_timeout(&self, limit: Duration) -> Result<bool> {
                self.acquire_timeout(limit)
            }

            fn release(&self) -> Result<()> {
                self.release()
            }

            fn guarded<T>(&self, action: impl FnOnce() -> T) -> T {
                let _guard = self.guard().expect("its owners do not die");
                action()
            }
        }
    };
}

any_lock!(Lock);
any_lock!(RLock);

/// Whether a child finds the lock free; it takes and releases it then.
#[track_caller]
pub(crate) fn is_free<L: AnyLock>(lock: &L) -> bool {
    let exitcode = in_child(|| {
        let free = lock.try_acquire()?;
        if free {
            lock.release()?;
        }
        Ok::<_, Error>(i32::from(free) + 10)
    });
    match exitcode {
        10 => false,
        11 => true,
        other => panic!("the child has failed with {other}"),
    }
}

fn b069_b070_who_holds_a_lock_keeps_others_out() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        lock.acquire().expect("it is free");
        assert!(!is_free(&lock));
        lock.release().expect("it is ours");
        assert!(is_free(&lock));
        for limit in [Duration::ZERO, LIMIT, Duration::MAX] {
            assert!(lock.acquire_timeout(limit).expect("it is free"));
            assert!(!is_free(&lock));
            lock.release().expect("it is ours");
        }
        assert!(lock.try_acquire().expect("it is free"));
        assert!(!is_free(&lock));
        lock.release().expect("it is ours");
    }
    check::<Lock>();
    check::<RLock>();
}

fn b069_b070_a_lock_is_released_as_often_as_acquired() {
    let lock = Lock::make();
    lock.acquire().expect("it is free");
    lock.release().expect("it is ours");
    assert!(matches!(lock.release(), Err(Error::NotOwner)));

    let lock = RLock::make();
    lock.acquire().expect("it is free");
    assert!(lock.try_acquire().expect("it is ours"));
    assert!(lock.acquire_timeout(LIMIT).expect("it is ours"));
    for _ in 0..3 {
        assert!(!is_free(&lock));
        lock.release().expect("it is ours still");
    }
    assert!(is_free(&lock));
    assert!(matches!(lock.release(), Err(Error::NotOwner)));
}

fn b069_a_second_acquire_by_the_owner_is_an_error() {
    let lock = Lock::make();
    lock.acquire().expect("it is free");
    let second = lock.acquire();
    assert!(matches!(second, Err(Error::WouldDeadlock)), "{second:?}");
    let second = lock.acquire_timeout(LIMIT);
    assert!(matches!(second, Err(Error::WouldDeadlock)), "{second:?}");
    assert!(!lock.try_acquire().expect("to try is no deadlock"));
    assert!(!is_free(&lock));
    lock.release().expect("it is ours, once");
    assert!(is_free(&lock));
}

fn b071_only_the_owner_may_release() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        let refused = || matches!(lock.release(), Err(Error::NotOwner));
        assert!(refused(), "it is free");
        lock.acquire().expect("it is free");
        let in_thread = |refused: &(dyn Fn() -> bool + Sync)| {
            thread::scope(|scope| scope.spawn(refused).join().ok())
        };
        assert_eq!(in_child(|| i32::from(refused())), 1);
        assert_eq!(in_thread(&refused), Some(true));
        assert!(!is_free(&lock));
        lock.release().expect("it is ours");
    }
    check::<Lock>();
    check::<RLock>();
}

fn b072_a_guard_releases_at_the_end_of_its_scope() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        assert!(!lock.guarded(|| is_free(&lock)));
        assert!(is_free(&lock));
    }
    check::<Lock>();
    check::<RLock>();
    let semaphore = Semaphore::new(1).expect("there is memory");
    {
        let _guard = semaphore.guard().expect("there is a unit");
        assert_eq!(semaphore.value(), 0);
    }
    assert_eq!(semaphore.value(), 1);
}

fn b072_a_guard_releases_when_its_scope_panics() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        let scope = || lock.guarded(|| panic!("on purpose"));
        catch_unwind(AssertUnwindSafe(scope)).expect_err("it panics");
        assert!(is_free(&lock), "nobody is told of a death");
        assert_eq!(in_child(scope), 1);
        assert!(is_free(&lock), "nobody is told of a death");
    }
    check::<Lock>();
    check::<RLock>();
    let semaphore = Semaphore::new(1).expect("there is memory");
    let exitcode = in_child(|| {
        let _guard = semaphore.guard().expect("there is a unit");
        panic!("on purpose")
    });
    assert_eq!((exitcode, semaphore.value()), (1, 1));
}

/// Runs `action` while another process holds the lock.
fn while_held<L: AnyLock>(lock: &L, action: impl FnOnce()) {
    lock.acquire().expect("it is free");
    // The child does not inherit the ownership.
    assert_eq!(in_child(action), 0);
    lock.release().expect("it is ours");
}

fn b076_without_time_a_held_lock_is_not_acquired() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        while_held(&lock, || {
            assert!(!lock.try_acquire().expect("nobody dies"));
            assert!(!lock.acquire_timeout(Duration::ZERO).expect("as above"));
        });
    }
    check::<Lock>();
    check::<RLock>();
}

fn b077_a_limit_is_waited_for() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        while_held(&lock, || {
            let got = at_least(LIMIT, || lock.acquire_timeout(LIMIT));
            assert!(!got.expect("nobody dies"));
        });
        assert!(is_free(&lock));
    }
    check::<Lock>();
    check::<RLock>();
}

fn b078_who_waits_gets_the_lock_when_it_is_released() {
    fn check<L: AnyLock>(limit: Duration) {
        let lock = L::make();
        let released = RawValue::new(0).expect("there is memory");
        lock.acquire().expect("it is free");
        let waiter = started(|| {
            assert!(lock.acquire_timeout(limit).expect("nobody dies"));
            assert_eq!(released.get(), 1);
        });
        thread::sleep(LIMIT);
        released.set(1);
        lock.release().expect("it is ours");
        assert_eq!(joined(&waiter), 0);
    }
    for limit in [SOON, Duration::MAX] {
        check::<Lock>(limit);
        check::<RLock>(limit);
    }
}

/// Adds `times` to `number`, which is right only if nobody else does.
fn add(number: &RawValue<u64>, times: u32, lock: &impl Fn(&dyn Fn())) {
    for turn in 0..times {
        lock(&|| {
            let before = number.get();
            if turn % 8 == 0 {
                thread::yield_now();
            }
            number.set(before + 1);
        });
    }
}

/// Three processes with two threads each, or their main thread only.
#[track_caller]
fn adds_up(threads: usize, lock: &(impl Fn(&dyn Fn()) + Sync)) {
    const TIMES: u32 = 2_000;
    let number = RawValue::new(0).expect("there is memory");
    let work = || {
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| add(&number, TIMES, lock));
            }
            add(&number, TIMES, lock);
        });
    };
    let children = [(); 2].map(|()| started(work));
    work();
    assert!(children.iter().all(|child| joined(child) == 0));
    let times = 3 * threads as u64 * u64::from(TIMES);
    assert_eq!(number.get(), times);
}

fn adds_up_with_every_lock(threads: usize) {
    let lock = Lock::make();
    adds_up(threads, &|action| lock.guarded(action));
    let lock = RLock::make();
    adds_up(threads, &|action| lock.guarded(|| lock.guarded(action)));
    let semaphore = Semaphore::new(1).expect("there is memory");
    adds_up(threads, &|action| {
        let _guard = semaphore.guard().expect("nothing can go wrong");
        action();
    });
    let value = Value::new(0).expect("there is memory");
    adds_up(threads, &|action| value.get_lock().guarded(action));
}

fn b079_one_process_at_a_time() {
    adds_up_with_every_lock(1);
}

fn b080_one_thread_of_all_processes_at_a_time() {
    adds_up_with_every_lock(2);
}

fn b082_locked_tells_whether_anybody_holds_the_lock() {
    fn check<L: AnyLock>(locked: impl Fn(&L) -> bool) {
        let lock = L::make();
        assert!(!locked(&lock));
        lock.guarded(|| {
            assert!(locked(&lock));
            assert_eq!(in_child(|| i32::from(locked(&lock))), 1);
        });
        assert!(!locked(&lock));
        in_child(|| lock.acquire());
        assert!(!locked(&lock), "its owner is dead");
    }
    check(Lock::locked);
    check(RLock::locked);
}

fn the_copy_of_a_guard_in_a_child_releases_nothing() {
    let lock = Lock::make();
    let guard = lock.guard().expect("it is free");
    let semaphore = Semaphore::new(1).expect("there is memory");
    let unit = semaphore.guard().expect("there is a unit");
    let copies = std::cell::Cell::new(Some((guard, unit)));
    assert_eq!(in_child(|| drop(copies.take())), 0);
    assert!(!is_free(&lock));
    assert_eq!(semaphore.value(), 0);
    drop(copies.take());
    assert!(is_free(&lock));
    assert_eq!(semaphore.value(), 1);
}

/// The list of the locks that a thread holds goes from lock to lock: none of
/// them may be unmapped.
fn a_lock_dropped_while_held_stays_held() {
    fn check<L: AnyLock>() {
        let other = L::make();
        let lock = L::make();
        let in_child = lock.clone();
        let dropped = RawValue::new(0).expect("there is memory");
        let tell = dropped.clone();
        let waiter = Process::new(move || {
            eventually(SOON, || dropped.get() == 1);
            assert!(!in_child.try_acquire().expect("its owner lives"));
        });
        waiter.start().expect("it can be started");
        lock.acquire().expect("it is free");
        drop(lock);
        tell.set(1);
        assert_eq!(joined(&waiter), 0);
        other.acquire().expect("it is free");
        other.release().expect("it is ours");
    }
    check::<Lock>();
    check::<RLock>();
}

fn a_lock_dropped_while_another_thread_holds_it_stays_held() {
    static DROPPED: AtomicBool = AtomicBool::new(false);
    let lock = Lock::make();
    let in_thread = lock.clone();
    let other = Lock::make();
    let thread = thread::spawn(move || {
        in_thread.acquire().expect("it is free");
        drop(in_thread);
        tell("held", 1);
        eventually(SOON, || DROPPED.load(Ordering::Relaxed));
        other.acquire().expect("it is free");
        other.release().expect("it is ours");
    });
    eventually(SOON, || is_told("held"));
    drop(lock);
    DROPPED.store(true, Ordering::Relaxed);
    thread.join().expect("it does not panic");
}

//! Locks and semaphores whose users are killed at each step of what they do.

use std::cell::Cell;

use multiprocessing::{Error, Lock, RLock, Result, Semaphore};

use crate::harness::{Test, list};
use crate::killed_at_steps::{Death, Operation};
use crate::locks::{AnyLock, is_free};

pub(crate) const TESTS: &[Test] = list![
    killed_at_any_step_of_acquire_a_lock_is_free_again,
    killed_at_any_step_of_acquire_an_rlock_is_free_again,
    killed_at_any_step_of_a_second_acquire_an_rlock_is_free_again,
    killed_at_any_step_of_release_who_waits_for_a_lock_gets_it,
    killed_at_any_step_of_release_who_waits_for_an_rlock_gets_it,
    killed_at_any_step_of_an_acquire_that_waits_others_get_the_lock,
    killed_at_any_step_of_an_acquire_behind_others_all_get_the_lock,
    killed_at_any_step_of_an_acquire_overtaken_others_get_the_lock,
    killed_at_any_step_of_an_acquire_from_the_dead_a_lock_is_free_again,
    killed_at_any_step_of_acquire_one_unit_is_lost_at_most,
    killed_at_any_step_of_release_who_waits_for_a_unit_gets_it,
    killed_at_any_step_of_an_acquire_that_waits_others_get_a_unit,
];

/// Acquires and releases the lock, in the second attempt if the first was told
/// of a death; whose that was.
fn use_lock(lock: &impl AnyLock) -> Result<Option<i32>> {
    let told = match lock.acquire() {
        Ok(()) => None,
        Err(Error::OwnerDied { pid }) => {
            lock.acquire()?;
            Some(pid)
        }
        Err(other) => return Err(other),
    };
    lock.release()?;
    Ok(told)
}

/// Nobody has the lock; the next owner is told of a death if there was one,
/// once, and of no other.
#[track_caller]
fn comes_free(lock: &impl AnyLock, death: Death) {
    let told = use_lock(lock).expect("nobody else dies");
    assert!(
        told.is_none_or(|pid| pid == 0 || pid == death.pid),
        "{told:?}"
    );
    assert!(is_free(lock));
}

fn killed_in_acquire<L: AnyLock>() {
    let lock = L::make();
    let acquire = Operation::new(|| lock.clone(), L::acquire);
    acquire.killed(|lock, _, death| {
        if death.returned {
            match lock.acquire() {
                Err(Error::OwnerDied { pid }) => assert_eq!(pid, death.pid),
                other => panic!("{other:?}"),
            }
        }
        comes_free(lock, death);
    });
}

fn killed_at_any_step_of_acquire_a_lock_is_free_again() {
    killed_in_acquire::<Lock>();
}

fn killed_at_any_step_of_acquire_an_rlock_is_free_again() {
    killed_in_acquire::<RLock>();
}

fn killed_at_any_step_of_a_second_acquire_an_rlock_is_free_again() {
    let lock = RLock::make();
    let second = Operation::new(
        || lock.clone(),
        |lock| {
            lock.acquire()?;
            lock.release()
        },
    );
    second.after(RLock::acquire).killed(|lock, _, death| {
        match lock.acquire() {
            // While it releases, it is not noted who does.
            Err(Error::OwnerDied { pid }) => {
                assert!([0, death.pid].contains(&pid));
            }
            other => panic!("{other:?}"),
        }
        comes_free(lock, death);
    });
}

/// They go on though nobody comes who could wake them.
fn killed_in_release<L: AnyLock>() {
    let lock = L::make();
    let release = Operation::new(|| lock.clone(), L::release);
    let release = release
        .after(L::acquire)
        .with_waiters(3, |lock| use_lock(lock).map(drop));
    release.killed(|lock, waiters, death| {
        waiters.all_end();
        assert!(is_free(lock));
        comes_free(lock, death);
    });
}

fn killed_at_any_step_of_release_who_waits_for_a_lock_gets_it() {
    killed_in_release::<Lock>();
}

fn killed_at_any_step_of_release_who_waits_for_an_rlock_gets_it() {
    killed_in_release::<RLock>();
}

/// This process has the lock first.
fn held() -> Lock {
    let lock = Lock::make();
    lock.acquire().expect("it is free");
    lock
}

fn acquire_from_here<'s>() -> Operation<'s, Lock> {
    let acquire = Operation::new(held, Lock::acquire);
    // When it comes to wait a second time, it is not ours any more.
    acquire.meanwhile(|lock| drop(lock.release()))
}

fn all_get_it(waiting: &Operation<'_, Lock>) {
    waiting.killed(|lock, waiters, death| {
        waiters.all_end();
        comes_free(lock, death);
    });
}

fn killed_at_any_step_of_an_acquire_that_waits_others_get_the_lock() {
    let wait = |lock: &Lock| use_lock(lock).map(drop);
    all_get_it(&acquire_from_here().with_late_waiters(2, wait));
}

fn killed_at_any_step_of_an_acquire_behind_others_all_get_the_lock() {
    let wait = |lock: &Lock| use_lock(lock).map(drop);
    all_get_it(&acquire_from_here().with_waiters(2, wait));
}

/// It is woken, and finds that another one was faster. If it dies before it
/// sleeps again, only the other one can know that more wait.
fn killed_at_any_step_of_an_acquire_overtaken_others_get_the_lock() {
    let acquire = Operation::new(
        || (held(), Cell::new(false)),
        |(lock, _)| lock.acquire(),
    );
    let acquire = acquire
        .with_late_waiters(2, |(lock, _)| use_lock(lock).map(drop))
        .meanwhile(|(lock, overtaken)| {
            if lock.release().is_ok() && !overtaken.replace(true) {
                // A dead victim may have been faster.
                let _ = lock.acquire().or_else(|_| lock.acquire());
            }
        });
    acquire.killed(|(lock, _), waiters, death| {
        let _ = lock.release();
        waiters.all_end();
        comes_free(lock, death);
    });
}

fn killed_at_any_step_of_an_acquire_from_the_dead_a_lock_is_free_again() {
    let acquire = Operation::new(Lock::make, Lock::acquire);
    let places = acquire.record();
    let at_the_end = *places.last().expect("there are some");
    let inherited = || acquire.killed_at(at_the_end);
    let told = |lock: &Lock| match lock.acquire() {
        Err(Error::OwnerDied { .. }) => Ok(()),
        other => panic!("{other:?}"),
    };
    // Who is told has the lock no more; then its own death is told to nobody.
    Operation::new(inherited, told).killed(|lock, _, _| {
        use_lock(lock).expect("nobody else dies");
        assert!(is_free(lock));
    });
}

fn semaphore(units: u32) -> Semaphore {
    Semaphore::new(units).expect("there is memory")
}

fn killed_at_any_step_of_acquire_one_unit_is_lost_at_most() {
    let acquire = Operation::new(|| semaphore(2), Semaphore::acquire);
    acquire.killed(|semaphore, _, death| {
        let left = semaphore.value();
        assert!(left == 1 || left == 2 && !death.returned);
        for _ in 0..left {
            assert_eq!(semaphore.try_acquire().ok(), Some(true));
        }
        assert_eq!(semaphore.try_acquire().ok(), Some(false));
        semaphore.release().expect("there is room");
        assert_eq!(semaphore.value(), 1);
    });
}

fn killed_at_any_step_of_release_who_waits_for_a_unit_gets_it() {
    let release = Operation::new(|| semaphore(0), Semaphore::release)
        .with_waiters(2, Semaphore::acquire);
    release.killed(|semaphore, waiters, death| {
        let got = waiters.at_rest();
        assert_eq!(semaphore.value(), 0, "somebody sleeps beside a unit");
        assert!(got == 1 || got == 0 && !death.returned);
        for _ in got..2 {
            semaphore.release().expect("there is room");
        }
        waiters.all_end();
        assert_eq!(semaphore.value(), 0);
    });
}

fn killed_at_any_step_of_an_acquire_that_waits_others_get_a_unit() {
    let acquire = Operation::new(|| semaphore(0), Semaphore::acquire)
        .meanwhile(|semaphore| semaphore.release().expect("there is room"))
        .with_late_waiters(1, Semaphore::acquire);
    acquire.killed(|semaphore, waiters, _| {
        let got = waiters.at_rest() == 1;
        assert!(got || semaphore.value() == 0, "one sleeps beside a unit");
        semaphore.release().expect("there is room");
        waiters.all_end();
    });
}

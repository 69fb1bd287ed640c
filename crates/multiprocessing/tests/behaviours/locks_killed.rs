//! Owners and waiters of locks that end, in every way that there is.

use std::time::Duration;
use std::{mem, process, thread};

use multiprocessing::{
    Array, Error, Lock, Process, RLock, RawValue, Value, current_process,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::locks::{AnyLock, is_free};
use crate::support::{
    SOON, eventually, in_child, joined, killed, kills, seed, sleep_for_ever,
    spin, started, tell, told,
};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    the_next_owner_is_told_of_a_killed_owner,
    a_killed_owner_held_the_lock_once_or_often,
    one_of_three_waiters_is_told,
    an_owner_that_ends_is_told_as_dead,
    a_thread_that_ends_is_told_as_dead,
    an_owner_that_panics_releases_its_guard,
    an_owner_killed_at_any_moment_is_told_by_its_pid,
    a_killed_waiter_harms_nobody,
    waiters_killed_at_any_moment_harm_nobody,
    b123_the_next_access_of_a_value_is_told,
];

fn pid_of(child: &Process<'_>) -> i32 {
    child.pid().ok().flatten().expect("it was started")
}

/// A child that acquires the lock `times`, and sleeps.
fn owner<L: AnyLock>(lock: &L, times: u32) -> Process<'_> {
    let held = RawValue::new(0).expect("there is memory");
    let tell = held.clone();
    let child = started(move || {
        for _ in 0..times {
            lock.acquire().expect("it is free");
        }
        tell.set(1);
        sleep_for_ever();
    });
    eventually(SOON, || held.get() == 1);
    child
}

#[track_caller]
fn tells_of<T: std::fmt::Debug>(told: multiprocessing::Result<T>, dead: i32) {
    match told {
        Err(Error::OwnerDied { pid }) => assert_eq!(pid, dead),
        other => panic!("nobody is told: {other:?}"),
    }
}

fn the_next_owner_is_told_of_a_killed_owner() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        for way in 0..3 {
            let owner = owner(&lock, 1);
            killed(&owner);
            let told = match way {
                0 => lock.acquire().map(|()| true),
                1 => lock.try_acquire(),
                _ => lock.acquire_timeout(SOON),
            };
            tells_of(told, pid_of(&owner));
            assert!(is_free(&lock), "nobody holds it, nobody is told again");
        }
    }
    check::<Lock>();
    check::<RLock>();
}

fn a_killed_owner_held_the_lock_once_or_often() {
    let lock = RLock::make();
    let owner = owner(&lock, 3);
    killed(&owner);
    tells_of(lock.acquire(), pid_of(&owner));
    lock.acquire().expect("it is free");
    assert!(!is_free(&lock));
    lock.release().expect("it is ours, once");
    assert!(is_free(&lock));
}

fn one_of_three_waiters_is_told() {
    const TOLD: i32 = 42;
    fn check<L: AnyLock>() {
        let lock = L::make();
        let owner = owner(&lock, 1);
        let dead = pid_of(&owner);
        let waiters = [(); 3].map(|()| {
            started(|| match lock.acquire() {
                Ok(()) => i32::from(lock.release().is_err()),
                told => {
                    tells_of(told, dead);
                    TOLD
                }
            })
        });
        for waiter in &waiters {
            once_in(libc::SYS_futex, waiter);
        }
        killed(&owner);
        let mut codes = waiters.each_ref().map(joined);
        codes.sort_unstable();
        assert_eq!(codes, [0, 0, TOLD]);
        assert!(is_free(&lock));
    }
    check::<Lock>();
    check::<RLock>();
}

fn an_owner_that_ends_is_told_as_dead() {
    fn check<L: AnyLock>(end: fn()) {
        let lock = L::make();
        let owner = started(|| {
            lock.acquire().expect("it is free");
            end();
        });
        joined(&owner);
        tells_of(lock.acquire(), pid_of(&owner));
        assert!(is_free(&lock));
    }
    for end in [|| (), || process::exit(3), || process::abort()] {
        check::<Lock>(end);
        check::<RLock>(end);
    }
}

fn a_thread_that_ends_is_told_as_dead() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        let in_thread = lock.clone();
        let thread = thread::spawn(move || in_thread.acquire());
        thread.join().expect("no panic").expect("it is free");
        tells_of(lock.acquire(), current_process().pid());
        assert!(is_free(&lock));
    }
    check::<Lock>();
    check::<RLock>();
}

fn an_owner_that_panics_releases_its_guard() {
    let lock = Lock::make();
    let owner = started(|| {
        let _guard = lock.guard().expect("it is free");
        tell("held", 1);
        thread::sleep(Duration::from_millis(20));
        panic!("on purpose");
    });
    told::<i32>("held");
    assert!(lock.acquire_timeout(SOON).expect("nobody is told"));
    lock.release().expect("it is ours");
    assert_eq!(joined(&owner), 1);

    let forgetful = in_child(|| {
        mem::forget(lock.guard().expect("it is free"));
        panic!("on purpose");
    });
    assert_eq!(forgetful, 1);
    assert!(matches!(lock.acquire(), Err(Error::OwnerDied { .. })));
    assert!(is_free(&lock));
}

/// Killed in the middle of an acquire or a release, it may be told as 0, but
/// never by the pid of an innocent.
fn an_owner_killed_at_any_moment_is_told_by_its_pid() {
    fn check<L: AnyLock>(random: &mut StdRng) {
        let lock = L::make();
        let turns = RawValue::new(0_u64).expect("there is memory");
        let told = RawValue::new(0).expect("there is memory");
        let rival = started(|| {
            loop {
                match lock.acquire() {
                    Ok(()) => lock.release().expect("it is ours"),
                    Err(Error::OwnerDied { pid }) => told.set(pid),
                    Err(other) => panic!("{other}"),
                }
                turns.set(turns.get() + 1);
            }
        });
        let some_turns = || {
            let before = turns.get();
            eventually(SOON, || turns.get() > before + 2);
        };
        for _ in 0..kills(200) {
            told.set(0);
            let owner = started(|| {
                loop {
                    lock.guarded(|| ());
                }
            });
            some_turns();
            spin(random, 20_000);
            killed(&owner);
            some_turns();
            assert!([0, pid_of(&owner)].contains(&told.get()));
        }
        killed(&rival);
    }
    let mut random = StdRng::seed_from_u64(seed());
    check::<Lock>(&mut random);
    check::<RLock>(&mut random);
}

fn a_killed_waiter_harms_nobody() {
    fn check<L: AnyLock>() {
        let lock = L::make();
        lock.acquire().expect("it is free");
        let waiters = [(); 2].map(|()| {
            started(|| {
                lock.acquire()?;
                lock.release()
            })
        });
        for waiter in &waiters {
            once_in(libc::SYS_futex, waiter);
        }
        killed(&waiters[0]);
        lock.release().expect("it is ours");
        assert_eq!(joined(&waiters[1]), 0);
        assert!(is_free(&lock));
    }
    check::<Lock>();
    check::<RLock>();
}

fn waiters_killed_at_any_moment_harm_nobody() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..kills(100) {
        let lock = Lock::make();
        lock.acquire().expect("it is free");
        let waiters = [(); 3].map(|()| {
            started(|| {
                // A dead owner is as good as one that has released.
                match lock.acquire() {
                    Err(Error::OwnerDied { .. }) => Ok(()),
                    other => other.and_then(|()| lock.release()),
                }
            })
        });
        spin(&mut random, 30_000);
        lock.release().expect("it is ours");
        spin(&mut random, 3_000);
        let victim = &waiters[random.random_range(0..3)];
        victim.kill().expect("it can be killed");
        for waiter in &waiters {
            assert!([0, -9].contains(&joined(waiter)));
        }
        let _told = lock.acquire();
    }
}

fn b123_the_next_access_of_a_value_is_told() {
    let value = Value::new(1).expect("there is memory");
    let array = Array::with_lock([1, 2], value.get_lock()).expect("as above");
    for way in 0..4 {
        let owner = owner(value.get_lock(), 1);
        killed(&owner);
        let told = match way {
            0 => value.get().map(drop),
            1 => value.set(2),
            2 => array.get(0).map(drop),
            _ => array.set_slice(0, &[3, 4]),
        };
        tells_of(told, pid_of(&owner));
        assert_eq!(value.get().expect("it is free"), 1);
        assert_eq!(array.slice(..).expect("it is free"), [1, 2]);
    }
}

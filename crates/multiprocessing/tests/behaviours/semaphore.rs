//! Semaphores: their units, their bounds, and killed processes that use them.

use std::thread;
use std::time::Duration;

use multiprocessing::{BoundedSemaphore, Error, RawValue, Semaphore};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::support::{
    SOON, at_least, eventually, in_child, joined, killed, seed, sleep_for_ever,
    spin, started,
};

pub(crate) const TESTS: &[Test] = list![
    b073_a_semaphore_counts_its_units,
    b074_a_semaphore_may_grow,
    b074_a_semaphore_grows_to_a_limit,
    b075_a_bounded_semaphore_does_not_grow,
    b075_the_guard_of_a_bounded_semaphore_does_not_let_it_grow,
    b076_without_time_there_is_no_wait_for_a_unit,
    b077_a_limit_is_waited_for_a_unit,
    b078_who_waits_gets_the_unit_that_is_released,
    many_units_serve_many_waiters,
    waiters_killed_at_any_moment_harm_nobody_else,
    a_unit_released_by_a_killed_process_serves_a_waiter,
];

const LIMIT: Duration = Duration::from_millis(60);

fn semaphore(value: u32) -> Semaphore {
    Semaphore::new(value).expect("there is memory for a semaphore")
}

fn bounded(value: u32) -> BoundedSemaphore {
    BoundedSemaphore::new(value).expect("there is memory for a semaphore")
}

fn b073_a_semaphore_counts_its_units() {
    let semaphore = semaphore(2);
    assert_eq!(semaphore.value(), 2);
    semaphore.acquire().expect("there are two");
    assert_eq!(semaphore.value(), 1);
    // Units belong to nobody: a child takes and gives the parent's.
    let exitcode = in_child(|| {
        assert!(semaphore.try_acquire().expect("there is one"));
        assert!(!semaphore.try_acquire().expect("there is none"));
    });
    assert_eq!((exitcode, semaphore.value()), (0, 0));
    semaphore.release().expect("there is room");
    assert_eq!(semaphore.value(), 1);
    assert_eq!(in_child(|| semaphore.release()), 0);
    assert_eq!(semaphore.value(), 2);
}

fn b074_a_semaphore_may_grow() {
    let semaphore = semaphore(2);
    for value in [3, 4] {
        semaphore.release().expect("there is no bound");
        assert_eq!(semaphore.value(), value);
    }
    for value in [3, 2, 1, 0] {
        assert!(semaphore.acquire_timeout(LIMIT).expect("there is one"));
        assert_eq!(semaphore.value(), value);
    }
}

fn b074_a_semaphore_grows_to_a_limit() {
    let max = i32::MAX.unsigned_abs();
    let semaphore = semaphore(max);
    match semaphore.release() {
        Err(Error::ReleasedTooOften { bound }) => assert_eq!(bound, max),
        other => panic!("{other:?}"),
    }
    assert_eq!(semaphore.value(), max);
    let too_great = Semaphore::new(max + 1);
    assert!(matches!(too_great, Err(Error::Invalid { .. })));
}

fn b075_a_bounded_semaphore_does_not_grow() {
    let semaphore = bounded(2);
    let too_often = || {
        let release = semaphore.release();
        matches!(release, Err(Error::ReleasedTooOften { bound: 2 }))
    };
    assert!(too_often());
    for value in [1, 0] {
        assert!(semaphore.try_acquire().expect("there is one"));
        assert_eq!(semaphore.value(), value);
    }
    assert!(!semaphore.try_acquire().expect("there is none"));
    for value in [1, 2] {
        semaphore.release().expect("it was acquired as often");
        assert_eq!(semaphore.value(), value);
    }
    assert!(too_often());
    assert_eq!(in_child(|| i32::from(too_often())), 1);
    assert_eq!(semaphore.value(), 2);
}

fn b075_the_guard_of_a_bounded_semaphore_does_not_let_it_grow() {
    let semaphore = bounded(1);
    let guard = semaphore.guard().expect("there is a unit");
    assert_eq!(semaphore.value(), 0);
    semaphore.release().expect("it was acquired once");
    drop(guard);
    assert_eq!(semaphore.value(), 1);
}

fn b076_without_time_there_is_no_wait_for_a_unit() {
    let (semaphore, bounded) = (semaphore(0), bounded(0));
    assert!(!semaphore.try_acquire().expect("nothing can go wrong"));
    assert!(!bounded.try_acquire().expect("nothing can go wrong"));
    let zero = Duration::ZERO;
    assert!(!semaphore.acquire_timeout(zero).expect("as above"));
    assert!(!bounded.acquire_timeout(zero).expect("as above"));
}

fn b077_a_limit_is_waited_for_a_unit() {
    let (semaphore, bounded) = (semaphore(0), bounded(0));
    let got = at_least(LIMIT, || semaphore.acquire_timeout(LIMIT));
    assert!(!got.expect("nothing can go wrong"));
    let got = at_least(LIMIT, || bounded.acquire_timeout(LIMIT));
    assert!(!got.expect("nothing can go wrong"));
}

fn b078_who_waits_gets_the_unit_that_is_released() {
    for limit in [None, Some(SOON), Some(Duration::MAX)] {
        let semaphore = semaphore(0);
        let released = RawValue::new(0).expect("there is memory");
        let waiter = started(|| {
            match limit {
                None => semaphore.acquire().expect("nothing can go wrong"),
                Some(limit) => {
                    assert!(
                        semaphore.acquire_timeout(limit).expect("as above")
                    );
                }
            }
            assert_eq!(released.get(), 1);
        });
        thread::sleep(LIMIT);
        released.set(1);
        semaphore.release().expect("there is room");
        assert_eq!(joined(&waiter), 0);
        assert_eq!(semaphore.value(), 0);
    }
}

fn many_units_serve_many_waiters() {
    const WAITERS: usize = 8;
    const TIMES: u32 = 300;
    let semaphore = semaphore(0);
    let waiters = [(); WAITERS].map(|()| {
        started(|| {
            for _ in 0..TIMES {
                semaphore.acquire().expect("nothing can go wrong");
            }
        })
    });
    for turn in 0..u32::try_from(WAITERS).expect("few") * TIMES {
        if turn % 7 == 0 {
            thread::yield_now();
        }
        semaphore.release().expect("there is room");
    }
    assert!(waiters.iter().all(|waiter| joined(waiter) == 0));
    assert_eq!(semaphore.value(), 0);
}

fn waiters_killed_at_any_moment_harm_nobody_else() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..150 {
        let semaphore = semaphore(0);
        let waiters = [(); 4].map(|()| started(|| semaphore.acquire()));
        let victim = &waiters[random.random_range(0..4)];
        spin(&mut random, 50_000);
        semaphore.release().expect("there is room");
        // It may sleep, have just been woken, or have the unit.
        spin(&mut random, 3_000);
        victim.kill().expect("it can be killed");
        for _ in 1..4 {
            semaphore.release().expect("there is room");
        }
        let codes = waiters.each_ref().map(joined);
        let served = codes.iter().filter(|&&code| code == 0).count();
        assert!(served >= 3, "{codes:?}");
        // The victim took one without telling, or left one.
        assert!(semaphore.value() <= 1);
    }
}

/// A unit is lost if its holder is killed, not if it is killed a moment after
/// it has given the unit back.
fn a_unit_released_by_a_killed_process_serves_a_waiter() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..400 {
        let semaphore = semaphore(0);
        let go = RawValue::new(0).expect("there is memory");
        let waiter = started(|| semaphore.acquire());
        let delay = random.random_range(0..200);
        let victim = started(|| {
            go.set(1);
            while go.get() == 1 {}
            (0..delay).for_each(|_| std::hint::spin_loop());
            semaphore.release().expect("there is room");
            sleep_for_ever()
        });
        eventually(SOON, || go.get() == 1);
        spin(&mut random, 50_000);
        go.set(2);
        killed(&victim);
        if semaphore.value() == 0 {
            // It was killed before, or the waiter has the unit.
            semaphore.release().expect("there is room");
        }
        assert!(waiter.join_timeout(SOON).expect("it was started"));
        assert_eq!(joined(&waiter), 0);
    }
}

//! Processes that are killed at a condition.

use multiprocessing::{Error, Process, RawValue};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::condition::{Sleepers, condition, under};
use crate::harness::{Test, list};
use crate::support::{
    SOON, eventually, joined, killed, seed, sleep_for_ever, spin, started,
    victim,
};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b094_notify_returns_after_a_waiter_was_killed,
    a_killed_waiter_takes_no_notification,
    a_notified_waiter_killed_before_it_wakes_leaves_it_to_another,
    a_waiter_is_told_of_an_owner_that_died,
    waiters_killed_at_any_moment_take_no_later_notification,
    waiters_killed_at_any_moment_take_one_notification_at_most,
    a_process_killed_while_it_notifies_is_told_or_has_notified,
];

fn sleeper(sleepers: &Sleepers) -> Process<'_> {
    started(|| sleepers.sleep(None).map(drop))
}

fn b094_notify_returns_after_a_waiter_was_killed() {
    let sleepers = Sleepers::new();
    for all in [false, true] {
        let waiter = sleeper(&sleepers);
        sleepers.once_asleep(1);
        once_in(libc::SYS_futex, &waiter);
        killed(&waiter);
        let condition = &sleepers.condition;
        under(condition, || match all {
            false => condition.notify(),
            true => condition.notify_all(),
        });
    }
    // Nothing is left of it.
    let waiter = sleeper(&sleepers);
    sleepers.once_asleep(1);
    sleepers.once_woken(0);
    sleepers.notify(1);
    sleepers.once_woken(1);
    assert_eq!(joined(&waiter), 0);
}

fn a_killed_waiter_takes_no_notification() {
    let sleepers = Sleepers::new();
    let waiters = [(); 3].map(|()| sleeper(&sleepers));
    sleepers.once_asleep(3);
    once_in(libc::SYS_futex, &waiters[0]);
    killed(&waiters[0]);
    for _ in 0..2 {
        sleepers.notify(1);
        sleepers.once_woken(1);
    }
    sleepers.notify(1);
    assert_eq!(waiters.each_ref().map(joined), [-9, 0, 0]);
}

fn a_notified_waiter_killed_before_it_wakes_leaves_it_to_another() {
    let sleepers = Sleepers::new();
    let waiters = [(); 2].map(|()| sleeper(&sleepers));
    sleepers.once_asleep(2);
    for waiter in &waiters {
        once_in(libc::SYS_futex, waiter);
    }
    let guard = sleepers.condition.guard().expect("it is free");
    sleepers.condition.notify().expect("the lock is ours");
    // Both are awake by now, or soon, and wait for the lock.
    killed(&waiters[0]);
    drop(guard);
    sleepers.once_woken(1);
    assert_eq!(joined(&waiters[1]), 0);
}

fn a_waiter_is_told_of_an_owner_that_died() {
    let condition = condition();
    let told = RawValue::new(0).expect("there is memory");
    let waiter = started(|| {
        // Twice, to see that it is restored.
        let _outer = condition.guard()?;
        let _inner = condition.guard()?;
        match condition.wait() {
            Err(Error::OwnerDied { pid }) => told.set(pid),
            other => panic!("{other:?}"),
        }
        // The lock is held again.
        condition.notify()?;
        condition.release()?;
        condition.notify()?;
        condition.acquire()
    });
    once_in(libc::SYS_futex, &waiter);
    let owner = started(|| {
        let _guard = condition.guard()?;
        condition.notify_all()?;
        told.set(-1);
        sleep_for_ever();
        #[expect(unreachable_code, reason = "it gives the closure its type")]
        Ok::<_, Error>(())
    });
    eventually(SOON, || told.get() == -1);
    killed(&owner);
    assert_eq!(joined(&waiter), 0);
    assert_eq!(Some(told.get()), owner.pid().ok().flatten());
    assert!(condition.try_acquire().expect("nobody is told again"));
}

fn waiters_killed_at_any_moment_take_no_later_notification() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..100 {
        let sleepers = Sleepers::new();
        let waiters = [(); 2].map(|()| sleeper(&sleepers));
        sleepers.once_asleep(2);
        let sleep = || sleepers.sleep(None).map(drop);
        killed(&victim(&mut random, sleep));
        for _ in 0..2 {
            notify_after_deaths(&sleepers);
        }
        let ended = |it: &Process<'_>| it.is_alive().ok() == Some(false);
        eventually(SOON, || waiters.iter().all(ended));
        assert_eq!(waiters.each_ref().map(joined), [0, 0]);
    }
}

/// A waiter that is killed as it wakes takes the one notification along, if it
/// has got the lock already; then its death is told.
fn waiters_killed_at_any_moment_take_one_notification_at_most() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..150 {
        let sleepers = Sleepers::new();
        let waiters = [(); 4].map(|()| sleeper(&sleepers));
        sleepers.once_asleep(4);
        notify_after_deaths(&sleepers);
        spin(&mut random, 10_000);
        let victim = random.random_range(0..4);
        waiters[victim].kill().expect("it can be killed");
        spin(&mut random, 5_000);
        for _ in 0..2 {
            notify_after_deaths(&sleepers);
        }
        let ended = |it: &&Process<'_>| it.is_alive().ok() == Some(false);
        let ended = || waiters.iter().filter(ended).count();
        eventually(SOON, || ended() >= 3);
        notify_after_deaths(&sleepers);
        for (which, waiter) in waiters.iter().enumerate() {
            // One may have been told that the victim died with the lock.
            let code = joined(waiter);
            assert!([0, 1].contains(&code) || which == victim, "{code}");
        }
    }
}

/// Notifies one, also if the last owner of the lock died with it.
pub(crate) fn notify_after_deaths(sleepers: &Sleepers) {
    let condition = &sleepers.condition;
    let guard = condition.guard().or_else(|error| match error {
        Error::OwnerDied { .. } => condition.guard(),
        other => Err(other),
    });
    let _guard = guard.expect("only one has died");
    condition.notify().expect("the lock is ours");
}

/// A notification by a process that is killed comes, or somebody is told that
/// it died with the lock; or it has not begun.
fn a_process_killed_while_it_notifies_is_told_or_has_notified() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..200 {
        let sleepers = Sleepers::new();
        let waiter = sleeper(&sleepers);
        sleepers.once_asleep(1);
        let notifier = victim(&mut random, || {
            let _guard = sleepers.condition.guard()?;
            sleepers.condition.notify()
        });
        notifier.kill().expect("it can be killed");
        joined(&notifier);
        notify_after_deaths(&sleepers);
        assert!(waiter.join_timeout(SOON).expect("it is ours"));
        assert!([0, 1].contains(&joined(&waiter)));
    }
}

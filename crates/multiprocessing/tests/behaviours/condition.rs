//! Conditions: who waits, and whom a notification wakes.

use std::thread;
use std::time::Duration;

use crate::harness::{Test, list};
use crate::locks::is_free;
use crate::support::{SOON, at_least, in_child, joined, on_signal, started};
use crate::waiting::{once_in, sent_on, stopped};
use multiprocessing::{
    Condition, Error, Lock, Process, RLock, RawValue, Result, Semaphore,
};

pub(crate) const TESTS: &[Test] = list![
    b083_each_notify_wakes_exactly_one,
    b084_b085_all_time_out_and_then_all_are_notified,
    b086_notify_n_wakes_so_many,
    b087_b088_a_limit_is_waited_for_a_notification,
    b088_a_notified_waiter_is_told_so,
    b089_a_signal_does_not_end_the_wait_for_a_notification,
    b090_wait_for_waits_for_what_comes_by_steps,
    b091_wait_for_has_a_limit_however_often_it_is_notified,
    b092_without_the_lock_there_is_no_wait_and_no_notify,
    b093_a_lock_held_often_is_free_during_the_wait,
    a_condition_may_have_a_plain_lock,
    two_conditions_may_have_one_lock,
    the_guard_of_a_condition_holds_its_lock,
    a_notification_is_for_those_who_waited_already,
];

const LIMIT: Duration = Duration::from_millis(60);

pub(crate) fn condition() -> Condition {
    Condition::new().expect("there is memory for a condition")
}

/// Runs `action` under the lock.
pub(crate) fn under<T>(
    condition: &Condition,
    action: impl FnOnce() -> Result<T>,
) -> T {
    let _guard = condition.guard().expect("its owners do not die");
    action().expect("the lock is held")
}

/// Counts in shared memory how many wait and how many have been woken.
pub(crate) struct Sleepers {
    pub(crate) condition: Condition,
    asleep: Semaphore,
    woken: Semaphore,
}

impl Sleepers {
    pub(crate) fn new() -> Self {
        let semaphore = || Semaphore::new(0).expect("there is memory");
        Self {
            condition: condition(),
            asleep: semaphore(),
            woken: semaphore(),
        }
    }

    /// Waits for one notification; tells whether it came.
    pub(crate) fn sleep(&self, limit: Option<Duration>) -> Result<bool> {
        let _guard = self.condition.guard()?;
        self.asleep.release()?;
        let notified = match limit {
            None => self.condition.wait().map(|()| true)?,
            Some(limit) => self.condition.wait_timeout(limit)?,
        };
        self.woken.release()?;
        Ok(notified)
    }

    /// Waits until `n` more wait. They have the lock until they do.
    #[track_caller]
    pub(crate) fn once_asleep(&self, n: u32) {
        for _ in 0..n {
            let one = self.asleep.acquire_timeout(SOON);
            assert!(one.expect("nothing can go wrong"));
        }
        under(&self.condition, || Ok(()));
    }

    /// Waits until `n` more have been woken, and makes sure that no more are.
    #[track_caller]
    pub(crate) fn once_woken(&self, n: u32) {
        for _ in 0..n {
            let one = self.woken.acquire_timeout(SOON);
            assert!(one.expect("nothing can go wrong"), "one sleeps on");
        }
        thread::sleep(Duration::from_millis(15));
        under(&self.condition, || Ok(()));
        assert_eq!(self.woken.value(), 0, "more than {n} were woken");
    }

    /// `processes` that sleep, with two threads each.
    fn pairs(
        &self,
        processes: usize,
        limit: Option<Duration>,
    ) -> Vec<Process<'_>> {
        let work = move || {
            let expected = limit.is_none();
            let sleep = || {
                let notified = self.sleep(limit).expect("nobody dies");
                assert_eq!(notified, expected);
            };
            thread::scope(|scope| {
                scope.spawn(sleep);
                sleep();
            });
        };
        (0..processes).map(|_| started(work)).collect()
    }

    pub(crate) fn notify(&self, n: u32) {
        under(&self.condition, || self.condition.notify_n(n));
    }
}

fn all_end_well(children: &[Process<'_>]) {
    assert!(children.iter().all(|child| joined(child) == 0));
}

fn b083_each_notify_wakes_exactly_one() {
    let sleepers = Sleepers::new();
    let children = sleepers.pairs(1, None);
    sleepers.once_asleep(2);
    sleepers.once_woken(0);
    for _ in 0..2 {
        under(&sleepers.condition, || sleepers.condition.notify());
        sleepers.once_woken(1);
    }
    all_end_well(&children);
}

fn b084_b085_all_time_out_and_then_all_are_notified() {
    let sleepers = Sleepers::new();
    let children = sleepers.pairs(3, Some(LIMIT));
    sleepers.once_asleep(6);
    sleepers.once_woken(6);
    all_end_well(&children);
    let children = sleepers.pairs(3, None);
    sleepers.once_asleep(6);
    sleepers.once_woken(0);
    under(&sleepers.condition, || sleepers.condition.notify_all());
    sleepers.once_woken(6);
    all_end_well(&children);
}

fn b086_notify_n_wakes_so_many() {
    let sleepers = Sleepers::new();
    sleepers.notify(3);
    let children = sleepers.pairs(3, None);
    sleepers.once_asleep(6);
    sleepers.notify(0);
    sleepers.once_woken(0);
    sleepers.notify(2);
    sleepers.once_woken(2);
    sleepers.notify(4);
    sleepers.once_woken(4);
    all_end_well(&children);
    // With nobody there it does nothing, also later.
    sleepers.notify(3);
    let children = sleepers.pairs(1, Some(LIMIT));
    sleepers.once_asleep(2);
    sleepers.once_woken(2);
    all_end_well(&children);
}

fn b087_b088_a_limit_is_waited_for_a_notification() {
    let condition = condition();
    let _guard = condition.guard().expect("it is free");
    let notified = condition.wait_timeout(Duration::ZERO);
    assert!(!notified.expect("the lock is ours"));
    let notified = at_least(LIMIT, || condition.wait_timeout(LIMIT));
    assert!(!notified.expect("the lock is ours"));
    let is_there = || condition.wait_for_timeout(|| true, Duration::ZERO);
    assert!(is_there().expect("the lock is ours"));
}

fn b088_a_notified_waiter_is_told_so() {
    let condition = condition();
    for limit in [SOON, Duration::MAX] {
        let guard = condition.guard().expect("it is free");
        let other = started(|| {
            let _guard = condition.guard()?;
            condition.notify()
        });
        let notified = condition.wait_timeout(limit);
        assert!(notified.expect("the lock is ours"));
        drop(guard);
        assert_eq!(joined(&other), 0);
    }
}

fn b089_a_signal_does_not_end_the_wait_for_a_notification() {
    use nix::sys::signal::{SigHandler, Signal, kill};
    extern "C" fn nothing(_: libc::c_int) {}
    let sleepers = Sleepers::new();
    let waiter = started(|| {
        on_signal(Signal::SIGINT, SigHandler::Handler(nothing));
        sleepers.sleep(None).map(drop)
    });
    sleepers.once_asleep(1);
    for _ in 0..3 {
        let pid = once_in(libc::SYS_futex, &waiter);
        let pid = nix::unistd::Pid::from_raw(pid);
        kill(pid, Signal::SIGINT).expect("it is there");
        sleepers.once_woken(0);
    }
    sleepers.notify(1);
    sleepers.once_woken(1);
    assert_eq!(joined(&waiter), 0);
}

fn b090_wait_for_waits_for_what_comes_by_steps() {
    let condition = condition();
    let state = RawValue::new(0).expect("there is memory");
    let child = started(|| {
        let _guard = condition.guard()?;
        condition.wait_for(|| state.get() == 4)?;
        assert_eq!(state.get(), 4);
        Ok::<_, Error>(())
    });
    for _ in 0..4 {
        thread::sleep(Duration::from_millis(10));
        under(&condition, || {
            state.set(state.get() + 1);
            condition.notify()
        });
    }
    assert_eq!(joined(&child), 0);
}

fn b091_wait_for_has_a_limit_however_often_it_is_notified() {
    let condition = condition();
    let child = started(|| {
        let _guard = condition.guard()?;
        let wait = || condition.wait_for_timeout(|| false, LIMIT);
        assert!(!at_least(LIMIT, wait)?);
        Ok::<_, Error>(())
    });
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(10));
        under(&condition, || condition.notify());
    }
    assert_eq!(joined(&child), 0);
}

fn b092_without_the_lock_there_is_no_wait_and_no_notify() {
    let condition = condition();
    let refused = || {
        let calls = [
            condition.wait(),
            condition.wait_timeout(SOON).map(drop),
            condition.wait_for(|| true),
            condition.wait_for_timeout(|| true, SOON).map(drop),
            condition.notify(),
            condition.notify_n(2),
            condition.notify_all(),
            condition.release(),
        ];
        let refused = |call| matches!(call, Err(Error::NotOwner));
        assert!(calls.into_iter().all(refused));
    };
    refused();
    let _guard = condition.guard().expect("it is free");
    assert_eq!(in_child(refused), 0, "what the parent holds is not its");
    thread::scope(|scope| {
        let thread = scope.spawn(refused);
        thread
            .join()
            .expect("another thread does not hold it either");
    });
}

fn b093_a_lock_held_often_is_free_during_the_wait() {
    let lock = RLock::new().expect("there is memory");
    let condition = Condition::with_rlock(&lock).expect("as above");
    for _ in 0..3 {
        lock.acquire().expect("it is free, or ours");
    }
    let other = started(|| {
        assert!(lock.acquire_timeout(SOON)?);
        condition.notify()?;
        lock.release()
    });
    condition.wait().expect("the lock is ours");
    assert_eq!(joined(&other), 0);
    let notified = condition.wait_timeout(Duration::ZERO);
    assert!(!notified.expect("the lock is ours"));
    for _ in 0..3 {
        assert!(!is_free(&lock));
        lock.release().expect("it is ours still");
    }
    assert!(is_free(&lock));
    assert!(matches!(lock.release(), Err(Error::NotOwner)));
}

fn a_condition_may_have_a_plain_lock() {
    let lock = Lock::new().expect("there is memory");
    let condition = Condition::with_lock(&lock).expect("as above");
    let _guard = lock.guard().expect("it is free");
    let second = condition.acquire();
    assert!(matches!(second, Err(Error::WouldDeadlock)));
    let other = started(|| {
        let _guard = lock.guard()?;
        condition.notify_all()
    });
    condition.wait().expect("the lock is ours");
    assert_eq!(joined(&other), 0);
    assert!(!is_free(&lock));
}

/// As in a buffer of one place: one condition for each side.
fn two_conditions_may_have_one_lock() {
    const ITEMS: u32 = 300;
    let lock = Lock::new().expect("there is memory");
    let with_lock = || Condition::with_lock(&lock).expect("there is memory");
    let (empty, full) = (with_lock(), with_lock());
    let place = RawValue::new(0).expect("there is memory");
    let producer = started(|| {
        for item in 1..=ITEMS {
            let _guard = lock.guard()?;
            empty.wait_for(|| place.get() == 0)?;
            place.set(item);
            full.notify()?;
        }
        Ok::<_, Error>(())
    });
    for item in 1..=ITEMS {
        let _guard = lock.guard().expect("it does not die");
        let there = full.wait_for_timeout(|| place.get() != 0, SOON);
        assert!(there.expect("the lock is ours"));
        assert_eq!(place.get(), item);
        place.set(0);
        empty.notify().expect("the lock is ours");
    }
    assert_eq!(joined(&producer), 0);
}

fn the_guard_of_a_condition_holds_its_lock() {
    let lock = RLock::new().expect("there is memory");
    let condition = Condition::with_rlock(&lock).expect("as above");
    {
        let _guard = condition.guard().expect("it is free");
        assert!(condition.try_acquire().expect("it is ours"));
        assert!(condition.acquire_timeout(LIMIT).expect("it is ours"));
        condition.release().expect("it is ours");
        condition.release().expect("it is ours");
        assert!(!is_free(&lock));
    }
    assert!(is_free(&lock));
}

fn a_notification_is_for_those_who_waited_already() {
    let sleepers = Sleepers::new();
    let first = started(|| sleepers.sleep(None).map(drop));
    sleepers.once_asleep(1);
    // It is slow to take what is for it.
    let slow = stopped(&first);
    let guard = sleepers.condition.guard().expect("it is free");
    sleepers.condition.notify().expect("the lock is ours");
    let late = sleepers.condition.wait_timeout(LIMIT);
    assert!(!late.expect("the lock is ours"), "it was not for us");
    drop(guard);
    sent_on(slow);
    sleepers.once_woken(1);
    assert_eq!(joined(&first), 0);
}

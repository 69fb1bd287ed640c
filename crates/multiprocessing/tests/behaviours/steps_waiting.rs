//! Events, conditions and barriers whose users are killed at each step of what
//! they do.

use std::cell::OnceCell;
use std::time::Duration;

use multiprocessing::{
    Barrier, Condition, ConditionGuard, Error, Event, Process, Result,
};

use crate::barrier::{barrier, is_broken};
use crate::condition::condition;
use crate::event::event;
use crate::harness::{Test, list};
use crate::killed_at_steps::{Operation, Waiters};
use crate::support::{SOON, eventually, joined, started};
use crate::waiting::settle;

pub(crate) const TESTS: &[Test] = list![
    killed_at_any_step_of_set_an_event_wakes_all_or_is_not_set,
    killed_at_any_step_of_clear_an_event_is_set_or_not,
    killed_at_any_step_of_a_wait_for_an_event_others_go_on,
    killed_at_any_step_of_notify_it_is_told_or_has_notified,
    killed_at_any_step_of_notify_all_it_is_told_or_has_notified_all,
    killed_at_any_step_of_a_wait_it_takes_no_later_notification,
    killed_at_any_step_of_a_notified_wait_others_can_be_notified,
    killed_at_any_step_of_abort_the_barrier_is_broken_for_all_or_whole,
    killed_at_any_step_of_reset_the_barrier_is_broken_or_whole,
    killed_at_any_step_of_the_last_party_all_pass_or_are_told,
    killed_at_any_step_of_a_party_that_waits_others_are_told_or_wait,
    killed_at_any_step_of_a_party_that_passes_the_others_pass,
];

/// The limit of those who would wait for ever.
const SHORT: Duration = Duration::from_millis(3);

fn killed_at_any_step_of_set_an_event_wakes_all_or_is_not_set() {
    let set = Operation::new(event, Event::set).with_waiters(2, Event::wait);
    set.killed(|event, waiters, death| {
        let woken = waiters.at_rest();
        assert!(event.is_set() || !death.returned);
        assert_eq!(woken, if event.is_set() { 2 } else { 0 });
        event.set().expect("nobody is waited for");
        waiters.all_end();
        event.clear().expect("nobody is waited for");
        assert!(!event.is_set());
    });
}

fn killed_at_any_step_of_clear_an_event_is_set_or_not() {
    let set = || {
        let event = event();
        event.set().expect("nobody is waited for");
        event
    };
    Operation::new(set, Event::clear).killed(|event, _, death| {
        assert!(!event.is_set() || !death.returned);
        event.clear().expect("nobody is waited for");
        assert_eq!(event.wait_timeout(SHORT).ok(), Some(false));
        event.set().expect("nobody is waited for");
        event.wait().expect("it is set");
    });
}

fn killed_at_any_step_of_a_wait_for_an_event_others_go_on() {
    let wait = Operation::new(event, Event::wait)
        .with_late_waiters(1, Event::wait)
        .meanwhile(|event| event.set().expect("nobody is waited for"));
    wait.killed(|event, waiters, _| {
        waiters.all_end();
        assert!(event.is_set());
    });
}

/// Waits for one notification, or for a death that it is told.
fn wait_once(condition: &Condition) -> Result<()> {
    let _guard = guard(condition)?;
    match condition.wait() {
        Err(Error::OwnerDied { .. }) => Ok(()),
        other => other,
    }
}

/// The lock, in the second attempt if the first was told of a death.
fn guard(condition: &Condition) -> Result<ConditionGuard<'_>> {
    condition.guard().or_else(|error| match error {
        Error::OwnerDied { .. } => condition.guard(),
        other => Err(other),
    })
}

#[track_caller]
fn notify(condition: &Condition, count: u32) {
    let _guard = guard(condition).expect("only one has died");
    condition.notify_n(count).expect("the lock is ours");
}

fn killed_at_any_step_of_notify_it_is_told_or_has_notified() {
    let notify_one = Operation::new(condition, |condition| {
        let _guard = condition.guard()?;
        condition.notify()
    });
    let notify_one = notify_one.with_waiters(3, wait_once);
    notify_one.killed(|condition, waiters, death| {
        let woken = waiters.at_rest();
        assert!(woken >= 1 || !death.returned);
        assert!(woken == 1 || !death.returned);
        notify(condition, 3);
        waiters.all_end();
    });
}

fn killed_at_any_step_of_notify_all_it_is_told_or_has_notified_all() {
    let notify_all = Operation::new(condition, |condition| {
        let _guard = condition.guard()?;
        condition.notify_all()
    });
    let notify_all = notify_all.with_waiters(3, wait_once);
    notify_all.killed(|condition, waiters, death| {
        let woken = waiters.at_rest();
        assert!(woken == 3 || !death.returned);
        notify(condition, 3);
        waiters.all_end();
    });
}

fn killed_at_any_step_of_a_wait_it_takes_no_later_notification() {
    let wait = Operation::new(condition, |condition| {
        let _guard = condition.guard()?;
        condition.wait_timeout(SHORT).map(drop)
    });
    let wait = wait.with_waiters(2, wait_once);
    wait.killed(|condition, waiters, _| {
        waiters.at_rest();
        for _ in 0..2 {
            notify(condition, 1);
        }
        waiters.all_end();
    });
}

/// It may die with the lock and the notification; then somebody is told.
fn killed_at_any_step_of_a_notified_wait_others_can_be_notified() {
    let wait = Operation::new(condition, |condition| {
        let _guard = condition.guard()?;
        condition.wait()
    });
    let wait = wait
        .with_late_waiters(2, wait_once)
        .meanwhile(|condition| notify(condition, 1));
    wait.killed(|condition, waiters, _| {
        waiters.at_rest();
        for _ in 0..2 {
            notify(condition, 1);
        }
        waiters.all_end();
    });
}

/// A party that passes, or is told that the barrier broke.
fn wait_or_be_told(barrier: &Barrier) -> Result<()> {
    let outcome = barrier.wait();
    if is_broken(&outcome) {
        return Ok(());
    }
    outcome.map(drop)
}

/// As many parties as `seats` pass together.
#[track_caller]
fn works(barrier: &Barrier, seats: usize) {
    let others = (1..seats).map(|_| started(|| barrier.wait().map(drop)));
    let others: Vec<_> = others.collect();
    barrier.wait_timeout(SOON).expect("it is whole");
    assert!(others.iter().all(|other| joined(other) == 0));
}

/// Each of those who waited has passed, has been told, or waits on for as many
/// as are `missing` in a whole barrier, which come then.
#[track_caller]
fn comes_right(barrier: &Barrier, waiters: &Waiters<'_>, missing: usize) {
    let ended = waiters.at_rest();
    assert!(ended == 0 || ended == waiters.count(), "some wait for ever");
    if ended == 0 && waiters.count() > 0 {
        assert!(!barrier.broken(), "they are not told");
        works(barrier, missing);
    }
    waiters.all_end();
    barrier.reset().expect("nobody is waited for");
    eventually(SOON, || barrier.n_waiting() == 0);
    works(barrier, barrier.parties());
}

fn killed_at_any_step_of_abort_the_barrier_is_broken_for_all_or_whole() {
    let abort = Operation::new(|| barrier(3), Barrier::abort)
        .with_waiters(2, wait_or_be_told);
    abort.killed(|barrier, waiters, death| {
        waiters.at_rest();
        assert!(barrier.broken() || !death.returned);
        comes_right(barrier, waiters, 1);
    });
}

fn killed_at_any_step_of_reset_the_barrier_is_broken_or_whole() {
    let broken = || {
        let barrier = barrier(2);
        barrier.abort().expect("nobody is waited for");
        barrier
    };
    Operation::new(broken, Barrier::reset).killed(|barrier, waiters, death| {
        assert!(!barrier.broken() || !death.returned);
        comes_right(barrier, waiters, 0);
    });
}

fn killed_at_any_step_of_the_last_party_all_pass_or_are_told() {
    let last =
        Operation::new(|| barrier(3), |barrier| barrier.wait().map(drop));
    let last = last.with_waiters(2, wait_or_be_told);
    last.killed(|barrier, waiters, death| {
        assert!(waiters.at_rest() == 2 || !death.returned);
        comes_right(barrier, waiters, 1);
    });
}

fn killed_at_any_step_of_a_party_that_waits_others_are_told_or_wait() {
    let late = Operation::new(
        || barrier(3),
        |barrier| {
            assert!(is_broken(&barrier.wait_timeout(SHORT)));
            Ok(())
        },
    );
    let late = late.with_waiters(1, wait_or_be_told);
    late.killed(|barrier, waiters, death| {
        assert!(waiters.at_rest() == 1 || !death.returned);
        comes_right(barrier, waiters, 2);
    });
}

fn killed_at_any_step_of_a_party_that_passes_the_others_pass() {
    let third = |(barrier, third): &(Barrier, OnceCell<Process<'_>>)| {
        third.get_or_init(|| {
            let barrier = barrier.clone();
            started(move || wait_or_be_told(&barrier))
        });
    };
    let first = Operation::new(
        || (barrier(3), OnceCell::new()),
        |(barrier, _)| barrier.wait().map(drop),
    );
    let first = first
        .with_late_waiters(1, |(barrier, _)| wait_or_be_told(barrier))
        .meanwhile(third);
    first.killed(|(barrier, third), waiters, _| {
        let third = third.get().expect("it has come");
        settle(&[third.pid().ok().flatten().expect("it was started")]);
        comes_right(barrier, waiters, 1);
        assert_eq!(joined(third), 0);
    });
}

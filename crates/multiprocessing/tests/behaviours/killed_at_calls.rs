//! Processes that are killed at the beginning and at the end of each system
//! call of an operation, one after the other: where a wake-up may be lost.

use std::time::Duration;

use multiprocessing::{Barrier, Process, Result};

use crate::barrier::{barrier, is_broken};
use crate::condition::Sleepers;
use crate::condition_killed::notify_after_deaths;
use crate::event::event;
use crate::harness::{Test, list};
use crate::support::{SOON, eventually, joined, started};
use crate::tracer::{killed_at, wait_for_listener};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    killed_at_any_call_of_set_an_event_wakes_all_or_is_not_set,
    killed_at_any_call_of_a_wait_for_an_event_harms_nobody,
    killed_at_any_call_of_notify_it_is_told_or_has_notified,
    killed_at_any_call_of_a_wait_it_takes_no_later_notification,
    killed_at_any_call_of_abort_the_barrier_is_broken_for_all_or_whole,
    killed_at_any_call_of_the_last_party_all_pass_or_are_told,
    killed_at_any_call_of_a_party_that_waits_others_are_told_or_wait,
];

/// The limit of those who would wait for ever.
const SHORT: Duration = Duration::from_millis(3);

/// Goes through the calls of `action`: for each of them, `prepare` makes who
/// waits, and `check` looks at it after the end of the process.
fn at_each_call<T>(
    prepare: impl Fn() -> T,
    action: impl Fn() -> Result<()>,
    check: impl Fn(T),
) {
    for call in 0.. {
        let object = prepare();
        let victim = started(|| {
            wait_for_listener();
            action()
        });
        let pid = victim.pid().expect("it is open").expect("it was started");
        let killed = killed_at(call, pid);
        check(object);
        if !killed {
            assert!(call > 2, "it makes calls");
            return;
        }
    }
}

fn killed_at_any_call_of_set_an_event_wakes_all_or_is_not_set() {
    let event = event();
    at_each_call(
        || {
            event.clear().expect("nobody is waited for");
            let waiters = [(); 2].map(|()| started(|| event.wait()));
            for waiter in &waiters {
                once_in(libc::SYS_futex, waiter);
            }
            waiters
        },
        || event.set(),
        |waiters| {
            if !event.is_set() {
                event.set().expect("nobody is waited for");
            }
            assert_eq!(waiters.each_ref().map(joined), [0, 0]);
        },
    );
}

fn killed_at_any_call_of_a_wait_for_an_event_harms_nobody() {
    let event = event();
    at_each_call(
        || {
            event.clear().expect("nobody is waited for");
            started(|| event.wait())
        },
        || event.wait_timeout(SHORT).map(drop),
        |waiter| {
            event.set().expect("nobody is waited for");
            assert_eq!(joined(&waiter), 0);
        },
    );
}

fn killed_at_any_call_of_notify_it_is_told_or_has_notified() {
    let sleepers = Sleepers::new();
    let condition = &sleepers.condition;
    at_each_call(
        || one_asleep(&sleepers),
        || {
            let _guard = condition.guard()?;
            condition.notify()
        },
        |waiter| {
            notify_after_deaths(&sleepers);
            assert!([0, 1].contains(&joined(&waiter)));
        },
    );
}

fn killed_at_any_call_of_a_wait_it_takes_no_later_notification() {
    let sleepers = Sleepers::new();
    let condition = &sleepers.condition;
    at_each_call(
        || [(); 2].map(|()| one_asleep(&sleepers)),
        || {
            let _guard = condition.guard()?;
            condition.wait_timeout(SHORT).map(drop)
        },
        |waiters| {
            for _ in &waiters {
                notify_after_deaths(&sleepers);
            }
            assert_eq!(waiters.each_ref().map(joined), [0, 0]);
        },
    );
}

fn one_asleep(sleepers: &Sleepers) -> Process<'_> {
    let waiter = started(|| sleepers.sleep(None).map(drop));
    sleepers.once_asleep(1);
    waiter
}

/// A party that waits, and ends with 1 if it is told that the barrier broke.
fn waiting_party(barrier: &Barrier) -> Process<'_> {
    let party = started(|| i32::from(is_broken(&barrier.wait())));
    once_in(libc::SYS_futex_waitv, &party);
    party
}

/// Waits until a party has passed, has been told or goes on waiting for
/// others, as many as `missing`.
fn comes_right(barrier: &Barrier, party: &Process<'_>, missing: usize) {
    let waits = || !barrier.broken() && barrier.n_waiting() == 1;
    let ended = || !party.is_alive().expect("it is ours");
    eventually(SOON, || ended() || waits());
    if waits() {
        let others = (1..missing).map(|_| started(|| barrier.wait().map(drop)));
        let others: Vec<_> = others.collect();
        barrier.wait().expect("it is whole");
        assert!(others.iter().all(|other| joined(other) == 0));
        assert_eq!(joined(party), 0);
    }
    assert!(party.join_timeout(SOON).expect("it was started"));
    barrier.reset().expect("nobody is waited for");
}

fn killed_at_any_call_of_abort_the_barrier_is_broken_for_all_or_whole() {
    let barrier = barrier(2);
    at_each_call(
        || waiting_party(&barrier),
        || barrier.abort(),
        |party| comes_right(&barrier, &party, 1),
    );
}

fn killed_at_any_call_of_the_last_party_all_pass_or_are_told() {
    let barrier = barrier(2);
    at_each_call(
        || waiting_party(&barrier),
        || barrier.wait().map(drop),
        |party| comes_right(&barrier, &party, 1),
    );
}

fn killed_at_any_call_of_a_party_that_waits_others_are_told_or_wait() {
    let barrier = barrier(3);
    at_each_call(
        || waiting_party(&barrier),
        || {
            assert!(is_broken(&barrier.wait_timeout(SHORT)));
            Ok(())
        },
        |party| comes_right(&barrier, &party, 2),
    );
}

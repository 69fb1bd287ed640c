//! Processes that are killed at an event.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::event::event;
use crate::harness::{Test, list};
use crate::support::{SOON, joined, killed, seed, spin, started, victim};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b099_set_returns_after_a_waiter_was_killed,
    waiters_killed_at_any_moment_keep_nobody_from_going_on,
    a_process_killed_while_it_sets_the_event_sets_it_for_all,
];

fn b099_set_returns_after_a_waiter_was_killed() {
    let event = event();
    let waiters = [(); 3].map(|()| started(|| event.wait()));
    for waiter in &waiters {
        once_in(libc::SYS_futex, waiter);
    }
    killed(&waiters[0]);
    event.set().expect("nobody is waited for");
    assert_eq!(waiters.each_ref().map(joined), [-9, 0, 0]);
    event.clear().expect("nobody is waited for");
    assert!(!event.is_set());
}

fn waiters_killed_at_any_moment_keep_nobody_from_going_on() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..150 {
        let event = event();
        let waiters = [(); 4].map(|()| started(|| event.wait()));
        let first = random.random_range(0..4);
        spin(&mut random, 50_000);
        waiters[first].kill().expect("it can be killed");
        spin(&mut random, 3_000);
        event.set().expect("nobody is waited for");
        spin(&mut random, 3_000);
        let second = (first + 1) % 4;
        waiters[second].kill().expect("it can be killed");
        if random.random() {
            // For who came late.
            event.clear().expect("nobody is waited for");
            event.set().expect("nobody is waited for");
        }
        for (which, waiter) in waiters.iter().enumerate() {
            let code = joined(waiter);
            assert!(code == 0 || which == first || which == second);
        }
    }
}

/// If the event is set, those who wait go on, though the process that has set
/// it could not finish.
fn a_process_killed_while_it_sets_the_event_sets_it_for_all() {
    let mut random = StdRng::seed_from_u64(seed());
    let mut set = 0;
    for _ in 0..300 {
        let event = event();
        let waiter = started(|| event.wait());
        once_in(libc::SYS_futex, &waiter);
        let setter = victim(&mut random, || event.set());
        setter.kill().expect("it can be killed");
        joined(&setter);
        if event.is_set() {
            set += 1;
        } else {
            event.set().expect("nobody is waited for");
        }
        assert!(waiter.join_timeout(SOON).expect("it is ours"));
        assert_eq!(joined(&waiter), 0);
    }
    eprintln!("set in {set} of 300 rounds");
}

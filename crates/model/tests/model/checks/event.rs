//! `Event`: who waited when it was set goes on, whatever becomes of the others;
//! nobody goes on before.

use super::LIMIT;
use crate::explorer::explore;
use crate::ghost::Ghost;
use crate::process::{Process, start, until_quiet};
use crate::sync::Event;

/// A process that waits, and finds that the event was set.
fn waiter(event: &Event, begun: &Ghost<bool>) -> Process<()> {
    let (event, begun) = (event.clone(), begun.clone());
    start(move || {
        event.wait().expect("a sound lock");
        assert!(begun.look(|it| *it), "nobody has set it");
    })
}

fn setter(event: &Event, begun: &Ghost<bool>) -> Process<()> {
    let (event, begun) = (event.clone(), begun.clone());
    start(move || {
        begun.change(|it| *it = true);
        event.set().expect("a sound lock");
    })
}

#[test]
fn set_lets_all_go_on() {
    explore(|| {
        let (event, begun) = (Event::new().expect("memory"), Ghost::new());
        let waiters = [(); 2].map(|()| waiter(&event, &begun));
        waiters[0].interrupted();
        let setter = setter(&event, &begun);
        until_quiet();
        assert!(setter.is_gone() && waiters.iter().all(Process::is_gone));
        assert!(event.is_set());
    });
}

#[test]
fn who_waited_goes_on_though_it_is_cleared_at_once() {
    explore(|| {
        let (event, begun) = (Event::new().expect("memory"), Ghost::new());
        let waiters = [(); 2].map(|()| waiter(&event, &begun));
        waiters.iter().for_each(Process::until_it_waits);
        let pulse = start(move || {
            begun.change(|it| *it = true);
            event.set().expect("a sound lock");
            event.clear().expect("a sound lock");
        });
        until_quiet();
        assert!(pulse.is_gone() && waiters.iter().all(Process::is_gone));
    });
}

#[test]
fn a_killed_waiter_holds_nobody_up() {
    explore(|| {
        let (event, begun) = (Event::new().expect("memory"), Ghost::new());
        let waiters = [(); 2].map(|()| waiter(&event, &begun));
        let setter = setter(&event, &begun);
        waiters[0].killed();
        until_quiet();
        assert!(setter.is_gone() && waiters.iter().all(Process::is_gone));
    });
}

#[test]
fn a_killed_setter_has_set_it_for_all_or_nobody() {
    explore(|| {
        let (event, begun) = (Event::new().expect("memory"), Ghost::new());
        let waiters = [(); 2].map(|()| waiter(&event, &begun));
        let killed = setter(&event, &begun);
        killed.killed();
        until_quiet();
        let set = event.is_set();
        assert!(waiters.iter().all(|it| it.is_gone() == set));
        assert!(set || killed.join().is_none());
        event.set().expect("a sound lock");
        until_quiet();
        assert!(waiters.iter().all(Process::is_gone));
    });
}

#[test]
fn who_is_late_is_told_so() {
    explore(|| {
        let (event, begun) = (Event::new().expect("memory"), Ghost::new());
        let late = {
            let event = event.clone();
            start(move || event.wait_timeout(LIMIT).expect("a sound lock"))
        };
        late.late();
        let waiter = waiter(&event, &begun);
        until_quiet();
        assert_eq!(late.join(), Some(false));
        let setter = setter(&event, &begun);
        until_quiet();
        assert!(waiter.is_gone() && setter.is_gone());
    });
}

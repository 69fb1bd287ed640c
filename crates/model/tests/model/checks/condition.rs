//! `Condition`: a notification is for one of those who waited already, and no
//! death takes it along but that of who had it.

use super::{LIMIT, end};
use crate::error::{Error, Result};
use crate::explorer::explore;
use crate::ghost::Ghost;
use crate::process::{Process, start, until_quiet};
use crate::sync::{Condition, Lock};

/// What the processes of a check write down.
#[derive(Clone, Copy, Default)]
struct Notes {
    /// So many have begun to wait, under the lock.
    waiting: usize,
    /// So many were notified.
    notified: usize,
    /// So many notifications there were, or are just made.
    allowed: usize,
}

fn condition() -> (Condition, Ghost<Notes>) {
    let lock = Lock::new().expect("memory");
    (Condition::with_lock(&lock).expect("memory"), Ghost::new())
}

fn waiter(condition: &Condition, notes: &Ghost<Notes>) -> Process<Result<()>> {
    let (condition, notes) = (condition.clone(), notes.clone());
    start(move || {
        let _guard = condition.guard()?;
        notes.change(|it| it.waiting += 1);
        condition.wait()?;
        notes.change(|it| it.notified += 1);
        assert!(
            notes.look(|it| it.notified <= it.allowed),
            "who notified it?"
        );
        Ok(())
    })
}

fn notify(condition: &Condition, notes: &Ghost<Notes>, n: u32) {
    loop {
        match condition.guard() {
            Ok(_guard) => {
                notes.change(|it| it.allowed += n as usize);
                return condition.notify_n(n).expect("it is ours");
            }
            // Of a process that the check has killed.
            Err(Error::OwnerDied { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

fn awake(waiters: &[Process<Result<()>>]) -> usize {
    waiters.iter().filter(|it| it.is_gone()).count()
}

#[test]
fn a_notification_is_for_one() {
    explore(|| {
        let (condition, notes) = condition();
        let waiters = [(); 2].map(|()| waiter(&condition, &notes));
        waiters[0].interrupted();
        notes.until(|it| it.waiting == 2);
        notify(&condition, &notes, 1);
        until_quiet();
        assert_eq!(awake(&waiters), 1);
        notify(&condition, &notes, 1);
        until_quiet();
        assert_eq!(awake(&waiters), 2);
    });
}

#[test]
fn two_may_be_notified_at_once() {
    explore(|| {
        let (condition, notes) = condition();
        let waiters = [(); 3].map(|()| waiter(&condition, &notes));
        notes.until(|it| it.waiting == 3);
        notify(&condition, &notes, 2);
        until_quiet();
        assert_eq!(awake(&waiters), 2);
        waiters.into_iter().for_each(end);
    });
}

#[test]
fn who_comes_later_takes_none() {
    explore(|| {
        let (condition, notes) = condition();
        let early = waiter(&condition, &notes);
        notes.until(|it| it.waiting == 1);
        let notifier = {
            let (condition, notes) = (condition.clone(), notes.clone());
            start(move || {
                notify(&condition, &notes, 1);
                notes.look(|it| it.waiting)
            })
        };
        let late = waiter(&condition, &notes);
        // So it looks whether it may go.
        late.interrupted();
        until_quiet();
        let seen = notifier.join().expect("it lives");
        let one = seen == 2 && late.is_gone() && !early.is_gone();
        assert!(one || (early.is_gone() && !late.is_gone()));
        early.end();
        late.end();
    });
}

#[test]
fn a_notification_goes_to_who_lives() {
    explore(|| {
        let (condition, notes) = condition();
        let [victim, other] = [(); 2].map(|()| waiter(&condition, &notes));
        victim.until_it_waits();
        other.until_it_waits();
        victim.killed();
        notify(&condition, &notes, 1);
        until_quiet();
        // The lock is a waiter's twice: before it waits, and when it has a
        // notification, or finds that there is none.
        let had_it = victim.locked() == 2 && other.locked() < 3;
        assert!(other.is_gone() || had_it, "the notification is lost");
        other.end();
    });
}

#[test]
fn who_is_late_takes_none_along() {
    explore(|| {
        let (condition, notes) = condition();
        let late = {
            let (condition, notes) = (condition.clone(), notes.clone());
            start(move || {
                let _guard = condition.guard().expect("a sound lock");
                notes.change(|it| it.waiting += 1);
                condition.wait_timeout(LIMIT).expect("a sound lock")
            })
        };
        let other = waiter(&condition, &notes);
        notes.until(|it| it.waiting == 2);
        late.late();
        notify(&condition, &notes, 1);
        until_quiet();
        let got = late.join().expect("it lives");
        assert_ne!(got, other.is_gone(), "one of them is to have it");
        notify(&condition, &notes, 1);
        until_quiet();
        assert!(other.is_gone());
    });
}

#[test]
fn all_are_notified_who_waited() {
    explore(|| {
        let (condition, notes) = condition();
        let waiters = [(); 2].map(|()| waiter(&condition, &notes));
        waiters[0].killed();
        let notifier = {
            let (condition, notes) = (condition.clone(), notes.clone());
            start(move || {
                loop {
                    if let Ok(_guard) = condition.guard() {
                        notes.change(|it| it.allowed = it.waiting);
                        condition.notify_all().expect("it is ours");
                        break notes.look(|it| it.waiting);
                    }
                }
            })
        };
        until_quiet();
        let waited = notifier.join().expect("it lives");
        let gone = awake(&waiters[1..]);
        assert!(waited < 2 || gone == 1, "one that waited sleeps");
        waiters.into_iter().for_each(end);
    });
}

#[test]
fn a_killed_notifier_is_told_to_one() {
    explore(|| {
        let (condition, notes) = condition();
        let waiters = [(); 2].map(|()| waiter(&condition, &notes));
        waiters.iter().for_each(Process::until_it_waits);
        let notifier = {
            let (condition, notes) = (condition.clone(), notes.clone());
            start(move || notify(&condition, &notes, 1))
        };
        notifier.killed();
        until_quiet();
        assert!(notifier.is_gone());
        let owned = !notifier.left().is_empty();
        let mut told = usize::from(condition.guard().is_err());
        // None sleeps in the lock: each has it, or waits for a notification.
        notify(&condition, &notes, 2);
        until_quiet();
        for waiter in waiters {
            match waiter.join().expect("it lives") {
                Ok(()) => {}
                Err(Error::OwnerDied { .. }) => told += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(told, usize::from(owned));
    });
}

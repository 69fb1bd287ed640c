//! `Lock` and `RLock`, the robust mutex under all others: one owner at a time,
//! a death is told to one, and who sleeps is never forgotten.

use super::LIMIT;
use crate::error::Error;
use crate::explorer::explore;
use crate::ghost::Ghost;
use crate::process::{Process, lives, pid, start, until_quiet};
use crate::sync::{Lock, RLock, Semaphore};

/// What one has seen who was to take the lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Seen {
    Mine,
    /// The owner, a process with this pid, had died.
    Death(i32),
    Late,
}

fn visit(lock: &Lock, inside: &Ghost<Option<i32>>, limited: bool) -> Seen {
    let taken = match limited {
        true => lock.acquire_timeout(LIMIT),
        false => lock.acquire().map(|()| true),
    };
    match taken {
        Ok(true) => {}
        Ok(false) => return Seen::Late,
        Err(Error::OwnerDied { pid }) => return Seen::Death(pid),
        Err(other) => panic!("{other}"),
    }
    let other = inside.change(|it| it.replace(pid()));
    assert!(!other.is_some_and(lives), "two are inside");
    assert!(lock.locked());
    inside.change(|it| *it = None);
    lock.release().expect("it is ours");
    Seen::Mine
}

fn visitor(
    lock: &Lock,
    inside: &Ghost<Option<i32>>,
    times: usize,
) -> Process<Vec<Seen>> {
    let (lock, inside) = (lock.clone(), inside.clone());
    start(move || (0..times).map(|_| visit(&lock, &inside, false)).collect())
}

/// One whose time is limited.
fn hurried_visitor(lock: &Lock, inside: &Ghost<Option<i32>>) -> Process<Seen> {
    let (lock, inside) = (lock.clone(), inside.clone());
    start(move || visit(&lock, &inside, true))
}

#[test]
fn one_is_inside_at_a_time() {
    explore(|| {
        let (lock, inside) = (Lock::new().expect("memory"), Ghost::new());
        let visitors = [1, 1, 2].map(|times| visitor(&lock, &inside, times));
        until_quiet();
        let seen = visitors.map(|it| it.join().expect("it lives"));
        assert!(seen.iter().flatten().all(|it| *it == Seen::Mine));
    });
}

#[test]
fn a_death_is_told_to_one_and_nobody_is_forgotten() {
    explore(|| {
        let (lock, inside) = (Lock::new().expect("memory"), Ghost::new());
        let [victim, .., first, second] =
            [1, 1, 2].map(|times| visitor(&lock, &inside, times));
        victim.killed();
        until_quiet();
        assert!(first.is_gone() && second.is_gone(), "one is forgotten");
        let (pid, owned) = (victim.pid(), !victim.left().is_empty());
        let last = visit(&lock, &inside, false);
        let seen = [first, second].map(|it| it.join().expect("it lives"));
        let mut deaths = Vec::new();
        for seen in seen.into_iter().flatten().chain([last]) {
            if let Seen::Death(who) = seen {
                deaths.push(who);
            }
        }
        // 0: it died in the moment of taking the lock, or of giving it up.
        assert!(deaths.iter().all(|who| [0, pid].contains(who)));
        assert_eq!(deaths.len(), usize::from(owned));
    });
}

/// It was the one who was woken; and somebody who was awake may be faster.
#[test]
fn who_is_woken_and_killed_leaves_nobody_asleep() {
    for one_is_awake in [true, false] {
        explore(move || {
            let (lock, inside) = (Lock::new().expect("memory"), Ghost::new());
            lock.acquire().expect("it is free");
            let [victim, other] = two_asleep(&lock, &inside);
            victim.killed();
            lock.release().expect("it is ours");
            if one_is_awake && lock.acquire().is_ok() {
                lock.release().expect("it is ours");
            }
            until_quiet();
            assert!(other.is_gone(), "it is forgotten");
        });
    }
}

/// The other one lined up as the lock was given up.
#[test]
fn nor_does_who_is_woken_and_killed_when_another_has_just_come() {
    explore(|| {
        let (lock, inside) = (Lock::new().expect("memory"), Ghost::new());
        lock.acquire().expect("it is free");
        let victim = visitor(&lock, &inside, 1);
        victim.until_it_sleeps();
        let other = visitor(&lock, &inside, 1);
        lock.release().expect("it is ours");
        let faster = lock.try_acquire();
        victim.end();
        if faster.is_ok_and(|it| it) {
            lock.release().expect("it is ours");
        }
        until_quiet();
        assert!(other.is_gone(), "it is forgotten");
    });
}

/// The one who was woken has no time left.
#[test]
fn who_is_woken_and_late_leaves_nobody_asleep() {
    explore(|| {
        let (lock, inside) = (Lock::new().expect("memory"), Ghost::new());
        lock.acquire().expect("it is free");
        let late = hurried_visitor(&lock, &inside);
        late.until_it_sleeps();
        let others = [1, 1].map(|times| visitor(&lock, &inside, times));
        late.late();
        lock.release().expect("it is ours");
        until_quiet();
        assert!(others.iter().all(Process::is_gone), "one is forgotten");
    });
}

/// Two who sleep until the lock is free.
fn two_asleep(
    lock: &Lock,
    inside: &Ghost<Option<i32>>,
) -> [Process<Vec<Seen>>; 2] {
    [(); 2].map(|()| {
        let visitor = visitor(lock, inside, 1);
        visitor.until_it_sleeps();
        visitor
    })
}

/// It was about to wake the only one who sleeps, and somebody who was awake
/// is faster.
#[test]
fn who_is_killed_as_it_gives_the_lock_up_leaves_nobody_asleep() {
    explore(|| {
        let (lock, inside) = (Lock::new().expect("memory"), Ghost::new());
        let enough = Semaphore::new(0).expect("memory");
        let owner = {
            let (lock, enough) = (lock.clone(), enough.clone());
            start(move || {
                lock.acquire()?;
                enough.acquire()?;
                lock.release()
            })
        };
        owner.until_it_waits();
        let asleep = visitor(&lock, &inside, 1);
        asleep.until_it_sleeps();
        enough.release().expect("there is room");
        let faster = lock.try_acquire();
        owner.end();
        if faster.is_ok_and(|it| it) {
            lock.release().expect("it is ours");
        }
        until_quiet();
        assert!(asleep.is_gone(), "it is forgotten");
    });
}

#[test]
fn two_may_die() {
    explore(|| {
        let (lock, inside) = (Lock::new().expect("memory"), Ghost::new());
        let visitors = [1, 1, 1].map(|times| visitor(&lock, &inside, times));
        visitors[0].killed();
        visitors[1].killed();
        until_quiet();
        assert!(visitors[2].is_gone(), "it is forgotten");
    });
}

#[test]
fn who_is_late_owns_nothing() {
    explore(|| {
        let (lock, inside) = (Lock::new().expect("memory"), Ghost::new());
        let late = hurried_visitor(&lock, &inside);
        late.late();
        let others = [1, 1].map(|times| visitor(&lock, &inside, times));
        until_quiet();
        assert!(others.iter().all(Process::is_gone) && late.is_gone());
        assert_eq!(visit(&lock, &inside, false), Seen::Mine);
    });
}

#[test]
fn an_rlock_is_free_when_it_was_released_as_often() {
    explore(|| {
        let lock = RLock::new().expect("memory");
        let inside = Ghost::<u32>::new();
        let owners = [(); 2].map(|()| {
            let (lock, inside) = (lock.clone(), inside.clone());
            start(move || -> Result<(), Error> {
                let _outer = lock.guard()?;
                let inner = lock.guard()?;
                drop(inner);
                inside.change(|it| *it += 1);
                assert!(lock.locked());
                assert_eq!(inside.look(|it| *it), 1, "two are inside");
                inside.change(|it| *it -= 1);
                Ok(())
            })
        });
        until_quiet();
        for owner in owners {
            owner.join().expect("it lives").expect("a sound lock");
        }
        assert!(!lock.locked());
    });
}

#[test]
fn an_rlock_of_the_dead_is_had_once() {
    explore(|| {
        let lock = RLock::new().expect("memory");
        let owner = {
            let lock = lock.clone();
            start(move || {
                lock.acquire().and_then(|()| lock.acquire())?;
                lock.release().and_then(|()| lock.release())
            })
        };
        owner.killed();
        until_quiet();
        let told = lock.acquire().is_err();
        assert_eq!(told, !owner.left().is_empty());
        if told {
            lock.acquire().expect("it is free");
        }
        lock.release().expect("it is ours");
        assert!(!lock.locked());
    });
}

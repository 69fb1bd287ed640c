//! Clients of a manager that end while they wait, or hold something.

use std::thread;
use std::time::Duration;

use multiprocessing::{
    Error, LockProxy, Manager, Process, RLockProxy, RawValue, Result,
    current_process,
};

use crate::barrier::is_broken;
use crate::harness::{Test, list};
use crate::manager_sync::{manager, ok, once_waiting};
use crate::support::{
    SOON, eventually, joined, killed, sleep_for_ever, started, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    the_next_owner_of_a_managers_lock_is_told_of_the_death,
    one_of_those_who_wait_for_a_managers_lock_is_told,
    a_thread_that_ends_with_a_managers_lock_is_told_as_dead,
    a_death_is_told_to_whoever_comes_first,
    an_owner_of_a_managers_lock_may_leave_a_child_behind,
    a_condition_of_a_manager_tells_of_a_dead_notifier,
    a_notified_waiter_of_a_manager_leaves_its_notification,
    a_notification_is_not_left_to_one_who_came_later,
    a_killed_waiter_of_a_managers_condition_is_none,
    a_party_of_a_managers_barrier_is_told_of_the_death,
    a_dead_party_of_a_managers_barrier_is_none_of_those_who_pass,
    a_client_killed_in_put_puts_nothing,
];

const TOLD: i32 = 42;

fn pid_of(child: &Process<'_>) -> i32 {
    child.pid().ok().flatten().expect("it was started")
}

#[track_caller]
fn tells_of<T: std::fmt::Debug>(told: Result<T>, dead: i32) {
    match told {
        Err(Error::OwnerDied { pid }) => assert_eq!(pid, dead),
        other => panic!("nobody is told: {other:?}"),
    }
}

/// A child that does something and sleeps.
#[track_caller]
fn after<'a>(action: impl Fn() -> Result<()> + 'a) -> Process<'a> {
    let done = RawValue::new(0).expect("there is memory");
    let tell = done.clone();
    let child = started(move || {
        action().expect("the server answers");
        tell.set(1);
        sleep_for_ever();
    });
    eventually(SOON, || done.get() == 1);
    child
}

/// What an owner does, and how the next one comes.
type Way = (fn(&Both) -> Result<()>, fn(&Both) -> Result<()>);

struct Both {
    lock: LockProxy,
    rlock: RLockProxy,
}

fn both(manager: &Manager) -> Both {
    Both {
        lock: manager.lock().expect("a lock"),
        rlock: manager.rlock().expect("a lock"),
    }
}

fn the_next_owner_of_a_managers_lock_is_told_of_the_death() {
    ok(|| {
        let ways: [Way; 6] = [
            (|it| it.lock.acquire(), |it| it.lock.acquire()),
            (|it| it.lock.acquire(), |it| it.lock.try_acquire().map(drop)),
            (
                |it| it.lock.acquire(),
                |it| it.lock.acquire_timeout(SOON).map(drop),
            ),
            (|it| it.rlock.acquire(), |it| it.rlock.acquire()),
            (
                |it| it.rlock.acquire(),
                |it| it.rlock.try_acquire().map(drop),
            ),
            (
                |it| (0..3).try_for_each(|_| it.rlock.acquire()),
                |it| it.rlock.acquire_timeout(SOON).map(drop),
            ),
        ];
        let manager = manager();
        let both = both(&manager);
        for (own, come) in ways {
            let owner = after(|| own(&both));
            killed(&owner);
            assert!(!both.lock.locked()? && !both.rlock.locked()?);
            tells_of(come(&both), pid_of(&owner));
            // It is free, and nobody is told again.
            drop((both.lock.guard()?, both.rlock.guard()?));
        }
        Ok(())
    });
}

fn one_of_those_who_wait_for_a_managers_lock_is_told() {
    ok(|| {
        let manager = manager();
        let lock = manager.lock()?;
        let owner = after(|| lock.acquire());
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
        once_waiting(&manager, 3);
        killed(&owner);
        let mut codes = waiters.each_ref().map(joined);
        codes.sort_unstable();
        assert_eq!(codes, [0, 0, TOLD]);
        Ok(())
    });
}

fn a_thread_that_ends_with_a_managers_lock_is_told_as_dead() {
    ok(|| {
        let manager = manager();
        let lock = manager.lock()?;
        thread::scope(|scope| scope.spawn(|| lock.acquire()).join())
            .expect("no panic")?;
        tells_of(lock.acquire(), current_process().pid());
        lock.acquire()?;
        lock.release()
    });
}

/// Also to one who does not wait, and comes before the server has been told.
fn a_death_is_told_to_whoever_comes_first() {
    ok(|| {
        let manager = manager();
        for _ in 0..100 {
            let lock = manager.lock()?;
            let owner = started(|| lock.acquire());
            assert_eq!(joined(&owner), 0);
            tells_of(lock.try_acquire(), pid_of(&owner));
        }
        Ok(())
    });
}

/// It has a copy of the connection, which does not end with the owner.
fn an_owner_of_a_managers_lock_may_leave_a_child_behind() {
    ok(|| {
        let manager = manager();
        let lock = manager.lock()?;
        let owner = after(|| {
            lock.acquire()?;
            let heir = Process::new(|| sleep_for_ever()).outliving_parent();
            heir.start()?;
            tell("heir", pid_of(&heir));
            Ok(())
        });
        let heir: i32 = told("heir");
        let dead = pid_of(&owner);
        let waiter = started(|| tells_of(lock.acquire(), dead));
        once_waiting(&manager, 1);
        killed(&owner);
        assert_eq!(joined(&waiter), 0);
        let heir = nix::unistd::Pid::from_raw(heir);
        nix::sys::signal::kill(heir, nix::sys::signal::SIGKILL)
            .expect("it is there");
        Ok(())
    });
}

fn a_condition_of_a_manager_tells_of_a_dead_notifier() {
    ok(|| {
        let manager = manager();
        let (condition, asleep) = (manager.condition()?, manager.semaphore(0)?);
        let dead = manager.value(0)?;
        let waiter = started(|| -> Result<()> {
            let _guard = condition.guard()?;
            asleep.release()?;
            tells_of(condition.wait(), dead.get()?);
            // It has the lock, and all others are as before.
            condition.notify()
        });
        asleep.acquire()?;
        let notifier = after(|| {
            dead.set(current_process().pid())?;
            condition.acquire()?;
            condition.notify()
        });
        killed(&notifier);
        assert_eq!(joined(&waiter), 0);
        condition.acquire()?;
        condition.release()
    });
}

fn a_notified_waiter_of_a_manager_leaves_its_notification() {
    ok(|| {
        let manager = manager();
        let (condition, asleep) = (manager.condition()?, manager.semaphore(0)?);
        let waiters = [(); 2].map(|()| {
            let child = started(|| -> Result<()> {
                let _guard = condition.guard()?;
                asleep.release()?;
                condition.wait()
            });
            asleep.acquire().expect("the server answers");
            child
        });
        {
            let _guard = condition.guard()?;
            // It is for the one who waits longest.
            condition.notify()?;
            killed(&waiters[0]);
        }
        assert_eq!(joined(&waiters[1]), 0);
        Ok(())
    });
}

/// This process begins to wait while the one that was notified dies.
fn a_notification_is_not_left_to_one_who_came_later() {
    const LIMIT: Duration = Duration::from_millis(10);
    ok(|| {
        let manager = manager();
        let (condition, asleep) = (manager.condition()?, manager.semaphore(0)?);
        for _ in 0..30 {
            let waiter = started(|| -> Result<()> {
                let _guard = condition.guard()?;
                asleep.release()?;
                condition.wait()
            });
            asleep.acquire()?;
            let _guard = condition.guard()?;
            condition.notify()?;
            waiter.kill()?;
            let outcome = condition.wait_timeout(LIMIT);
            let died = matches!(outcome, Err(Error::OwnerDied { .. }));
            assert!(died || matches!(outcome, Ok(false)), "{outcome:?}");
            joined(&waiter);
        }
        Ok(())
    });
}

fn a_killed_waiter_of_a_managers_condition_is_none() {
    ok(|| {
        let manager = manager();
        let (condition, asleep) = (manager.condition()?, manager.semaphore(0)?);
        let waiters = [(); 3].map(|()| {
            started(|| -> Result<()> {
                let _guard = condition.guard()?;
                asleep.release()?;
                condition.wait()
            })
        });
        (0..3).try_for_each(|_| asleep.acquire())?;
        once_waiting(&manager, 3);
        killed(&waiters[1]);
        for _ in 0..2 {
            let _guard = condition.guard()?;
            condition.notify()?;
        }
        assert_eq!((joined(&waiters[0]), joined(&waiters[2])), (0, 0));
        Ok(())
    });
}

fn a_party_of_a_managers_barrier_is_told_of_the_death() {
    ok(|| {
        let manager = manager();
        let barrier = manager.barrier(4)?;
        let dead = manager.value(0)?;
        for victim in 0..3 {
            let parties = [(); 3].map(|()| {
                started(|| match barrier.wait() {
                    Err(Error::BrokenBarrier { reason }) => {
                        let died = format!("process {} died", dead.get()?);
                        assert!(reason.starts_with(&died), "{reason}");
                        Ok(TOLD)
                    }
                    other => other.map(|_| 0),
                })
            });
            eventually(SOON, || barrier.n_waiting().is_ok_and(|it| it == 3));
            dead.set(pid_of(&parties[victim]))?;
            killed(&parties[victim]);
            let codes = parties.each_ref().map(joined);
            assert!((0..3).all(|it| it == victim || codes[it] == TOLD));
            assert!(barrier.broken()? && is_broken(&barrier.wait()));
            barrier.reset()?;
        }
        Ok(())
    });
}

/// Who comes, or asks, may be the first to see it.
fn a_dead_party_of_a_managers_barrier_is_none_of_those_who_pass() {
    ok(|| {
        let manager = manager();
        for ask in [false, true].repeat(10) {
            let barrier = manager.barrier(2)?;
            let party = started(|| barrier.wait().map(drop));
            eventually(SOON, || barrier.n_waiting().is_ok_and(|it| it == 1));
            killed(&party);
            if ask {
                assert!(barrier.broken()?);
                assert_eq!(barrier.n_waiting()?, 0);
            }
            assert!(is_broken(&barrier.wait()));
        }
        Ok(())
    });
}

fn a_client_killed_in_put_puts_nothing() {
    ok(|| {
        let manager = manager();
        let queue = manager.queue(1)?;
        queue.put(1)?;
        let child = started(|| queue.put(2));
        once_waiting(&manager, 1);
        killed(&child);
        assert_eq!(queue.get()?, 1);
        assert!(matches!(queue.try_get(), Err(Error::Empty)));
        Ok(())
    });
}

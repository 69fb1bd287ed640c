//! Events, conditions and barriers in a manager's server.

use std::fs;
use std::path::Path;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use multiprocessing::{Error, Manager, Result, current_process};

use crate::barrier::is_broken;
use crate::harness::{Test, list};
use crate::support::{SOON, at_least, eventually, in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b205_a_child_sets_and_waits_for_an_event,
    b205_all_who_wait_go_on_though_the_event_is_cleared,
    b205_a_child_waits_at_a_condition,
    b205_so_many_are_notified_as_are_asked_for,
    b205_a_notification_is_for_those_who_wait_already,
    b205_a_condition_is_under_a_lock_of_its_manager,
    b205_a_child_waits_at_a_barrier,
    b205_a_barrier_breaks_and_is_whole_again,
    b205_limits_are_waited_for,
];

const LIMIT: Duration = Duration::from_millis(50);

pub(crate) fn manager() -> Manager {
    Manager::new().expect("a server")
}

#[track_caller]
pub(crate) fn ok(outcome: impl FnOnce() -> Result<()>) {
    outcome().expect("the server answers");
}

/// Waits until `n` calls wait in the server. Who has sent a call may still be
/// on the way there.
#[track_caller]
pub(crate) fn once_waiting(manager: &Manager, n: usize) {
    let threads = format!("/proc/{}/task", manager.pid());
    let waits = |thread: &Path| {
        let of = |name: &str| fs::read_to_string(thread.join(name)).ok();
        let attends = of("comm").is_some_and(|name| name == "client\n");
        let futex = format!("{} ", libc::SYS_futex);
        attends && of("syscall").is_some_and(|call| call.starts_with(&futex))
    };
    eventually(SOON, || {
        let threads = fs::read_dir(&threads).expect("it runs, and is ours");
        let threads = threads.filter_map(|thread| Some(thread.ok()?.path()));
        threads.filter(|thread| waits(thread)).count() == n
    });
}

fn b205_a_child_sets_and_waits_for_an_event() {
    ok(|| {
        let manager = manager();
        let (event, answer) = (manager.event()?, manager.event()?);
        assert!(!event.is_set()? && !event.wait_timeout(Duration::ZERO)?);
        let child = started(|| -> Result<()> {
            event.wait()?;
            answer.set()
        });
        once_waiting(&manager, 1);
        // It goes on, though the event is not set any more when it looks.
        event.set()?;
        event.clear()?;
        assert!(answer.wait_timeout(SOON)? && answer.is_set()?);
        assert_eq!(joined(&child), 0);
        assert!(!event.is_set()?);
        Ok(())
    });
}

/// Some of so many look only when it is cleared already.
fn b205_all_who_wait_go_on_though_the_event_is_cleared() {
    ok(|| {
        let manager = manager();
        let event = manager.event()?;
        for _ in 0..10 {
            thread::scope(|scope| -> Result<()> {
                let wait = || event.wait_timeout(SOON);
                let waiters = [(); 16].map(|()| scope.spawn(wait));
                once_waiting(&manager, 16);
                event.set()?;
                event.clear()?;
                let woken = waiters.map(ScopedJoinHandle::join);
                let mut woken = woken.into_iter();
                assert!(woken.all(|it| matches!(it, Ok(Ok(true)))));
                Ok(())
            })?;
        }
        Ok(())
    });
}

fn b205_a_child_waits_at_a_condition() {
    ok(|| {
        let manager = manager();
        let (condition, state) = (manager.condition()?, manager.value(0)?);
        let child = started(|| -> Result<()> {
            condition.acquire()?;
            condition.acquire()?;
            state.set(1)?;
            condition.notify()?;
            condition.wait_for(|| state.get().is_ok_and(|it| it == 4))?;
            state.set(5)?;
            // It has the lock as often as before.
            condition.release()?;
            condition.release()
        });
        {
            let _guard = condition.guard()?;
            condition.wait_for(|| state.get().is_ok_and(|it| it == 1))?;
        }
        for i in 2..=4 {
            let _guard = condition.guard()?;
            state.set(i)?;
            condition.notify_all()?;
        }
        assert_eq!(joined(&child), 0);
        assert_eq!(state.get()?, 5);
        let without = [condition.wait(), condition.notify_n(2)];
        let not_owner = |it: &_| matches!(it, Err(Error::NotOwner));
        assert!(without.iter().all(not_owner));
        let never = condition.wait_for(|| unreachable!("not without a lock"));
        assert!(not_owner(&never));
        Ok(())
    });
}

fn b205_so_many_are_notified_as_are_asked_for() {
    ok(|| {
        let manager = manager();
        let condition = manager.condition()?;
        let (asleep, woken) = (manager.semaphore(0)?, manager.semaphore(0)?);
        let sleep = || -> Result<()> {
            let _guard = condition.guard()?;
            asleep.release()?;
            condition.wait()?;
            woken.release()
        };
        let sleepers = [(); 6].map(|()| started(sleep));
        (0..6).try_for_each(|_| asleep.acquire())?;
        for n in [1, 2, 0] {
            let before = woken.value()?;
            {
                let _guard = condition.guard()?;
                condition.notify_n(n)?;
            }
            let expected = before + n;
            eventually(SOON, || woken.value().is_ok_and(|it| it >= expected));
            thread::sleep(LIMIT / 5);
            assert_eq!(woken.value()?, expected);
        }
        {
            let _guard = condition.guard()?;
            condition.notify_all()?;
        }
        assert!(sleepers.iter().all(|child| joined(child) == 0));
        assert_eq!(woken.value()?, 6);
        Ok(())
    });
}

fn b205_a_notification_is_for_those_who_wait_already() {
    ok(|| {
        let manager = manager();
        let condition = manager.condition()?;
        let _guard = condition.guard()?;
        condition.notify_all()?;
        assert!(!condition.wait_timeout(LIMIT)?);
        Ok(())
    });
}

fn b205_a_condition_is_under_a_lock_of_its_manager() {
    ok(|| {
        let managers = [manager(), manager()];
        let lock = managers[0].lock()?;
        let rlock = managers[0].rlock()?;
        let foreign = managers[1].condition_with_lock(&lock);
        assert!(matches!(foreign, Err(Error::Invalid { .. })));
        let conditions = [
            managers[0].condition_with_lock(&lock)?,
            managers[0].condition_with_lock(&lock)?,
            managers[0].condition_with_rlock(&rlock)?,
        ];
        for condition in &conditions {
            assert!(!lock.locked()? && !rlock.locked()?);
            let _guard = condition.guard()?;
            assert!(lock.locked()? != rlock.locked()?);
            let child = started(|| -> Result<()> {
                let _guard = condition.guard()?;
                condition.notify()
            });
            assert!(condition.wait_timeout(SOON)?);
            assert_eq!(joined(&child), 0);
        }
        // The lock is the conditions', too.
        drop(lock);
        let [one, other, _] = &conditions;
        one.acquire()?;
        assert!(!other.try_acquire()?);
        other.release()
    });
}

fn b205_a_child_waits_at_a_barrier() {
    ok(|| {
        let manager = manager();
        let barrier = manager.barrier(3)?;
        let places = manager.list()?;
        let party = || -> Result<()> {
            for _ in 0..20 {
                places.append(barrier.wait()?)?;
                barrier.wait()?;
            }
            Ok(())
        };
        let children = [(); 2].map(|()| started(party));
        party()?;
        assert!(children.iter().all(|child| joined(child) == 0));
        for round in places.to_vec()?.chunks_mut(3) {
            round.sort_unstable();
            assert_eq!(round, [0, 1, 2]);
        }
        assert_eq!((barrier.parties()?, barrier.n_waiting()?), (3, 0));
        let alone = manager.barrier(1)?;
        assert_eq!((alone.wait()?, alone.wait()?), (0, 0));
        let nobody = manager.barrier(0);
        assert!(matches!(nobody, Err(Error::Invalid { .. })));
        Ok(())
    });
}

fn b205_a_barrier_breaks_and_is_whole_again() {
    ok(|| {
        let manager = manager();
        let barrier = manager.barrier_with_timeout(2, SOON)?;
        let told = |how: &dyn Fn() -> Result<()>, why: &str| -> Result<()> {
            let child = started(|| match barrier.wait() {
                Err(Error::BrokenBarrier { reason }) => {
                    assert!(reason.contains(why), "{reason}");
                }
                other => panic!("{other:?}"),
            });
            eventually(SOON, || barrier.n_waiting().is_ok_and(|it| it == 1));
            how()?;
            assert_eq!(joined(&child), 0);
            Ok(())
        };
        told(&|| barrier.abort(), "abort() was called")?;
        assert!(barrier.broken()? && is_broken(&barrier.wait()));
        barrier.reset()?;
        assert!(!barrier.broken()?);
        told(&|| barrier.reset(), "reset() was called")?;
        assert!(!barrier.broken()?);
        let late = at_least(LIMIT, || barrier.wait_timeout(LIMIT));
        assert!(is_broken(&late) && barrier.broken()?);
        barrier.reset()?;
        let child = started(|| barrier.wait().map(drop));
        barrier.wait()?;
        assert_eq!(joined(&child), 0);

        let impatient = manager.barrier_with_timeout(2, LIMIT)?;
        assert!(is_broken(&at_least(LIMIT, || impatient.wait())));
        Ok(())
    });
}

fn b205_limits_are_waited_for() {
    ok(|| {
        let manager = manager();
        let (lock, units) = (manager.lock()?, manager.semaphore(0)?);
        let (event, condition) = (manager.event()?, manager.condition()?);
        let queue = manager.joinable_queue(0)?;
        queue.put(current_process().pid())?;
        let _guard = lock.guard()?;
        let child = || -> Result<()> {
            assert!(!at_least(LIMIT, || lock.acquire_timeout(LIMIT))?);
            assert!(!at_least(LIMIT, || units.acquire_timeout(LIMIT))?);
            assert!(!at_least(LIMIT, || event.wait_timeout(LIMIT))?);
            assert!(!at_least(LIMIT, || queue.join_timeout(LIMIT))?);
            let _guard = condition.guard()?;
            assert!(!at_least(LIMIT, || condition.wait_timeout(LIMIT))?);
            let never = || condition.wait_for_timeout(|| false, LIMIT);
            assert!(!at_least(LIMIT, never)?);
            Ok(())
        };
        assert_eq!(in_child(child), 0);
        Ok(())
    });
}

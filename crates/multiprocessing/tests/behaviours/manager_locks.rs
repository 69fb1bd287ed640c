//! Locks and semaphores in a manager's server.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

use multiprocessing::{Error, Result};

use crate::harness::{Test, list};
use crate::manager_sync::{manager, ok, once_waiting};
use crate::support::{in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b081_a_lock_of_a_manager_is_released_once,
    b081_only_the_owner_releases_a_lock_of_a_manager,
    b205_a_child_acquires_a_lock,
    b205_a_lock_keeps_processes_and_threads_out,
    b205_a_child_acquires_an_rlock_twice,
    b205_a_child_takes_units_of_a_semaphore,
    b205_a_child_takes_units_of_a_bounded_semaphore,
];

fn b081_a_lock_of_a_manager_is_released_once() {
    ok(|| {
        let manager = manager();
        let (lock, rlock) = (manager.lock()?, manager.rlock()?);
        lock.acquire()?;
        lock.release()?;
        assert!(matches!(lock.release(), Err(Error::NotOwner)));
        rlock.acquire()?;
        rlock.release()?;
        assert!(matches!(rlock.release(), Err(Error::NotOwner)));
        Ok(())
    });
}

fn b081_only_the_owner_releases_a_lock_of_a_manager() {
    ok(|| {
        let manager = manager();
        let (lock, units) = (manager.lock()?, manager.semaphore(1)?);
        let guards = Cell::new(Some((lock.guard()?, units.guard()?)));
        let refused =
            || assert!(matches!(lock.release(), Err(Error::NotOwner)));
        assert_eq!(in_child(refused), 0);
        thread::scope(|scope| {
            scope.spawn(refused);
        });
        // Nor do the copies of the guards that a child has.
        assert_eq!(in_child(|| drop(guards.take())), 0);
        assert!(lock.locked()? && units.value()? == 0);
        drop(guards.take());
        assert!(!lock.locked()? && units.value()? == 1);
        Ok(())
    });
}

fn b205_a_child_acquires_a_lock() {
    ok(|| {
        let manager = manager();
        let lock = manager.lock()?;
        let child = || -> Result<()> {
            lock.acquire()?;
            assert!(lock.locked()? && !lock.try_acquire()?);
            let twice = lock.acquire();
            assert!(matches!(twice, Err(Error::WouldDeadlock)));
            lock.release()?;
            let _guard = lock.guard()?;
            Ok(())
        };
        assert_eq!(in_child(child), 0);
        assert!(!lock.locked()?);
        assert!(lock.acquire_timeout(Duration::MAX)?);
        let child = started(|| lock.guard().map(drop));
        once_waiting(&manager, 1);
        lock.release()?;
        assert_eq!(joined(&child), 0);
        Ok(())
    });
}

fn b205_a_lock_keeps_processes_and_threads_out() {
    ok(|| {
        let manager = manager();
        let (lock, sum) = (manager.lock()?, manager.value(0)?);
        let add = || -> Result<()> {
            for _ in 0..50 {
                let _guard = lock.guard()?;
                sum.set(sum.get()? + 1)?;
            }
            Ok(())
        };
        let work = || {
            thread::scope(|scope| {
                let thread = scope.spawn(add);
                add()?;
                thread.join().expect("no panic")
            })
        };
        let children = [(); 2].map(|()| started(work));
        work()?;
        assert!(children.iter().all(|child| joined(child) == 0));
        assert_eq!(sum.get()?, 300);
        Ok(())
    });
}

fn b205_a_child_acquires_an_rlock_twice() {
    ok(|| {
        let manager = manager();
        let lock = manager.rlock()?;
        let (held, go_on) = (manager.event()?, manager.event()?);
        let child = started(|| -> Result<()> {
            let _outer = lock.guard()?;
            assert!(lock.try_acquire()?);
            drop(lock.guard()?);
            held.set()?;
            go_on.wait()?;
            lock.release()
        });
        held.wait()?;
        assert!(lock.locked()? && !lock.try_acquire()?);
        go_on.set()?;
        lock.acquire()?;
        assert_eq!(joined(&child), 0);
        lock.release()
    });
}

fn b205_a_child_takes_units_of_a_semaphore() {
    ok(|| {
        let manager = manager();
        let units = manager.semaphore(2)?;
        let child = || -> Result<()> {
            units.acquire()?;
            let guard = units.guard()?;
            assert!(!units.try_acquire()? && units.value()? == 0);
            drop(guard);
            Ok(())
        };
        assert_eq!(in_child(child), 0);
        assert_eq!(units.value()?, 1);
        units.release()?;
        units.release()?;
        assert_eq!(units.value()?, 3);
        (0..3).try_for_each(|_| units.acquire())?;
        let child = started(|| units.acquire());
        once_waiting(&manager, 1);
        units.release()?;
        assert_eq!(joined(&child), 0);
        let too_many = manager.semaphore(u32::MAX);
        assert!(matches!(too_many, Err(Error::Invalid { .. })));
        Ok(())
    });
}

fn b205_a_child_takes_units_of_a_bounded_semaphore() {
    ok(|| {
        let manager = manager();
        let units = manager.bounded_semaphore(1)?;
        assert_eq!(in_child(|| units.guard().map(drop)), 0);
        assert_eq!(units.value()?, 1);
        let full = units.release();
        assert!(matches!(full, Err(Error::ReleasedTooOften { bound: 1 })));
        units.acquire()?;
        units.release()
    });
}

//! Under an explorer each operation begins with a point, one and no more.

use std::time::Duration;

use multiprocessing::{BoundedSemaphore, Lock, RLock, Result, Semaphore};

use crate::harness::{Test, list};
use crate::support::program;
use crate::tracer::{listen, operation, wait_for_listener};

pub(crate) const TESTS: &[Test] = list![
    locks_have_points,
    semaphores_have_points,
    without_an_explorer_there_are_no_points,
];

pub(crate) const PROGRAMS: &[Test] = list![use_locks, use_semaphores];

const SHORT: Duration = Duration::from_millis(10);

#[track_caller]
fn has_points(name: &str) {
    let mut program = program(name);
    program.env("EXPLORED", "1");
    let heard = listen(program);
    assert_eq!(heard.points, heard.said);
    assert!(!heard.said.is_empty());
}

/// A program that says what it does.
#[track_caller]
fn listened(operations: impl FnOnce() -> Result<()>) {
    wait_for_listener();
    operations().expect("nothing can go wrong");
}

fn without_an_explorer_there_are_no_points() {
    for explored in [None, Some(""), Some("0")] {
        for Test { name, .. } in PROGRAMS {
            let mut program = program(name);
            program.env_remove("EXPLORED");
            program.envs(explored.map(|value| ("EXPLORED", value)));
            let heard = listen(program);
            assert_eq!(heard.points, [""; 0]);
            assert!(!heard.said.is_empty());
        }
    }
}

fn locks_have_points() {
    has_points("use_locks");
}

fn use_locks() {
    listened(|| {
        let lock = Lock::new()?;
        operation("Lock.acquire", || lock.acquire())?;
        operation("Lock.release", || lock.release())?;
        operation("Lock.acquire", || lock.acquire_timeout(SHORT))?;
        operation("Lock.acquire", || lock.try_acquire())?;
        operation("Lock.release", || lock.release())?;
        let guard = operation("Lock.acquire", || lock.guard())?;
        operation("Lock.release", || drop(guard));
        let lock = RLock::new()?;
        operation("RLock.acquire", || lock.acquire())?;
        operation("RLock.acquire", || lock.try_acquire())?;
        operation("RLock.acquire", || lock.acquire_timeout(SHORT))?;
        operation("RLock.release", || lock.release())?;
        let guard = operation("RLock.acquire", || lock.guard())?;
        operation("RLock.release", || drop(guard));
        Ok(())
    });
}

fn semaphores_have_points() {
    has_points("use_semaphores");
}

fn use_semaphores() {
    listened(|| {
        let units = Semaphore::new(1)?;
        operation("Semaphore.acquire", || units.acquire())?;
        operation("Semaphore.acquire", || units.try_acquire())?;
        operation("Semaphore.acquire", || units.acquire_timeout(SHORT))?;
        operation("Semaphore.get_value", || units.value());
        operation("Semaphore.release", || units.release())?;
        let guard = operation("Semaphore.acquire", || units.guard())?;
        operation("Semaphore.release", || drop(guard));
        let units = BoundedSemaphore::new(1)?;
        operation("BoundedSemaphore.acquire", || units.acquire())?;
        operation("BoundedSemaphore.acquire", || units.try_acquire())?;
        let limited = || units.acquire_timeout(SHORT);
        operation("BoundedSemaphore.acquire", limited)?;
        operation("BoundedSemaphore.get_value", || units.value());
        operation("BoundedSemaphore.release", || units.release())?;
        let guard = operation("BoundedSemaphore.acquire", || units.guard())?;
        operation("BoundedSemaphore.release", || drop(guard));
        Ok(())
    });
}

//! Under an explorer each operation begins with a point, one and no more.

use std::time::Duration;

use multiprocessing::{
    Array, BoundedSemaphore, Lock, RLock, RawArray, RawValue, Result,
    Semaphore, Value,
};

use crate::harness::{Test, list};
use crate::support::program;
use crate::tracer::{listen, operation, wait_for_listener};

pub(crate) const TESTS: &[Test] = list![
    locks_have_points,
    semaphores_have_points,
    values_have_points,
    arrays_have_points,
    without_an_explorer_there_are_no_points,
];

pub(crate) const PROGRAMS: &[Test] =
    list![use_locks, use_semaphores, use_values, use_arrays];

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

fn values_have_points() {
    has_points("use_values");
}

fn use_values() {
    listened(|| {
        let value = Value::new(1)?;
        operation("Value.value", || value.get())?;
        operation("Value.value =", || value.set(2))?;
        let guard = operation("RLock.acquire", || value.get_lock().guard())?;
        operation("Value.value", || value.get())?;
        operation("RLock.release", || drop(guard));
        operation("RawValue.value", || value.get_obj().get());
        let value = RawValue::new(1)?;
        operation("RawValue.value", || value.get());
        operation("RawValue.value =", || value.set(2));
        Ok(())
    });
}

fn arrays_have_points() {
    has_points("use_arrays");
}

fn use_arrays() {
    listened(|| {
        let array = Array::new(0..10)?;
        operation("Array[]", || array.get(3))?;
        operation("Array[] =", || array.set(3, 4))?;
        operation("Array[:]", || array.slice(1..5))?;
        operation("Array[:] =", || array.set_slice(1, &[2, 3]))?;
        let guard = operation("RLock.acquire", || array.get_lock().guard())?;
        operation("RLock.release", || drop(guard));
        let array = RawArray::new(0..10)?;
        operation("RawArray[]", || array.get(3))?;
        operation("RawArray[] =", || array.set(3, 4))?;
        // An item at a time.
        operation("RawArray[:]\nRawArray[:]", || array.slice(1..3))?;
        let items = [2, 3];
        let assign = || array.set_slice(1, &items);
        operation("RawArray[:] =\nRawArray[:] =", assign)
    });
}

//! Under an explorer each operation begins with a point, one and no more.

use std::time::Duration;

use multiprocessing::{
    Array, BoundedSemaphore, JoinableQueue, Lock, Pipe, Queue, RLock, RawArray,
    RawValue, Result, Semaphore, Value,
};

use crate::harness::{Test, list};
use crate::support::program;
use crate::tracer::{listen, operation, wait_for_listener};

pub(crate) const TESTS: &[Test] = list![
    locks_have_points,
    semaphores_have_points,
    values_have_points,
    arrays_have_points,
    queues_have_points,
    pipes_have_points,
    without_an_explorer_there_are_no_points,
];

pub(crate) const PROGRAMS: &[Test] = list![
    use_locks,
    use_semaphores,
    use_values,
    use_arrays,
    use_queues,
    use_pipes
];

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

fn queues_have_points() {
    has_points("use_queues");
}

fn use_queues() {
    listened(|| {
        let queue = Queue::bounded(3)?;
        operation("Queue.put", || queue.put(1))?;
        operation("Queue.put", || queue.try_put(2))?;
        operation("Queue.put", || queue.put_timeout(3, SHORT))?;
        // The wait has no points of its own.
        operation("Queue.put", || queue.put_timeout(4, SHORT)).ok();
        operation("Queue.qsize", || queue.qsize())?;
        operation("Queue.empty", || queue.empty())?;
        operation("Queue.full", || queue.full())?;
        operation("Queue.get", || queue.get())?;
        operation("Queue.get", || queue.try_get())?;
        operation("Queue.get", || queue.get_timeout(SHORT))?;
        operation("Queue.get", || queue.get_timeout(SHORT)).ok();
        let queue = JoinableQueue::unbounded()?;
        operation("Queue.put", || queue.put(1))?;
        operation("JoinableQueue.join", || queue.join_timeout(SHORT))?;
        operation("JoinableQueue.task_done", || queue.task_done())?;
        operation("JoinableQueue.join", || queue.join())
    });
}

fn pipes_have_points() {
    has_points("use_pipes");
}

fn use_pipes() {
    listened(|| {
        let (reader, writer) = Pipe::one_way()?;
        operation("Connection.send", || writer.send("text"))?;
        operation("Connection.poll", || reader.poll(SHORT))?;
        operation("Connection.recv", || reader.recv::<String>())?;
        operation("Connection.send_bytes", || writer.send_bytes(b"text"))?;
        operation("Connection.recv_bytes", || reader.recv_bytes())?;
        operation("Connection.send_bytes", || writer.send_bytes(b"text"))?;
        let mut place = [0; 4];
        let receive = || reader.recv_bytes_into(&mut place);
        operation("Connection.recv_bytes_into", receive).map(drop)
    });
}

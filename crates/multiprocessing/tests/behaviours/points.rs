//! Under an explorer each operation begins with a point, one and no more.

use std::time::Duration;

use multiprocessing::{
    Array, BoundedSemaphore, ForkResult, JoinableQueue, Lock, Manager, Pipe,
    Process, Queue, RLock, RawArray, RawValue, Result, Semaphore, Value,
    active_children, fork, parent_process,
};

use crate::harness::{Test, list};
use crate::support::{program, sleep_for_ever, started};
use crate::tracer::{listen, operation, points_of, wait_for_listener};
use crate::{points_manager, points_pool, points_waiting};

pub(crate) const TESTS: &[Test] = list![
    locks_have_points,
    semaphores_have_points,
    values_have_points,
    arrays_have_points,
    queues_have_points,
    pipes_have_points,
    processes_have_points,
    the_end_of_a_program_has_points,
    a_child_has_points_of_its_own,
    dicts_of_a_manager_have_points,
    lists_of_a_manager_have_points,
    queues_of_a_manager_have_points,
    without_an_explorer_there_are_no_points,
];

pub(crate) const PROGRAMS: &[Test] = list![
    use_locks,
    use_semaphores,
    use_values,
    use_arrays,
    use_queues,
    use_pipes,
    use_processes,
    leave_a_child,
    listen_to_a_child,
    use_a_dict,
    use_a_list,
    use_a_queue,
];

pub(crate) const SHORT: Duration = Duration::from_millis(10);

#[track_caller]
pub(crate) fn has_points(name: &str) {
    let mut program = program(name);
    program.env("EXPLORED", "1");
    let heard = listen(program);
    assert_eq!(heard.points, heard.said);
    assert!(!heard.said.is_empty());
}

/// The body of a program that says what it does.
#[track_caller]
pub(crate) fn listened(operations: impl FnOnce() -> Result<()>) {
    wait_for_listener();
    operations().expect("nothing can go wrong");
}

fn without_an_explorer_there_are_no_points() {
    let programs = [
        PROGRAMS,
        points_manager::PROGRAMS,
        points_pool::PROGRAMS,
        points_waiting::PROGRAMS,
    ]
    .concat();
    let silent = |Test { name, .. }: &&Test| *name != "listen_to_a_child";
    for explored in [None, Some(""), Some("0")] {
        for Test { name, .. } in programs.iter().filter(silent) {
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
        operation("RLock.locked", || lock.locked());
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
        operation("Array[:] =", || array.update(1..3, |it| it + 1))?;
        let guard = operation("RLock.acquire", || array.get_lock().guard())?;
        operation("RLock.release", || drop(guard));
        let array = RawArray::new(0..10)?;
        operation("RawArray[]", || array.get(3))?;
        operation("RawArray[] =", || array.set(3, 4))?;
        // An item at a time.
        operation("RawArray[:]\nRawArray[:]", || array.slice(1..3))?;
        let items = [2, 3];
        let assign = || array.set_slice(1, &items);
        operation("RawArray[:] =\nRawArray[:] =", assign)?;
        let update = || array.update(1..2, |it| it + 1);
        operation("RawArray[]\nRawArray[] =", update)
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

fn processes_have_points() {
    has_points("use_processes");
}

fn use_processes() {
    listened(|| {
        let child = Process::new(sleep_for_ever);
        operation("Process.start", || child.start())?;
        operation("Process.is_alive", || child.is_alive())?;
        operation("active_children", active_children);
        operation("Process.join", || child.join_timeout(SHORT))?;
        operation("Process.terminate", || child.terminate())?;
        operation("Process.join", || child.join())?;
        operation("Process.exitcode", || child.exitcode())?;
        let child = Process::new(sleep_for_ever);
        operation("Process.start", || child.start())?;
        operation("Process.kill", || child.kill())?;
        let another = Process::new(|| ());
        // It looks whether the other has ended, which is part of the start.
        operation("Process.start", || another.start())?;
        operation("Process.join", || child.join())?;
        operation("Process.join", || another.join())?;
        let forked = operation("fork", fork)?;
        let ForkResult::Parent { child, .. } = forked else {
            std::process::exit(0);
        };
        operation("Process.join", || child.join())
    });
}

fn the_end_of_a_program_has_points() {
    has_points("leave_a_child");
}

fn leave_a_child() {
    listened(|| {
        let child = Process::new(|| ());
        operation("Process.start", || child.start())
    });
    // As if it called it itself.
    println!("Process.join");
}

fn a_child_has_points_of_its_own() {
    let mut program = program("listen_to_a_child");
    let status = program.env("EXPLORED", "1").status();
    assert!(status.expect("it can be started").success());
}

fn listen_to_a_child() {
    let child = started(|| {
        wait_for_listener();
        let parent = parent_process().expect("it has one");
        parent.is_alive()?;
        parent.join_timeout(SHORT).map(drop)
    });
    let pid = child.pid().expect("it is open").expect("it was started");
    let points = points_of(pid);
    assert_eq!(points, ["ParentProcess.is_alive", "ParentProcess.join"]);
}

fn dicts_of_a_manager_have_points() {
    has_points("use_a_dict");
}

fn use_a_dict() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        operation("Manager.dict", || manager.dict_from([(1, 2)]))?;
        let dict = operation("Manager.dict", || manager.dict())?;
        operation("dict[] =", || dict.set(1, 2))?;
        operation("dict.update", || dict.update([(2, 3)]))?;
        operation("dict.setdefault", || dict.setdefault(3, 4))?;
        operation("dict.get", || dict.get(&1))?;
        operation("dict.pop", || dict.remove(&1))?;
        operation("dict.popitem", || dict.popitem())?;
        operation("in dict", || dict.contains_key(&1))?;
        operation("len(dict)", || dict.len())?;
        operation("not dict", || dict.is_empty())?;
        operation("dict.keys", || dict.keys())?;
        operation("dict.values", || dict.values())?;
        operation("dict.items", || dict.items())?;
        operation("dict.copy", || dict.copy::<Vec<_>>())?;
        operation("dict.clear", || dict.clear())?;
        operation("Manager.shutdown", || manager.shutdown())?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn lists_of_a_manager_have_points() {
    has_points("use_a_list");
}

fn use_a_list() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        operation("Manager.list", || manager.list_from([1, 2]))?;
        let list = operation("Manager.list", || manager.list())?;
        operation("list.append", || list.append(1))?;
        operation("list.extend", || list.extend([3, 2, 1]))?;
        operation("list[]", || list.get(0))?;
        operation("list[] =", || list.set(0, 4))?;
        operation("list[:]", || list.slice(1..2))?;
        operation("list[:]", || list.to_vec())?;
        operation("list[:] =", || list.set_slice(1..2, [5]))?;
        operation("list.insert", || list.insert(0, 6))?;
        operation("list.pop", || list.pop())?;
        operation("list.pop", || list.pop_at(0))?;
        operation("list.index", || list.index(&5))?;
        operation("list.remove", || list.remove(&5))?;
        operation("list.count", || list.count(&5))?;
        operation("len(list)", || list.len())?;
        operation("not list", || list.is_empty())?;
        operation("list.reverse", || list.reverse())?;
        operation("list *=", || list.repeat(2))?;
        operation("list.sort", || list.sort())?;
        operation("list.sort", || list.sort_by(|one, two| two.cmp(one)))?;
        operation("list.clear", || list.clear())?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn queues_of_a_manager_have_points() {
    has_points("use_a_queue");
}

fn use_a_queue() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        let queue = operation("Manager.Queue", || manager.queue(3))?;
        operation("Queue.put", || queue.put(1))?;
        operation("Queue.put", || queue.try_put(2))?;
        operation("Queue.put", || queue.put_timeout(3, SHORT))?;
        operation("Queue.qsize", || queue.qsize())?;
        operation("Queue.empty", || queue.empty())?;
        operation("Queue.full", || queue.full())?;
        operation("Queue.get", || queue.get())?;
        operation("Queue.get", || queue.try_get())?;
        operation("Queue.get", || queue.get_timeout(SHORT))?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

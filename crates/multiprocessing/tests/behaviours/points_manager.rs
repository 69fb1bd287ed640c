//! Points of what a manager has beside dicts, lists and queues.

use multiprocessing::Manager;

use crate::harness::{Test, list};
use crate::points::{SHORT, has_points, listened};
use crate::tracer::operation;

pub(crate) const TESTS: &[Test] = list![
    locks_of_a_manager_have_points,
    semaphores_of_a_manager_have_points,
    events_of_a_manager_have_points,
    conditions_of_a_manager_have_points,
    barriers_of_a_manager_have_points,
    values_of_a_manager_have_points,
    joinable_queues_of_a_manager_have_points,
];

pub(crate) const PROGRAMS: &[Test] = list![
    use_locks_of_a_manager,
    use_semaphores_of_a_manager,
    use_an_event_of_a_manager,
    use_a_condition_of_a_manager,
    use_a_barrier_of_a_manager,
    use_values_of_a_manager,
    use_a_joinable_queue_of_a_manager,
];

fn locks_of_a_manager_have_points() {
    has_points("use_locks_of_a_manager");
}

fn use_locks_of_a_manager() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        let lock = operation("Manager.Lock", || manager.lock())?;
        operation("Lock.acquire", || lock.acquire())?;
        operation("Lock.acquire", || lock.try_acquire())?;
        operation("Lock.locked", || lock.locked())?;
        operation("Lock.release", || lock.release())?;
        operation("Lock.acquire", || lock.acquire_timeout(SHORT))?;
        operation("Lock.release", || lock.release())?;
        let guard = operation("Lock.acquire", || lock.guard())?;
        operation("Lock.release", || drop(guard));
        let lock = operation("Manager.RLock", || manager.rlock())?;
        operation("RLock.acquire", || lock.acquire())?;
        operation("RLock.acquire", || lock.try_acquire())?;
        operation("RLock.acquire", || lock.acquire_timeout(SHORT))?;
        operation("RLock.locked", || lock.locked())?;
        operation("RLock.release", || lock.release())?;
        let count = || manager.number_of_objects();
        operation("Manager.number_of_objects", count)?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn semaphores_of_a_manager_have_points() {
    has_points("use_semaphores_of_a_manager");
}

fn use_semaphores_of_a_manager() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        let units = operation("Manager.Semaphore", || manager.semaphore(1))?;
        operation("Semaphore.acquire", || units.acquire())?;
        operation("Semaphore.acquire", || units.try_acquire())?;
        operation("Semaphore.acquire", || units.acquire_timeout(SHORT))?;
        operation("Semaphore.get_value", || units.value())?;
        operation("Semaphore.release", || units.release())?;
        let make = || manager.bounded_semaphore(1);
        let units = operation("Manager.BoundedSemaphore", make)?;
        let guard = operation("BoundedSemaphore.acquire", || units.guard())?;
        operation("BoundedSemaphore.get_value", || units.value())?;
        operation("BoundedSemaphore.release", || drop(guard));
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn events_of_a_manager_have_points() {
    has_points("use_an_event_of_a_manager");
}

fn use_an_event_of_a_manager() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        let event = operation("Manager.Event", || manager.event())?;
        operation("Event.wait", || event.wait_timeout(SHORT))?;
        operation("Event.set", || event.set())?;
        operation("Event.is_set", || event.is_set())?;
        operation("Event.wait", || event.wait())?;
        operation("Event.clear", || event.clear())?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn conditions_of_a_manager_have_points() {
    has_points("use_a_condition_of_a_manager");
}

fn use_a_condition_of_a_manager() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        let lock = operation("Manager.Lock", || manager.lock())?;
        let under = || manager.condition_with_lock(&lock);
        operation("Manager.Condition", under)?;
        let condition = operation("Manager.Condition", || manager.condition())?;
        operation("Condition.acquire", || condition.acquire())?;
        operation("Condition.acquire", || condition.try_acquire())?;
        let limited = || condition.acquire_timeout(SHORT);
        operation("Condition.acquire", limited)?;
        operation("Condition.wait", || condition.wait_timeout(SHORT))?;
        operation("Condition.wait_for", || condition.wait_for(|| true))?;
        let wait_for = || condition.wait_for_timeout(|| false, SHORT);
        operation("Condition.wait_for", wait_for)?;
        operation("Condition.notify", || condition.notify())?;
        operation("Condition.notify", || condition.notify_n(2))?;
        operation("Condition.notify_all", || condition.notify_all())?;
        operation("Condition.release", || condition.release())?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn barriers_of_a_manager_have_points() {
    has_points("use_a_barrier_of_a_manager");
}

fn use_a_barrier_of_a_manager() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        let limited = || manager.barrier_with_timeout(1, SHORT);
        operation("Manager.Barrier", limited)?;
        let barrier = operation("Manager.Barrier", || manager.barrier(1))?;
        operation("Barrier.wait", || barrier.wait())?;
        operation("Barrier.wait", || barrier.wait_timeout(SHORT))?;
        operation("Barrier.parties", || barrier.parties())?;
        operation("Barrier.n_waiting", || barrier.n_waiting())?;
        operation("Barrier.abort", || barrier.abort())?;
        operation("Barrier.broken", || barrier.broken())?;
        operation("Barrier.reset", || barrier.reset())?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn values_of_a_manager_have_points() {
    has_points("use_values_of_a_manager");
}

fn use_values_of_a_manager() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        let value = operation("Manager.Value", || manager.value(1))?;
        operation("Value.value", || value.get())?;
        operation("Value.value =", || value.set(2))?;
        let array = operation("Manager.Array", || manager.array(0..9))?;
        operation("Array[]", || array.get(3))?;
        operation("Array[] =", || array.set(3, 4))?;
        operation("Array[:]", || array.slice(1..5))?;
        operation("Array[:] =", || array.set_slice(1, &[2, 3]))?;
        operation("len(Array)", || array.len())?;
        operation("not Array", || array.is_empty())?;
        let namespace = operation("Manager.Namespace", || manager.namespace())?;
        operation("Namespace.name =", || namespace.set("x", 1))?;
        operation("Namespace.name", || namespace.get::<i32>("x"))?;
        operation("dir(Namespace)", || namespace.names())?;
        operation("del Namespace.name", || namespace.delete("x"))?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn joinable_queues_of_a_manager_have_points() {
    has_points("use_a_joinable_queue_of_a_manager");
}

fn use_a_joinable_queue_of_a_manager() {
    listened(|| {
        let manager = operation("Manager()", Manager::new)?;
        let make = || manager.joinable_queue(0);
        let queue = operation("Manager.JoinableQueue", make)?;
        operation("Queue.put", || queue.put(1))?;
        operation("JoinableQueue.join", || queue.join_timeout(SHORT))?;
        operation("JoinableQueue.task_done", || queue.task_done())?;
        operation("JoinableQueue.join", || queue.join())?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

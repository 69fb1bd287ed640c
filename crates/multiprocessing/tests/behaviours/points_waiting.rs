//! Points of what processes wait for each other with.

use std::time::Duration;

use multiprocessing::{Barrier, Condition, Event};

use crate::harness::{Test, list};
use crate::points::{has_points, listened};
use crate::tracer::operation;

pub(crate) const TESTS: &[Test] = list![
    events_have_points,
    conditions_have_points,
    barriers_have_points
];

pub(crate) const PROGRAMS: &[Test] =
    list![use_events, use_conditions, use_barriers];

const SHORT: Duration = Duration::from_millis(10);

fn events_have_points() {
    has_points("use_events");
}

fn use_events() {
    listened(|| {
        let event = Event::new()?;
        // The waits have no points of their own.
        operation("Event.wait", || event.wait_timeout(SHORT))?;
        operation("Event.set", || event.set())?;
        operation("Event.is_set", || event.is_set());
        operation("Event.wait", || event.wait())?;
        operation("Event.clear", || event.clear())
    });
}

fn conditions_have_points() {
    has_points("use_conditions");
}

fn use_conditions() {
    listened(|| {
        let condition = Condition::new()?;
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
        let guard = operation("Condition.acquire", || condition.guard())?;
        operation("Condition.release", || drop(guard));
        Ok(())
    });
}

fn barriers_have_points() {
    has_points("use_barriers");
}

fn use_barriers() {
    listened(|| {
        let barrier = Barrier::new(1)?;
        operation("Barrier.wait", || barrier.wait())?;
        operation("Barrier.wait", || barrier.wait_timeout(SHORT))?;
        operation("Barrier.n_waiting", || barrier.n_waiting());
        operation("Barrier.abort", || barrier.abort())?;
        operation("Barrier.broken", || barrier.broken());
        operation("Barrier.reset", || barrier.reset())?;
        let barrier = Barrier::new(2)?;
        operation("Barrier.wait", || barrier.wait_timeout(SHORT)).ok();
        Ok(())
    });
}

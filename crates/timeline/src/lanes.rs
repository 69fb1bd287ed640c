//! Which task is drawn in which column.

use std::cmp::Reverse;

use explore::{Event, TaskId, Trace, What};

use crate::names::number;
use crate::states::State;
use crate::words::count;

/// A column.
pub(crate) struct Lane {
    pub(crate) name: String,
    /// Below the name.
    pub(crate) detail: String,
    /// Whom it shows.
    pub(crate) tasks: Vec<TaskId>,
}

/// All columns, in the order of births.
pub(crate) struct Lanes {
    pub(crate) all: Vec<Lane>,
    of: Vec<usize>,
}

impl Lanes {
    /// At most `most` lanes. If there are more tasks, the main thread and
    /// those that are busiest have their own, and the others share the last.
    pub(crate) fn new(
        trace: &Trace,
        events: &[&Event],
        names: &[String],
        most: usize,
    ) -> Self {
        let tasks = trace.tasks.len();
        let mut own: Vec<TaskId> = (0..tasks).collect();
        if tasks > most {
            let business = business(tasks, events);
            own.sort_by_key(|&id| (id > 0, Reverse(business[id]), id));
            own.truncate(most - 1);
            own.sort_unstable();
        }
        let lane = |&id: &TaskId| Lane {
            name: names[id].clone(),
            detail: number(trace, id),
            tasks: vec![id],
        };
        let mut all: Vec<Lane> = own.iter().map(lane).collect();
        let others: Vec<_> =
            (0..tasks).filter(|id| !own.contains(id)).collect();
        if !others.is_empty() {
            all.push(Lane {
                name: count(others.len(), "other", "others"),
                detail: "shared".into(),
                tasks: others,
            });
        }
        let mut of = vec![0; tasks];
        for (place, lane) in all.iter().enumerate() {
            for &id in &lane.tasks {
                of[id] = place;
            }
        }
        Self { all, of }
    }

    /// The lane of a task.
    pub(crate) fn of(&self, id: TaskId) -> usize {
        self.of[id]
    }

    /// Whether it shares its lane.
    pub(crate) fn shares(&self, id: TaskId) -> bool {
        self.all[self.of[id]].tasks.len() > 1
    }

    /// What each lane shows, if this is what its tasks do.
    pub(crate) fn states(&self, state: impl Fn(TaskId) -> State) -> Vec<State> {
        let together = |lane: &Lane| {
            let states = lane.tasks.iter().map(|&id| state(id));
            states.reduce(State::and).unwrap_or(State::Absent)
        };
        self.all.iter().map(together).collect()
    }
}

/// For each task, of how much the drawing would tell.
fn business(tasks: usize, events: &[&Event]) -> Vec<(usize, usize)> {
    let mut all = vec![(0, 0); tasks];
    for event in events {
        match event.what {
            What::Printed(_) => all[event.task].0 += 1,
            What::Chosen | What::Woke => {}
            _ => all[event.task].1 += 1,
        }
    }
    all
}

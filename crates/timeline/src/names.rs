//! What the tasks are called.

use std::collections::BTreeSet;

use explore::{TaskId, Trace};

use crate::Labels;
use crate::width::visible;

/// A name for each task, all different.
pub(crate) fn names(trace: &Trace, labels: &Labels) -> Vec<String> {
    let (mut processes, mut threads) = (0, 0);
    let mut taken = BTreeSet::new();
    let tasks = trace.tasks.iter().enumerate();
    tasks
        .map(|(id, task)| {
            let place = match (id, task.is_process()) {
                (0, _) => "main".into(),
                (_, true) => numbered("Process", &mut processes),
                (_, false) => numbered("Thread", &mut threads),
            };
            let given = labels.names.get(&id);
            let own = task.name.as_ref().filter(|_| id > 0);
            let name = given.or(own).filter(|name| !name.trim().is_empty());
            let name = name.map_or(place, |name| visible(name.trim()));
            different(name, &mut taken)
        })
        .collect()
}

fn numbered(kind: &str, number: &mut usize) -> String {
    *number += 1;
    format!("{kind} {number}")
}

/// `name`, or if that is taken `name (2)`.
fn different(name: String, taken: &mut BTreeSet<String>) -> String {
    let again = (2..).map(|number| format!("{name} ({number})"));
    let free = std::iter::once(name.clone())
        .chain(again)
        .find(|name| !taken.contains(name))
        .unwrap_or(name);
    taken.insert(free.clone());
    free
}

/// The number by which the kernel, and perhaps the output, knows a task.
pub(crate) fn number(trace: &Trace, id: TaskId) -> String {
    match &trace.tasks[id] {
        task if task.is_process() => format!("pid {}", task.pid),
        task => format!("tid {}", task.tid),
    }
}

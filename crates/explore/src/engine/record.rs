//! Writes down what happens.

use std::collections::HashSet;
use std::time::Duration;

use crate::trace::{Event, TaskId, What};

/// What has happened so far.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) events: Vec<Event>,
    /// What has come of a line that has not ended yet, and who began it.
    begun: Vec<u8>,
    author: Option<TaskId>,
    /// Who has learned of whose end.
    joined: HashSet<(TaskId, TaskId)>,
}

impl Record {
    pub(crate) fn add(&mut self, at: Duration, task: TaskId, what: What) {
        self.events.push(Event { at, task, what });
    }

    /// It has learned that another task has ended.
    pub(crate) fn join(&mut self, at: Duration, task: TaskId, other: TaskId) {
        if self.joined.insert((task, other)) {
            self.add(at, task, What::Joined(other));
        }
    }

    /// It has printed something. A line belongs to the one who began it.
    pub(crate) fn print(&mut self, at: Duration, task: TaskId, bytes: &[u8]) {
        for byte in bytes {
            let author = *self.author.get_or_insert(task);
            if *byte == b'\n' {
                self.end_line(at, author);
            } else {
                self.begun.push(*byte);
            }
        }
    }

    /// Puts the events from this one on into an order: first those of the task
    /// that was chosen, then what came of them for the others.
    pub(crate) fn order(
        &mut self,
        from: usize,
        chosen: Option<TaskId>,
        now: Duration,
    ) {
        let events = &mut self.events[from..];
        for event in &mut *events {
            if Some(event.task) != chosen {
                event.at = now;
            }
        }
        events.sort_by_key(|event| (Some(event.task) != chosen, event.task));
    }

    /// Ends a line that was never ended.
    pub(crate) fn finish(&mut self, at: Duration) {
        if let Some(author) = self.author {
            self.end_line(at, author);
        }
    }

    fn end_line(&mut self, at: Duration, author: TaskId) {
        let line = String::from_utf8_lossy(&self.begun).into_owned();
        self.begun.clear();
        self.author = None;
        self.add(at, author, What::Printed(line));
    }
}

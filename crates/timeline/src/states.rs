//! What each task is doing at a moment of the run.

use explore::{Event, TaskId, Trace, Wait, What};

use crate::words::label;

/// What a task is doing, as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It is not there: not yet, or no more.
    Absent,
    Running,
    /// It could run, and another one was chosen.
    Paused,
    Sleeping(String),
    /// It waits for others.
    Blocked(String),
    /// It has ended, and somebody will join it.
    Awaited,
}

impl State {
    /// What is drawn of two tasks that share a lane.
    pub(crate) fn and(self, other: Self) -> Self {
        let several = || "several wait".to_owned();
        match (self, other) {
            (Self::Running, _) | (_, Self::Running) => Self::Running,
            (Self::Paused, _) | (_, Self::Paused) => Self::Paused,
            (Self::Blocked(one), Self::Blocked(other)) if one == other => {
                Self::Blocked(one)
            }
            (Self::Blocked(_), Self::Blocked(_) | Self::Sleeping(_))
            | (Self::Sleeping(_), Self::Blocked(_)) => Self::Blocked(several()),
            (Self::Sleeping(one), Self::Sleeping(other)) if one == other => {
                Self::Sleeping(one)
            }
            (Self::Sleeping(_), Self::Sleeping(_)) => Self::Sleeping(several()),
            (state @ (Self::Blocked(_) | Self::Sleeping(_)), _)
            | (_, state @ (Self::Blocked(_) | Self::Sleeping(_))) => state,
            (Self::Awaited, _) | (_, Self::Awaited) => Self::Awaited,
            (Self::Absent, Self::Absent) => Self::Absent,
        }
    }

    /// For what it waits, if it does.
    pub(crate) fn label(&self) -> Option<&str> {
        match self {
            Self::Sleeping(label) | Self::Blocked(label) => Some(label),
            _ => None,
        }
    }
}

/// What is known of one task.
#[derive(Default)]
struct Life {
    born: bool,
    ended: bool,
    waits: Option<State>,
    /// What it says that it does; None as soon as it does something else.
    doing: Option<String>,
    /// How often it will still be joined.
    joins: usize,
}

/// The tasks, while the events of the run pass by.
pub(crate) struct Tasks {
    lives: Vec<Life>,
    /// Whether only one runs at a time.
    explored: bool,
    chosen: Option<TaskId>,
}

impl Tasks {
    /// At the start of the run with these events.
    pub(crate) fn new(trace: &Trace, events: &[&Event]) -> Self {
        let mut lives: Vec<_> =
            trace.tasks.iter().map(|_| Life::default()).collect();
        for event in events {
            if let What::Joined(child) = event.what {
                lives[child].joins += 1;
            }
        }
        if let Some(main) = lives.first_mut() {
            main.born = true;
        }
        let explored = is_explored(events);
        Self {
            lives,
            explored,
            chosen: explored.then_some(0),
        }
    }

    pub(crate) fn state(&self, id: TaskId) -> State {
        let life = &self.lives[id];
        match &life.waits {
            _ if !life.born => State::Absent,
            _ if life.ended && life.joins > 0 => State::Awaited,
            _ if life.ended => State::Absent,
            Some(waits) => waits.clone(),
            None if self.explored && self.chosen != Some(id) => State::Paused,
            None => State::Running,
        }
    }

    /// Those who are there.
    pub(crate) fn alive(&self) -> impl Iterator<Item = TaskId> {
        let there = |life: &Life| life.born && !life.ended;
        (0..self.lives.len()).filter(move |&id| there(&self.lives[id]))
    }

    /// Lets `id` wait from here on.
    pub(crate) fn wait(&mut self, id: TaskId, wait: &Wait) {
        let life = &mut self.lives[id];
        let label = label(wait, life.doing.as_deref());
        life.waits = Some(match wait {
            Wait::Sleep(_) => State::Sleeping(label),
            _ => State::Blocked(label),
        });
    }

    pub(crate) fn pass(&mut self, event: &Event) {
        let id = event.task;
        self.lives[id].born = true;
        // Whoever acts has been chosen, whether that was worth telling or not.
        if !matches!(event.what, What::Woke | What::Ended(_)) {
            self.chosen = Some(id);
        }
        match &event.what {
            What::Chosen => return,
            What::Operation(name) => {
                self.lives[id].doing = Some(name.clone());
                return;
            }
            What::Waits(wait) => self.wait(id, wait),
            What::Woke => self.lives[id].waits = None,
            What::Started(child) => self.lives[*child].born = true,
            What::Joined(child) => self.lives[*child].joins -= 1,
            What::Ended(_) => self.lives[id].ended = true,
            What::Printed(_) => {}
        }
        self.lives[id].doing = None;
    }
}

/// Whether a scheduler has chosen who runs.
pub(crate) fn is_explored(events: &[&Event]) -> bool {
    events.iter().any(|event| event.what == What::Chosen)
}

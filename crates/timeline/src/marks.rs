//! Which events of a run a reader wants to see.

use explore::{Ended, Event, TaskId, Wait, What};

use crate::width::visible;
use crate::words::{self, label, milliseconds};

/// An event that is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) by: TaskId,
    pub(crate) what: Deed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Tasks that share a lane, one after the other, are told together: the
    /// first, and how many more.
    Starts(TaskId, usize),
    Joins(TaskId, usize),
    /// An operation that went through at once.
    Does(String),
    Prints(String),
    /// It waits from here on; as a sentence goes on.
    Waits(String),
    Ends(Ended),
    /// It waits, and nobody will ever wake it.
    Forever,
    /// Here it was stopped from outside.
    Cut,
}

/// How much a reader wants to see it. The least is left out first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    Operation,
    Wait,
    Always,
}

impl Mark {
    pub(crate) fn weight(&self) -> Weight {
        match self.what {
            Deed::Does(_) => Weight::Operation,
            Deed::Waits(_) => Weight::Wait,
            _ => Weight::Always,
        }
    }

    /// Counts `next` with this one, if it does the same with a task for which
    /// `together` holds, as for this one's.
    pub(crate) fn count_in(
        &mut self,
        next: &Self,
        together: impl Fn(TaskId) -> bool,
    ) -> bool {
        let same = self.by == next.by;
        match (&mut self.what, &next.what) {
            (Deed::Starts(one, more), Deed::Starts(other, _))
            | (Deed::Joins(one, more), Deed::Joins(other, _))
                if same && together(*one) && together(*other) =>
            {
                *more += 1;
                true
            }
            _ => false,
        }
    }

    pub(crate) fn line(&self) -> Option<&str> {
        match &self.what {
            Deed::Prints(line) => Some(line),
            _ => None,
        }
    }

    /// Whether nothing follows it in its lane.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self.what, Deed::Ends(_) | Deed::Forever | Deed::Cut)
    }

    /// What is written beside the lane; waits are, as long as they last.
    pub(crate) fn label(&self) -> Option<String> {
        match &self.what {
            Deed::Starts(_, more) => Some(times("start", *more)),
            Deed::Joins(_, more) => Some(times("join", *more)),
            Deed::Does(operation) => Some(operation.clone()),
            Deed::Ends(ended) => words::end(*ended),
            Deed::Forever => Some("for ever".into()),
            Deed::Cut => Some("stopped".into()),
            Deed::Prints(_) | Deed::Waits(_) => None,
        }
    }

    /// It as a sentence.
    pub(crate) fn sentence(&self, names: &[String]) -> String {
        let what = match &self.what {
            Deed::Starts(first, more) => {
                format!("starts {}", and_more(&names[*first], *more))
            }
            Deed::Joins(first, more) => {
                format!("joins {}", and_more(&names[*first], *more))
            }
            Deed::Does(operation) => format!("does {operation}"),
            Deed::Prints(line) => format!("prints “{line}”"),
            Deed::Waits(what) => what.clone(),
            Deed::Ends(ended) => words::ends(*ended),
            Deed::Forever => "waits for ever".into(),
            Deed::Cut => "is stopped".into(),
        };
        format!("{} {what}", names[self.by])
    }
}

fn times(what: &str, more: usize) -> String {
    match more {
        0 => what.into(),
        more => format!("{}×{what}", more + 1),
    }
}

fn and_more(name: &str, more: usize) -> String {
    match more {
        0 => name.into(),
        more => format!("{name} and {more} more"),
    }
}

/// What has been told of a task.
#[derive(Clone, Default)]
struct Told<'a> {
    /// What it says that it does.
    doing: Option<&'a str>,
    /// What it was last said to wait for, if it did nothing since.
    waits: Option<String>,
}

/// The mark of each event, if it has one.
pub(crate) fn marks<'a>(
    events: &[&'a Event],
    tasks: usize,
) -> Vec<Option<Mark>> {
    let next = next_of_same_task(events, tasks);
    let moves = moves_before(events);
    let mut told = vec![Told::default(); tasks];
    let mark = |(at, &event): (usize, &&'a Event)| {
        let next = next[at];
        let seen = next.is_none_or(|next| {
            moves[next] > moves[at] + 1
                || milliseconds(event.at) < milliseconds(events[next].at)
        });
        let then = next.map(|next| &events[next].what);
        let what = deed(&event.what, &mut told[event.task], then, seen)?;
        Some(Mark {
            by: event.task,
            what,
        })
    };
    events.iter().enumerate().map(mark).collect()
}

/// What is told of an event; `then` is what the same task does next, and
/// `seen` whether anything happens in between.
fn deed<'a>(
    what: &'a What,
    told: &mut Told<'a>,
    then: Option<&What>,
    seen: bool,
) -> Option<Deed> {
    if let What::Waits(wait) = what {
        return waits(wait, told, seen);
    }
    if matches!(what, What::Chosen | What::Woke) {
        return None;
    }
    *told = Told::default();
    match what {
        What::Started(child) => Some(Deed::Starts(*child, 0)),
        What::Joined(child) => Some(Deed::Joins(*child, 0)),
        What::Printed(line) => Some(Deed::Prints(visible(line))),
        What::Ended(ended) => Some(Deed::Ends(*ended)),
        What::Operation(name) => {
            told.doing = Some(name);
            let waits = matches!(then, Some(What::Waits(_)));
            (!waits).then(|| Deed::Does(visible(name)))
        }
        What::Waits(_) | What::Chosen | What::Woke => None,
    }
}

/// A wait, unless nobody notices it, or it only goes on.
fn waits(wait: &Wait, told: &mut Told<'_>, seen: bool) -> Option<Deed> {
    let label = label(wait, told.doing.take());
    if !seen || told.waits.as_ref() == Some(&label) {
        return None;
    }
    let what = words::waits(wait, &label);
    told.waits = Some(label);
    Some(Deed::Waits(what))
}

/// For each event the next one of its task; being chosen does not count.
fn next_of_same_task(events: &[&Event], tasks: usize) -> Vec<Option<usize>> {
    let mut coming = vec![None; tasks];
    let mut next = vec![None; events.len()];
    for (at, event) in events.iter().enumerate().rev() {
        next[at] = coming[event.task];
        if event.what != What::Chosen {
            coming[event.task] = Some(at);
        }
    }
    next
}

/// How many events that may be told of come before each event.
fn moves_before(events: &[&Event]) -> Vec<usize> {
    let mut count = 0;
    let quiet = |what: &What| {
        matches!(what, What::Chosen | What::Woke | What::Operation(_))
    };
    let before = events.iter().map(|event| {
        let before = count;
        count += usize::from(!quiet(&event.what));
        before
    });
    before.collect()
}

//! The rows of a timeline: what stands side by side, and what below.

use std::time::Duration;

use explore::{Ending, Event, Trace};

use crate::lanes::Lanes;
use crate::marks::{Deed, Mark, Weight, marks};
use crate::states::{State, Tasks};
use crate::words::milliseconds;

/// What happens in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) at: Duration,
    /// The time that has passed since the row before, if that is worth a
    /// band.
    pub(crate) passage: Option<Passage>,
    /// What each lane does until then, and from then on.
    pub(crate) before: Vec<State>,
    pub(crate) after: Vec<State>,
    /// In their order.
    pub(crate) marks: Vec<Mark>,
}

/// Time in which nothing happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(crate) time: Duration,
    /// What each lane does meanwhile.
    pub(crate) states: Vec<State>,
}

impl Row {
    pub(crate) fn line(&self) -> Option<&str> {
        self.marks.iter().find_map(Mark::line)
    }

    /// Whether `next` can stand beside what is in this row. Of what leads
    /// through other lanes, arrows and printed lines, a row holds one.
    fn takes(&self, next: &Mark, at: Duration) -> bool {
        let Some(last) = self.marks.last() else {
            return true;
        };
        let same_time = milliseconds(self.at) == milliseconds(at);
        let stops = matches!(next.what, Deed::Waits(_) | Deed::Ends(_));
        let fits = match &last.what {
            Deed::Does(_) => stops || next.line().is_some(),
            Deed::Prints(_) | Deed::Starts(..) | Deed::Joins(..) => stops,
            _ => false,
        };
        let joins_end = matches!(last.what, Deed::Ends(_))
            && next.what == Deed::Joins(last.by, 0)
            && self.line().is_none();
        same_time && (joins_end || fits && last.by == next.by)
    }
}

/// The rows of a run, of marks that weigh at least `least`.
pub(crate) fn rows(
    trace: &Trace,
    events: &[&Event],
    lanes: &Lanes,
    least: Weight,
) -> Vec<Row> {
    let mut table = Table::new(trace, events, lanes);
    let marks = marks(events, trace.tasks.len());
    for (event, mark) in events.iter().zip(marks) {
        table.go_to(event.at);
        // Where several share a lane, nobody sees that one of them waits.
        let hidden = |mark: &Mark| {
            mark.weight() == Weight::Wait && lanes.shares(mark.by)
        };
        let shown = |mark: &Mark| mark.weight() >= least && !hidden(mark);
        match mark.filter(shown) {
            Some(mark) if table.count_in(&mark) => {
                table.tasks.pass(event);
                table.update();
            }
            Some(mark) => {
                table.make_room(&mark);
                table.tasks.pass(event);
                table.add(mark);
            }
            None => table.tasks.pass(event),
        }
    }
    table.end(trace);
    table.rows
}

struct Table<'a> {
    lanes: &'a Lanes,
    tasks: Tasks,
    rows: Vec<Row>,
    now: Duration,
    /// The least time that is worth a band.
    worth: Duration,
    /// What has passed since the last row.
    passage: Option<Passage>,
}

impl<'a> Table<'a> {
    fn new(trace: &Trace, events: &[&Event], lanes: &'a Lanes) -> Self {
        Self {
            lanes,
            tasks: Tasks::new(trace, events),
            rows: Vec::new(),
            now: Duration::ZERO,
            worth: (trace.elapsed / 50).max(Duration::from_millis(1)),
            passage: None,
        }
    }

    fn states(&self) -> Vec<State> {
        self.lanes.states(|id| self.tasks.state(id))
    }

    fn go_to(&mut self, at: Duration) {
        let time = at.saturating_sub(self.now);
        self.now = self.now.max(at);
        if time >= self.worth {
            let before =
                self.passage.take().map_or(Duration::ZERO, |it| it.time);
            let states = self.states();
            self.passage = Some(Passage {
                time: before + time,
                states,
            });
        }
    }

    /// Begins a new row, unless `mark` has its place in the last one.
    fn make_room(&mut self, mark: &Mark) {
        let fits = |row: &Row| row.takes(mark, self.now);
        if self.passage.is_some() || !self.rows.last().is_some_and(fits) {
            let states = self.states();
            self.rows.push(Row {
                at: self.now,
                passage: self.passage.take(),
                before: states.clone(),
                after: states,
                marks: Vec::new(),
            });
        }
    }

    /// Adds what has just happened.
    fn add(&mut self, mark: Mark) {
        self.update();
        if let Some(row) = self.rows.last_mut() {
            row.marks.push(mark);
        }
    }

    /// Counts a start or join with the one before, if both lead to one lane.
    fn count_in(&mut self, next: &Mark) -> bool {
        let Some(row) = self.rows.last_mut() else {
            return false;
        };
        let same_time = milliseconds(row.at) == milliseconds(self.now);
        let last = row.marks.last_mut().filter(|_| same_time);
        let shares = |id| self.lanes.shares(id);
        last.is_some_and(|last| last.count_in(next, shares))
    }

    /// Lets the last row end as things are now.
    fn update(&mut self) {
        let states = self.states();
        if let Some(row) = self.rows.last_mut() {
            row.after = states;
        }
    }

    /// What is left to say when the last event has passed.
    fn end(&mut self, trace: &Trace) {
        let (left, what) = match &trace.ending {
            Ending::Ended(_) => return,
            Ending::Deadlock(blocked) => {
                let known = |id: &usize| *id < trace.tasks.len();
                for one in blocked.iter().filter(|one| known(&one.task)) {
                    if self.tasks.state(one.task).label().is_none() {
                        self.tasks.wait(one.task, &one.wait);
                    }
                }
                let ids = blocked.iter().map(|one| one.task).filter(known);
                (ids.collect::<Vec<_>>(), Deed::Forever)
            }
            Ending::TooLong => (self.tasks.alive().collect(), Deed::Cut),
        };
        self.go_to(trace.elapsed);
        let marks = left.into_iter().map(|by| Mark {
            by,
            what: what.clone(),
        });
        let marks: Vec<_> = marks.collect();
        if let Some(first) = marks.first() {
            self.make_room(first);
        }
        for mark in marks {
            self.add(mark);
        }
    }
}

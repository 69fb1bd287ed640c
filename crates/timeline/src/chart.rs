//! Everything that a drawing shows, before it takes any form.

use explore::{Event, Trace, What};

use crate::Labels;
use crate::cut::{Gap, shown};
use crate::lanes::Lanes;
use crate::marks::Mark;
use crate::names::names;
use crate::notes::notes;
use crate::rows::Row;
use crate::width::{clip, column, visible};
use crate::words::{Clock, count};

/// A printed line is shown up to so many columns.
pub(crate) const LONGEST_LINE: usize = 240;
/// The description tells so many rows.
const LONGEST_STORY: usize = 40;

pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) lanes: Lanes,
    /// The names of all tasks.
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Row>,
    pub(crate) gap: Option<Gap>,
    pub(crate) clock: Clock,
    /// What is said below the rows: how the run ended, what is not shown.
    pub(crate) notes: Vec<String>,
}

impl Chart {
    /// With at most `most` lanes.
    pub(crate) fn new(trace: &Trace, labels: &Labels, most: usize) -> Self {
        let events = sound(trace);
        let names = names(trace, labels);
        let lanes = Lanes::new(trace, &events, &names, most);
        let shown = shown(trace, &events, &lanes);
        let clock = Clock::new(shown.rows.iter().map(|row| row.at));
        let notes = notes(trace, &events, &names, &lanes, &shown);
        Self {
            title: visible(labels.title.trim()),
            lanes,
            names,
            rows: shown.rows,
            gap: shown.gap,
            clock,
            notes,
        }
    }

    /// The time at a row, where it is another than before.
    pub(crate) fn time(&self, row: usize) -> Option<String> {
        let show = |row: usize| self.clock.show(self.rows[row].at);
        let changed = row == 0 || show(row) != show(row - 1);
        let behind_gap = self.gap.as_ref().is_some_and(|gap| gap.before == row);
        (changed || behind_gap).then(|| show(row))
    }

    /// What is written beside a lane, below its name.
    pub(crate) fn labels(&self, lane: usize) -> impl Iterator<Item = String> {
        self.rows.iter().flat_map(move |row| {
            let marks = row.marks.iter();
            let own = marks.filter(move |mark| self.lanes.of(mark.by) == lane);
            let deeds = own.filter_map(Mark::label);
            let state = row.after[lane].label().map(ToOwned::to_owned);
            deeds.chain(state)
        })
    }

    /// A printed line as it is shown.
    pub(crate) fn line(&self, row: usize) -> Option<String> {
        let line = self.rows[row].line()?;
        Some(clip(line, LONGEST_LINE, column))
    }

    /// What happens in a row, as a sentence.
    pub(crate) fn sentence(&self, row: usize) -> String {
        let marks = self.rows[row].marks.iter();
        let told: Vec<_> =
            marks.map(|mark| mark.sentence(&self.names)).collect();
        told.join("; ")
    }

    /// The whole run as a text to be read aloud.
    pub(crate) fn story(&self) -> String {
        let told = 0..self.rows.len().min(LONGEST_STORY);
        let told = told.map(|row| match self.time(row) {
            Some(time) => format!("At {time}: {}.", self.sentence(row)),
            None => format!("{}.", self.sentence(row)),
        });
        let more = self.rows.len().saturating_sub(LONGEST_STORY);
        let more = (more > 0).then(|| {
            format!("{}.", count(more, "more row follows", "more rows follow"))
        });
        let notes = self.notes.iter().cloned();
        let story: Vec<_> = told.chain(more).chain(notes).collect();
        story.join(" ")
    }
}

/// The events that speak of tasks there are.
fn sound(trace: &Trace) -> Vec<&Event> {
    let known = |id| id < trace.tasks.len();
    let sound = |event: &&Event| match event.what {
        What::Started(other) | What::Joined(other) => {
            known(event.task) && known(other)
        }
        _ => known(event.task),
    };
    trace.events.iter().filter(sound).collect()
}

//! Draws a traced run as a timeline: a column for each process and thread,
//! time running downwards, and a row for whatever a reader wants to see.
//!
//! A row is no length of time: a program does most of what it does in none.
//! Where time does pass, it is told at the left, and drawn as a band of its
//! own, however long it is.
//!
//! Rows are what starts, joins, prints, begins to wait and ends; shorter runs
//! also show the operations that went through at once. A run that is too long
//! is cut in its middle, and has the drawing say so. So is it said when more
//! tasks have run than columns fit, and some share one.

mod canvas;
mod chart;
mod cut;
mod lanes;
mod layout;
mod marks;
mod names;
mod notes;
mod rows;
mod signs;
mod states;
mod svg;
mod text;
mod width;
mod words;

use std::collections::BTreeMap;

use explore::{TaskId, Trace};

use chart::Chart;

/// What the trace itself does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// The title of the drawing.
    pub title: String,
    /// Better names of tasks. A task without one goes by the name that it
    /// gave itself, or by its place: `main`, `Process 1`, `Thread 2`.
    pub names: BTreeMap<TaskId, String>,
}

/// The timeline as an SVG of its own: at most 1000 px wide, for light and dark
/// pages, without scripts, fonts or anything else from outside.
#[must_use]
pub fn svg(trace: &Trace, labels: &Labels) -> String {
    svg::draw(&Chart::new(trace, labels, svg::LANES))
}

/// The timeline for a terminal, at most 100 columns wide.
#[must_use]
pub fn text(trace: &Trace, labels: &Labels) -> String {
    text::draw(&Chart::new(trace, labels, text::LANES))
}

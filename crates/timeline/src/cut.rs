//! Which rows of a long run are shown.

use std::mem;

use explore::{Event, Trace};

use crate::lanes::Lanes;
use crate::marks::{Weight, marks};
use crate::rows::{Row, rows};
use crate::words::count;

/// Operations that went through at once have rows if that makes no more.
const COMFORTABLE: usize = 40;
/// There are at most so many rows.
const MOST: usize = 80;
/// So many of them are of the end of the run, where it came to what it came.
const OF_THE_END: usize = 25;

/// What is shown of a run.
pub(crate) struct Shown {
    pub(crate) rows: Vec<Row>,
    /// What is left out in the middle.
    pub(crate) gap: Option<Gap>,
    /// How many operations and waits have no row for they weigh too little.
    pub(crate) light: usize,
}

/// Rows that are left out.
pub(crate) struct Gap {
    /// Before this row.
    pub(crate) before: usize,
    pub(crate) rows: usize,
    /// Printed lines in them.
    pub(crate) lines: usize,
}

impl Gap {
    pub(crate) fn sentence(&self) -> String {
        let rows = count(self.rows, "row is", "rows are");
        let lines = count(self.lines, "printed line", "printed lines");
        format!("{rows} left out, with {lines}")
    }
}

pub(crate) fn shown(trace: &Trace, events: &[&Event], lanes: &Lanes) -> Shown {
    let of = |least| rows(trace, events, lanes, least);
    let (mut rows, mut least) = (of(Weight::Operation), Weight::Operation);
    if rows.len() > COMFORTABLE {
        (rows, least) = (of(Weight::Wait), Weight::Wait);
    }
    if rows.len() > MOST {
        (rows, least) = (of(Weight::Always), Weight::Always);
    }
    let marks = marks(events, trace.tasks.len());
    let light = marks.iter().flatten().filter(|mark| mark.weight() < least);
    let light = light.count();
    let gap = (rows.len() > MOST).then(|| cut(&mut rows));
    Shown { rows, gap, light }
}

/// Takes the middle out of `rows`.
fn cut(rows: &mut Vec<Row>) -> Gap {
    let before = MOST - OF_THE_END;
    let end = rows.split_off(rows.len() - OF_THE_END);
    let middle = rows.split_off(before);
    rows.extend(end);
    // How long the gap took is not what has passed before the row behind it.
    mem::take(&mut rows[before].passage);
    let lines = middle.iter().filter(|row| row.line().is_some()).count();
    Gap {
        before,
        rows: middle.len(),
        lines,
    }
}

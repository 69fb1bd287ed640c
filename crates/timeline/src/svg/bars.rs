//! The lanes: what each task does from where to where.

use super::plan::Plan;
use super::xml::group;
use crate::marks::Deed;
use crate::rows::Row;
use crate::states::State;

/// Half the width of a bar that is not filled.
const HALF: usize = 4;

/// A state from one height to another.
#[derive(Debug, PartialEq, Eq)]
struct Stretch<'a> {
    state: &'a State,
    from: usize,
    to: usize,
}

pub(super) fn draw(plan: &Plan<'_>) -> String {
    let lanes = plan.chart.lanes.all.iter().enumerate();
    let lanes = lanes.map(|(at, lane)| {
        let stretches = stretches(plan, at);
        let bars = bars(&stretches, plan.x(at)) + &caps(plan, at);
        let labels = stretches.iter().filter_map(|stretch| {
            let label = stretch.state.label()?;
            Some(plan.label(at, stretch.from + 11, label))
        });
        let labels: String = labels.collect();
        format!("{}{bars}{labels}</g>\n", group(&lane.name))
    });
    leaders(plan) + &lanes.collect::<String>()
}

/// What a lane does, from its top to its bottom.
fn stretches<'a>(plan: &Plan<'a>, lane: usize) -> Vec<Stretch<'a>> {
    let mut all: Vec<Stretch<'a>> = Vec::new();
    let mut add = |state: &'a State, from, to| match all.last_mut() {
        Some(last) if last.state == state && last.to == from => last.to = to,
        _ => all.push(Stretch { state, from, to }),
    };
    for (place, row) in plan.places.iter().zip(&plan.chart.rows) {
        if let (Some(top), Some(passage)) = (place.band, &row.passage) {
            add(&passage.states[lane], top, place.top);
        }
        add(&row.before[lane], place.top, place.middle);
        add(&row.after[lane], place.middle, place.bottom);
    }
    all.retain(|stretch| *stretch.state != State::Absent);
    all
}

/// One path for each kind of bar.
fn bars(stretches: &[Stretch<'_>], x: usize) -> String {
    let of = |class: &str, is: fn(&State) -> bool, hollow: bool| {
        let these = stretches.iter().filter(|stretch| is(stretch.state));
        let path = these.map(|&Stretch { from, to, .. }| {
            let (left, width) = (x - HALF, 2 * HALF);
            match hollow {
                false => format!("M{x} {from}V{to}"),
                true => format!("M{left} {from}h{width}V{to}h-{width}z"),
            }
        });
        let path: String = path.collect();
        match path.is_empty() {
            true => path,
            false => format!("<path class=\"{class}\" d=\"{path}\"/>\n"),
        }
    };
    of("run", |state| *state == State::Running, false)
        + &of("pause", |state| *state == State::Paused, false)
        + &of("gone", |state| *state == State::Awaited, false)
        + &of("block", |state| matches!(state, State::Blocked(_)), true)
        + &of("sleep", |state| matches!(state, State::Sleeping(_)), true)
}

/// A stroke at each end of a task.
fn caps(plan: &Plan<'_>, lane: usize) -> String {
    let x = plan.x(lane);
    let ends = |row: &Row| {
        row.marks.iter().any(|mark| {
            let here = plan.chart.lanes.of(mark.by) == lane;
            here && matches!(mark.what, Deed::Ends(_))
        })
    };
    let rows = plan.places.iter().zip(&plan.chart.rows);
    let ends = rows.filter(|(_, row)| ends(row));
    let path = ends.map(|(place, _)| {
        format!("M{} {}H{}", x - HALF - 3, place.middle, x + HALF + 3)
    });
    let path: String = path.collect();
    match path.is_empty() {
        true => path,
        false => format!("<path class=\"cap\" d=\"{path}\"/>\n"),
    }
}

/// From each lane to what it prints.
fn leaders(plan: &Plan<'_>) -> String {
    let rows = plan.places.iter().zip(&plan.chart.rows);
    let path = rows.filter_map(|(place, row)| {
        let mark = row.marks.iter().find(|mark| mark.line().is_some())?;
        let from = plan.x(plan.chart.lanes.of(mark.by));
        let to = plan.output() - 5;
        Some(format!("M{from} {}H{to}", place.middle))
    });
    let path: String = path.collect();
    format!("<path class=\"leader\" d=\"{path}\"/>\n")
}

//! What happens in the rows: arrows, and what is said of them.

use explore::TaskId;

use super::plan::{LINE, Place, Plan, TIME_END};
use super::xml::{escape, group, text};
use crate::marks::{Deed, Mark};

/// Half the width of a bar, and the air beside it.
const AIR: usize = 6;
/// The length of an arrow's head.
const HEAD: usize = 8;

pub(super) fn draw(plan: &Plan<'_>) -> String {
    (0..plan.places.len())
        .map(|row| happening(plan, row))
        .collect()
}

/// A row: its time, its marks and what it prints.
fn happening(plan: &Plan<'_>, row: usize) -> String {
    let place = &plan.places[row];
    let time = plan.chart.time(row);
    let sentence = plan.chart.sentence(row);
    let mut drawn = match &time {
        Some(time) => group(&format!("{time}: {sentence}")),
        None => group(&sentence),
    };
    if let Some(time) = time {
        drawn += &text("time", TIME_END, place.middle + 4, &time);
    }
    for mark in &plan.chart.rows[row].marks {
        drawn += &self::mark(plan, place, mark);
    }
    drawn + &printed(plan, place) + "</g>\n"
}

fn mark(plan: &Plan<'_>, place: &Place, mark: &Mark) -> String {
    let lane = plan.chart.lanes.of(mark.by);
    let own = plan.x(lane);
    let y = place.middle;
    let to = |other: TaskId| plan.x(plan.chart.lanes.of(other));
    let label = mark.label().map(|label| match mark.is_last() {
        true => plan.label(lane, y + 11, &label),
        false => plan.label(lane, y - 5, &label),
    });
    let sign = match mark.what {
        Deed::Starts(child, _) => arrow(own, to(child), y, "", "head"),
        Deed::Joins(child, _) => arrow(to(child), own, y, " join", "open"),
        Deed::Does(_) => tick(own, y),
        Deed::Prints(_) => spot(own, y),
        _ => String::new(),
    };
    sign + &label.unwrap_or_default()
}

/// From the middle of one bar to the side of another.
fn arrow(from: usize, to: usize, y: usize, line: &str, head: &str) -> String {
    if from == to {
        return String::new();
    }
    let (up, down) = (y - 3, y + 3);
    let (from, tip, back) = match from < to {
        true => (from + AIR - 1, to - AIR, to - AIR - HEAD),
        false => (from, to + AIR, to + AIR + HEAD),
    };
    format!(
        "<path class=\"halo\" d=\"M{from} {y}H{back}\"/>\
         <path class=\"arrow{line}\" d=\"M{from} {y}H{back}\"/>\
         <path class=\"{head}\" d=\"M{tip} {y}L{back} {up}V{down}z\"/>\n"
    )
}

fn spot(x: usize, y: usize) -> String {
    format!("<circle class=\"open\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/>\n")
}

fn tick(x: usize, y: usize) -> String {
    format!("<path class=\"arrow\" d=\"M{x} {y}h{}\"/>\n", AIR + 4)
}

/// The printed line, which is one text for whoever copies it.
fn printed(plan: &Plan<'_>, place: &Place) -> String {
    let x = plan.output();
    let Some((first, rest)) = place.printed.split_first() else {
        return String::new();
    };
    let y = place.middle + 4;
    let rest = rest.iter().map(|piece| {
        let piece = escape(piece);
        format!("<tspan x=\"{x}\" dy=\"{LINE}\">{piece}</tspan>")
    });
    let rest: String = rest.collect();
    let first = escape(first);
    format!("<text class=\"out\" x=\"{x}\" y=\"{y}\">{first}{rest}</text>\n")
}

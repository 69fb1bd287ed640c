//! What stands below the rows: the signs, and the notes.

use std::iter::repeat;

use super::plan::{LABEL, LINE, MARGIN, Plan, proportional};
use super::xml::{group, text};
use crate::signs::{Sign, signs};
use crate::width::wrap;

/// Room for a sign.
const SIGN: usize = 34;
/// Between two entries.
const GAP: usize = 18;

/// The drawing, and where it ends.
pub(super) fn draw(plan: &Plan<'_>) -> (String, usize) {
    let mut drawn = group("Notes");
    let mut y = plan.bottom() + 10;
    let room = (plan.width - 2 * MARGIN) * 100 / LABEL;
    let classes = ["ending"].into_iter().chain(repeat("quiet"));
    for (note, class) in plan.chart.notes.iter().zip(classes) {
        for piece in wrap(note, room, proportional) {
            y += LINE;
            drawn += &text(class, MARGIN, y, piece.trim_end());
        }
    }
    y += 26;
    drawn += "</g>\n";
    drawn += &group("Legend");
    let mut x = MARGIN;
    for sign in signs(plan.chart) {
        let meaning = sign.meaning();
        let width: usize = meaning.chars().map(proportional).sum();
        let width = SIGN + width * LABEL / 100;
        if x > MARGIN && x + width > plan.width - MARGIN {
            x = MARGIN;
            y += LINE + 4;
        }
        drawn += &self::sign(sign, x, y - 4);
        drawn += &text("quiet", x + SIGN, y, meaning);
        x += width + GAP;
    }
    drawn += "</g>\n";
    (drawn, y + MARGIN)
}

/// A sample of a sign.
fn sign(sign: Sign, x: usize, y: usize) -> String {
    let right = x + SIGN - 8;
    let line = |class| (class, format!("M{x} {y}H{right}"));
    let bar = |class| {
        let (top, width) = (y - 4, right - x);
        (class, format!("M{x} {top}h{width}v8h-{width}z"))
    };
    let (class, path) = match sign {
        Sign::Running => line("run"),
        Sign::Paused => line("pause"),
        Sign::Blocked => bar("block"),
        Sign::Sleeping => bar("sleep"),
        Sign::Awaited => line("gone"),
        Sign::Start => line("arrow"),
        Sign::Join => line("arrow join"),
        Sign::Print => line("leader"),
    };
    let head = |class: &str, tip: usize, back: usize| {
        let (up, down) = (y - 3, y + 3);
        format!(
            "<path class=\"{class}\" d=\"M{tip} {y}L{back} {up}V{down}z\"/>"
        )
    };
    let end = match sign {
        Sign::Start => head("head", right, right - 8),
        Sign::Join => head("open", x, x + 8),
        Sign::Print => {
            format!("<circle class=\"open\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/>")
        }
        _ => String::new(),
    };
    format!("<path class=\"{class}\" d=\"{path}\"/>{end}\n")
}

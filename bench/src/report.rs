//! The table: for people, and for programs.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::item::{Item, Target, Unit, Who};
use crate::rounds::{Measured, Outcome};

pub(crate) const HEADER: &str = "\
| item | ours | CPython | peer | floor | CPython ÷ ours | peer ÷ ours | ours ÷ floor | to reach | |
|---|---|---|---|---|---|---|---|---|---|";

pub(crate) struct Row {
    pub(crate) item: &'static Item,
    pub(crate) outcome: Outcome,
}

impl Row {
    pub(crate) fn new(item: &'static Item, outcome: Outcome) -> Self {
        Self { item, outcome }
    }

    /// The median of a side; none: it is not here.
    pub(crate) fn median(&self, who: Who) -> Option<f64> {
        self.side(who).and_then(Measured::median)
    }

    fn side(&self, who: Who) -> Option<&Measured> {
        self.outcome.sides.iter().find(|side| side.who == who)
    }

    /// The most, or the least, that ours may take.
    fn bound(&self) -> Option<f64> {
        match self.item.target {
            Target::Times(factor, who) => {
                self.median(who).map(|side| side * factor)
            }
            Target::AtMost(bound) | Target::AtLeast(bound) => Some(bound),
        }
    }

    /// Whether the target is reached.
    pub(crate) fn reached(&self) -> Option<bool> {
        let (ours, bound) = (self.median(Who::Ours)?, self.bound()?);
        Some(match self.item.target {
            Target::AtLeast(_) => ours >= bound,
            Target::Times(..) | Target::AtMost(_) => ours <= bound,
        })
    }

    fn ratio(&self, of: Who, to: Who) -> String {
        let ratio = self.median(of).zip(self.median(to));
        ratio.map_or("–".into(), |(of, to)| significant(of / to))
    }

    fn cell(&self, who: Who) -> String {
        let Some(side) = self.side(who) else {
            return "–".into();
        };
        let Some((median, least)) = side.median().zip(side.least()) else {
            return "absent".into();
        };
        let unit = self.item.unit;
        let by = match who {
            Who::Peer | Who::Floor => format!(" ({})", side.by),
            Who::Ours | Who::CPython => String::new(),
        };
        format!("{} [{}]{by}", quantity(median, unit), quantity(least, unit))
    }

    fn target(&self) -> String {
        let bound = self.bound().map(|it| quantity(it, self.item.unit));
        let bound = bound.unwrap_or("–".into());
        match self.item.target {
            Target::Times(factor, who) => {
                format!("{factor} × {}: {bound}", who.name())
            }
            Target::AtMost(_) => format!("≤ {bound}"),
            Target::AtLeast(_) => format!("≥ {bound}"),
        }
    }

    fn to_json(&self) -> Value {
        let sides = self.outcome.sides.iter().map(|side| {
            json!({
                "who": side.who.name(),
                "by": side.by,
                "median": side.median(),
                "least": side.least(),
                "rounds": side.rounds,
            })
        });
        json!({
            "item": self.item.name,
            "what": self.item.what,
            "unit": self.item.unit.name(),
            "sides": sides.collect::<Vec<_>>(),
            "bound": self.bound(),
            "reached": self.reached(),
            "disturbed_rounds": self.outcome.disturbed,
            "noisy": self.outcome.noisy,
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [ours, python, peer, floor] = Who::ALL.map(|who| self.cell(who));
        let noisy = if self.outcome.noisy { " (noisy)" } else { "" };
        write!(
            f,
            "| {}{noisy} | {ours} | {python} | {peer} | {floor} \
             | {} | {} | {} | {} | {} |",
            self.item.what,
            self.ratio(Who::CPython, Who::Ours),
            self.ratio(Who::Peer, Who::Ours),
            self.ratio(Who::Ours, Who::Floor),
            self.target(),
            match self.reached() {
                Some(true) => "✓",
                Some(false) => "✗",
                None => "?",
            },
        )
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Speedup => "times as fast",
            Self::Bytes => "bytes",
        }
    }
}

pub(crate) fn summary(rows: &[Row]) -> String {
    let count = |wanted| {
        let found = rows.iter().filter(|row| row.reached() == Some(wanted));
        found.count()
    };
    let thrown: usize = rows.iter().map(|row| row.outcome.disturbed).sum();
    format!(
        "{} of {} reached, {} missed. Medians [and minima]; {thrown} rounds \
         were disturbed by others and done again.",
        count(true),
        rows.len(),
        count(false),
    )
}

pub(crate) fn write(folder: &Path, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let lines = rows.iter().map(|row| format!("{row}\n"));
    let lines: String = lines.collect();
    let table = format!("{HEADER}\n{lines}\n{}\n", summary(rows));
    fs::write(folder.join("table.md"), table)?;
    let all: Vec<_> = rows.iter().map(Row::to_json).collect();
    let json = serde_json::to_string_pretty(&all)?;
    fs::write(folder.join("table.json"), json + "\n")?;
    Ok(())
}

/// With a unit that suits it.
pub(crate) fn quantity(amount: f64, unit: Unit) -> String {
    let steps: &[(f64, &str)] = match unit {
        Unit::Nanoseconds => &[(1e6, "ms"), (1e3, "µs"), (1.0, "ns")],
        Unit::Bytes => &[(1024.0 * 1024.0, "MiB"), (1024.0, "KiB"), (1.0, "B")],
        Unit::Speedup => &[(1.0, "×")],
    };
    let last = steps[steps.len() - 1];
    let fits = steps.iter().copied().find(|(size, _)| amount >= *size);
    let (size, name) = fits.unwrap_or(last);
    format!("{} {name}", significant(amount / size))
}

/// With three digits that mean something.
fn significant(number: f64) -> String {
    match number.abs() {
        0.0..1.0 => format!("{number:.3}"),
        1.0..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

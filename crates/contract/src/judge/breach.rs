//! From a broken promise to the violation that explains it.

use crate::judge::Judge;
use crate::lanes::{Picture, Row};
use crate::model::{Demand, Line, Rule, Source};
use crate::verdict::{Kind, Violation};
use crate::width::visible;

/// So many missing lines are drawn and told.
const MOST_MISSING: usize = 6;

/// What is broken, and where.
pub(super) struct Breach<'c> {
    kind: Kind,
    headline: String,
    marks: Vec<Mark>,
    broken: Option<&'c Source>,
    /// The rule whose values stand beside the rows, and its group.
    side: Option<(usize, Option<String>)>,
}

/// A note, and the row of the picture that it speaks of.
pub(super) struct Mark {
    place: Place,
    note: String,
}

enum Place {
    /// The offending row.
    Broken(usize),
    /// A row that makes it so.
    Cause(usize),
    /// The text of a row that did not come, and who should have printed it.
    Missing(usize, String),
    Nowhere,
}

impl Mark {
    pub(super) fn broken(row: usize, note: String) -> Self {
        let place = Place::Broken(row);
        Self { place, note }
    }

    pub(super) fn cause(row: usize, note: String) -> Self {
        let place = Place::Cause(row);
        Self { place, note }
    }

    pub(super) fn missing(instance: usize, text: &str, note: String) -> Self {
        let place = Place::Missing(instance, format!("({text})"));
        Self { place, note }
    }

    pub(super) fn note(note: String) -> Self {
        let place = Place::Nowhere;
        Self { place, note }
    }

    fn sign(&self) -> Option<char> {
        match self.place {
            Place::Broken(_) => Some('✗'),
            Place::Cause(_) => Some('•'),
            Place::Missing(..) => Some('?'),
            Place::Nowhere => None,
        }
    }

    fn row(&self) -> Option<usize> {
        match self.place {
            Place::Broken(row) | Place::Cause(row) => Some(row),
            Place::Missing(..) | Place::Nowhere => None,
        }
    }

    fn text(&self) -> String {
        let sign = self.sign().unwrap_or(' ');
        let text = match self.row() {
            Some(row) => format!("{sign} row {row}: {}", self.note),
            None => format!("{sign} {}", self.note),
        };
        text.trim_end().to_owned()
    }
}

impl<'c> Breach<'c> {
    pub(super) fn new(kind: Kind, headline: String) -> Self {
        Self {
            kind,
            headline,
            marks: Vec::new(),
            broken: None,
            side: None,
        }
    }

    pub(super) fn mark(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    pub(super) fn broken(mut self, source: &'c Source) -> Self {
        self.broken.get_or_insert(source);
        self
    }

    pub(super) fn side(mut self, rule: usize, group: Option<String>) -> Self {
        self.side = Some((rule, group));
        self
    }

    fn offending(&self) -> Option<usize> {
        self.marks.iter().find_map(|mark| match mark.place {
            Place::Broken(row) => Some(row),
            _ => None,
        })
    }

    /// Missing lines beyond the first few become a number.
    fn shorten(&mut self) {
        let mut missing = 0;
        self.marks.retain(|mark| {
            let is = matches!(mark.place, Place::Missing(..));
            missing += usize::from(is);
            !is || missing <= MOST_MISSING
        });
        if missing > MOST_MISSING {
            let more = missing - MOST_MISSING;
            self.marks.push(Mark::note(format!("and {more} more")));
        }
    }
}

impl<'c> Judge<'c> {
    pub(super) fn explain(&self, mut breach: Breach<'c>) -> Violation {
        breach.shorten();
        let picture = self.picture(&breach).draw();
        let mut notes: Vec<String> =
            breach.marks.iter().map(Mark::text).collect();
        for row in breach.marks.iter().filter_map(Mark::row) {
            let text = visible(&self.run.lines[row - 1].text);
            if !picture.contains(&text) {
                notes.push(format!("  row {row} in full: {text}"));
            }
        }
        Violation {
            promise: self.promise(&breach),
            kind: breach.kind,
            row: breach.offending(),
            picture,
            notes,
            headline: breach.headline,
            broken: breach.broken.cloned(),
            path: self.contract.path.clone(),
        }
    }

    /// The name of what is broken, which does not change from run to run.
    fn promise(&self, breach: &Breach<'c>) -> String {
        let lines = self.contract.lines.iter();
        let line = breach.broken.and_then(|source| {
            lines.clone().find(|line| line.source.line == source.line)
        });
        let name = line.map_or("", Line::name);
        match breach.kind {
            Kind::Rule => breach.broken.map(|rule| rule.text.clone()),
            Kind::Unknown => Some("unknown line".into()),
            Kind::Value => Some(format!("value: {name}")),
            Kind::Order => line.map(|line| {
                format!("order of {}", self.contract.actors[line.actor].name)
            }),
            Kind::Missing => Some(format!("missing: {name}")),
            Kind::Ending => Some("exit".into()),
            Kind::Stderr => Some("stderr".into()),
        }
        .unwrap_or_default()
    }

    fn picture(&self, breach: &Breach<'c>) -> Picture {
        let sides = self.sides(breach);
        let mut rows: Vec<Row> = self
            .events
            .iter()
            .zip(sides)
            .map(|(event, side)| Row {
                number: Some(event.row),
                lane: Some(event.instance),
                text: self.run.lines[event.row - 1].text.clone(),
                sign: None,
                side,
            })
            .collect();
        if breach.kind == Kind::Unknown {
            let row = rows.len() + 1;
            rows.push(Row {
                number: Some(row),
                text: self.run.lines[row - 1].text.clone(),
                ..Row::default()
            });
        }
        for mark in &breach.marks {
            if let Some(row) = mark.row() {
                rows[row - 1].sign = mark.sign();
            }
        }
        let at = breach.offending().map_or(rows.len(), |row| row - 1);
        rows.splice(at..at, missing(&breach.marks));
        Picture {
            lanes: (0..self.cast.instances.len())
                .map(|instance| self.cast.name(instance))
                .collect(),
            rows,
            side: self.heading(breach),
        }
    }

    fn heading(&self, breach: &Breach<'c>) -> String {
        let Some((rule, group)) = &breach.side else {
            return String::new();
        };
        let Rule {
            source,
            per,
            demand,
            ..
        } = &self.contract.rules[*rule];
        let what = match demand {
            Demand::Spread { .. } => "seen at",
            Demand::Always { .. } | Demand::Finally { .. } => {
                let words = ["always ", "finally "].into_iter();
                let mut sums = words.filter_map(|w| source.text.split_once(w));
                sums.next().map_or("", |(_, sums)| sums)
            }
            Demand::Before { .. } | Demand::Elapsed { .. } => {
                return String::new();
            }
        };
        match (per, group) {
            (Some(per), Some(value)) => format!("{}={value}: {what}", per.key),
            _ => what.to_owned(),
        }
    }

    /// What stands beside each event.
    fn sides(&self, breach: &Breach<'c>) -> Vec<String> {
        let Some((rule, group)) = &breach.side else {
            return vec![String::new(); self.events.len()];
        };
        let Rule { per, demand, .. } = &self.contract.rules[*rule];
        let lines = demand.lines();
        let mut sums = demand.constants();
        let side = |event: &super::Event<'c>| {
            let value = per.as_ref().and_then(|per| event.value(&per.key));
            if !lines.contains(&event.line) || value != group.as_deref() {
                return String::new();
            }
            if let Demand::Spread { .. } = demand {
                let at = self.run.lines[event.row - 1].at;
                let by = at.map_or(0.0, |at| at.by.as_secs_f64());
                return format!("{by:.3} s");
            }
            let Some((left, right)) = &mut sums else {
                return String::new();
            };
            let (more_left, more_right) = demand.weights(event.line);
            *left += more_left;
            *right += more_right;
            format!("{left} {} {right}", demand.relation())
        };
        self.events.iter().map(side).collect()
    }
}

/// The rows that did not come.
fn missing(marks: &[Mark]) -> Vec<Row> {
    let rows = marks.iter().filter_map(|mark| match &mark.place {
        Place::Missing(instance, text) => Some(Row {
            lane: Some(*instance),
            text: text.clone(),
            sign: mark.sign(),
            ..Row::default()
        }),
        _ => None,
    });
    rows.collect()
}

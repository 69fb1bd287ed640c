//! Watches one rule while the output goes by.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::judge::Event;
use crate::judge::breach::{Breach, Mark};
use crate::model::{Demand, Per, Rule};
use crate::run::{Run, Seen};
use crate::verdict::{Closest, Kind};

pub(super) struct Watch<'c> {
    pub(super) rule: &'c Rule,
    /// The state for each value of the rule's key; one without a key.
    groups: BTreeMap<Option<String>, Group>,
    pub(super) closest: Option<Closest>,
    /// Whether a `usually` rule has held so far.
    pub(super) held: bool,
}

#[derive(Default)]
struct Group {
    left: i64,
    right: i64,
    /// The first row of those that must come second.
    then: Option<usize>,
    /// The last rows of a spread.
    recent: VecDeque<(usize, Duration)>,
}

/// How a rule is broken.
pub(super) struct Failure {
    group: Option<String>,
    marks: Vec<Mark>,
}

impl Failure {
    /// `index` is the place of the rule in the contract.
    pub(super) fn breach(self, index: usize, rule: &Rule) -> Breach<'_> {
        let text = &rule.source.text;
        let headline = match (&rule.per, &self.group) {
            (Some(Per { key, .. }), Some(value)) => {
                format!("`{text}` is broken for {key}={value}")
            }
            _ => format!("`{text}` is broken"),
        };
        let breach = Breach::new(Kind::Rule, headline)
            .broken(&rule.source)
            .side(index, self.group);
        self.marks.into_iter().fold(breach, Breach::mark)
    }
}

impl<'c> Watch<'c> {
    pub(super) fn new(rule: &'c Rule) -> Self {
        let mut watch = Self {
            rule,
            groups: BTreeMap::new(),
            closest: None,
            held: true,
        };
        let known: Vec<Option<String>> = match &rule.per {
            Some(per) => per.values.iter().cloned().map(Some).collect(),
            None => vec![None],
        };
        for value in known {
            watch.groups.insert(value, Group::new(&rule.demand));
        }
        watch
    }

    pub(super) fn is_timed(&self) -> bool {
        let demand = &self.rule.demand;
        matches!(demand, Demand::Elapsed { .. } | Demand::Spread { .. })
    }

    /// Looks at a line of output; `at` is when it was seen.
    pub(super) fn see(
        &mut self,
        event: &Event<'_>,
        at: Option<Seen>,
        run: &Run,
    ) -> Option<Failure> {
        let demand = &self.rule.demand;
        if !demand.speaks_of(event.line) {
            return None;
        }
        let value = match &self.rule.per {
            Some(per) => Some(event.value(&per.key)?.to_owned()),
            None => None,
        };
        let new = || Group::new(demand);
        let group = self.groups.entry(value.clone()).or_insert_with(new);
        let marks = match demand {
            Demand::Before { first, then } => group.before(event, first, then),
            Demand::Always { .. } | Demand::Finally { .. } => {
                let (left, right) = demand.weights(event.line);
                group.left += left;
                group.right += right;
                if left <= right {
                    return None;
                }
                self.bounded(value.as_ref(), event.row)
            }
            Demand::Spread { count, limit, .. } => {
                let at = at?;
                let (first, since) = group.recent(event.row, at, *count)?;
                let bound = limit.as_secs_f64() * run.pace;
                let measured = at.by.saturating_sub(since);
                self.apart((first, event.row), measured, bound)
            }
            Demand::Elapsed { .. } => None,
        }?;
        self.fail(value, marks)
    }

    /// Looks at the end of the run.
    pub(super) fn end(&mut self, run: &Run) -> Option<Failure> {
        match &self.rule.demand {
            Demand::Finally { exact, .. } => self.finally(*exact),
            Demand::Elapsed { least, limit } => {
                let measured = run.elapsed?;
                let bound = limit.as_secs_f64() * run.pace;
                self.closest = Some(Closest::Time { measured, bound });
                let seconds = measured.as_secs_f64();
                let (kept, word) = if *least {
                    (seconds >= bound, "at least")
                } else {
                    (seconds <= bound, "at most")
                };
                if kept {
                    return None;
                }
                let note = format!(
                    "the run took {seconds:.3} s, not {word} {bound:.3} s"
                );
                self.fail(None, vec![Mark::note(note)])
            }
            _ => None,
        }
    }

    fn finally(&mut self, exact: bool) -> Option<Failure> {
        let sums: Vec<_> = self
            .groups
            .iter()
            .map(|(value, group)| (value.clone(), group.left, group.right))
            .collect();
        for (value, left, right) in sums {
            let kept = if exact { left == right } else { left <= right };
            if !kept {
                let relation = self.rule.demand.relation();
                let note =
                    format!("at the end it says {left} {relation} {right}");
                return self.fail(value, vec![Mark::note(note)]);
            }
            if !exact {
                self.approach(left, right, None);
            }
        }
        None
    }

    fn bounded(
        &mut self,
        value: Option<&String>,
        row: usize,
    ) -> Option<Vec<Mark>> {
        let Demand::Always { .. } = self.rule.demand else {
            return None;
        };
        let Group { left, right, .. } = self.groups.get(&value.cloned())?;
        let (left, right) = (*left, *right);
        if left <= right {
            self.approach(left, right, Some(row));
            return None;
        }
        let note = format!("now it says {left} <= {right}");
        Some(vec![Mark::broken(row, note)])
    }

    /// Notes how close the two sums are, if they never were closer.
    fn approach(&mut self, left: i64, right: i64, row: Option<usize>) {
        let closer = match self.closest {
            Some(Closest::Sums {
                left: l, right: r, ..
            }) => right - left < r - l,
            _ => true,
        };
        if closer {
            self.closest = Some(Closest::Sums { left, right, row });
        }
    }

    fn apart(
        &mut self,
        (first, last): (usize, usize),
        measured: Duration,
        bound: f64,
    ) -> Option<Vec<Mark>> {
        let closer = match self.closest {
            Some(Closest::Time {
                measured: so_far, ..
            }) => measured < so_far,
            _ => true,
        };
        if closer {
            self.closest = Some(Closest::Time { measured, bound });
        }
        if measured.as_secs_f64() >= bound {
            return None;
        }
        let seconds = measured.as_secs_f64();
        let note = format!("only {seconds:.3} s later, not {bound:.3} s");
        let from = "the time counts from here".to_owned();
        Some(vec![Mark::cause(first, from), Mark::broken(last, note)])
    }

    /// A `usually` rule may fail; it is remembered.
    fn fail(
        &mut self,
        group: Option<String>,
        marks: Vec<Mark>,
    ) -> Option<Failure> {
        self.held = false;
        (!self.rule.usually).then_some(Failure { group, marks })
    }
}

impl Group {
    fn new(demand: &Demand) -> Self {
        let (left, right) = demand.constants().unwrap_or_default();
        Self {
            left,
            right,
            ..Self::default()
        }
    }

    /// Adds a row; the first of the last `count`, if there are so many.
    fn recent(
        &mut self,
        row: usize,
        at: Seen,
        count: usize,
    ) -> Option<(usize, Duration)> {
        self.recent.push_back((row, at.after));
        if self.recent.len() < count {
            return None;
        }
        self.recent.pop_front()
    }

    fn before(
        &mut self,
        event: &Event<'_>,
        first: &[usize],
        then: &[usize],
    ) -> Option<Vec<Mark>> {
        if then.contains(&event.line) {
            self.then.get_or_insert(event.row);
        }
        if !first.contains(&event.line) {
            return None;
        }
        let then = self.then?;
        Some(vec![
            Mark::cause(then, "this line had to wait".into()),
            Mark::broken(
                event.row,
                format!("this line had to come before row {then}"),
            ),
        ])
    }
}

impl Demand {
    fn speaks_of(&self, line: usize) -> bool {
        match self {
            Self::Before { first, then } => {
                first.contains(&line) || then.contains(&line)
            }
            Self::Always { left, right }
            | Self::Finally { left, right, .. } => left
                .terms
                .iter()
                .chain(&right.terms)
                .any(|(_, lines)| lines.contains(&line)),
            Self::Elapsed { .. } => false,
            Self::Spread { lines, .. } => lines.contains(&line),
        }
    }

    /// What the two sums are before the first line.
    pub(crate) fn constants(&self) -> Option<(i64, i64)> {
        match self {
            Self::Always { left, right }
            | Self::Finally { left, right, .. } => {
                Some((left.constant, right.constant))
            }
            _ => None,
        }
    }

    /// What a line adds to the two sums.
    pub(crate) fn weights(&self, line: usize) -> (i64, i64) {
        match self {
            Self::Always { left, right }
            | Self::Finally { left, right, .. } => {
                (left.weight(line), right.weight(line))
            }
            _ => (0, 0),
        }
    }

    /// The sign between the two sums.
    pub(super) fn relation(&self) -> &'static str {
        match self {
            Self::Finally { exact: true, .. } => "==",
            _ => "<=",
        }
    }
}

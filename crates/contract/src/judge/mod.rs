//! Judges a run in one pass.

mod binding;
mod breach;
mod cast;
mod draw;
mod end;
mod rules;
mod unknown;

use std::collections::BTreeSet;

use crate::legal::Pairs;
use crate::model::{Contract, Line};
use crate::run::Run;
use crate::shape::Shape;
use crate::template::Capture;
use crate::verdict::{Limit, Report, Usual, Verdict};
use binding::Bindings;
use breach::Breach;
use cast::Cast;
use rules::Watch;

/// A line of output, with what has been found out about it.
pub(crate) struct Event<'c> {
    /// Its row in the output, counted from 1.
    row: usize,
    /// The line of the contract that it is.
    line: usize,
    /// Who printed it.
    instance: usize,
    values: Vec<Capture<'c>>,
}

impl Event<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.values.iter();
        let found = values.find(|capture| capture.name == name)?;
        Some(&found.value)
    }
}

impl Contract {
    /// Judges a run: is it one of the legal ones?
    #[must_use]
    pub fn judge(&self, run: &Run) -> Verdict {
        let mut judge = Judge::new(self, run);
        match judge.judge() {
            Ok(report) => Verdict::Kept(report),
            Err(breach) => Verdict::Broken(Box::new(judge.explain(breach))),
        }
    }
}

struct Judge<'c> {
    contract: &'c Contract,
    run: &'c Run,
    cast: Cast<'c>,
    bindings: Bindings,
    watches: Vec<Watch<'c>>,
    events: Vec<Event<'c>>,
    timed: bool,
}

impl<'c> Judge<'c> {
    fn new(contract: &'c Contract, run: &'c Run) -> Self {
        Self {
            contract,
            run,
            cast: Cast::new(contract),
            bindings: Bindings::default(),
            watches: contract.rules.iter().map(Watch::new).collect(),
            events: Vec::new(),
            timed: run.lines.iter().all(|line| line.at.is_some()),
        }
    }

    fn judge(&mut self) -> Result<Report, Breach<'c>> {
        for (index, output) in self.run.lines.iter().enumerate() {
            let row = index + 1;
            let text = output.text.trim_end();
            let (line, values) = self.classify(row, text)?;
            let instance = self.cast.instance(line, &values);
            let line = self.cast.place(instance, line);
            self.events.push(Event {
                row,
                line,
                instance,
                values,
            });
            self.follow(index)?;
        }
        self.end()?;
        Ok(self.report())
    }

    /// The one line of the contract that `text` matches.
    fn classify(
        &self,
        row: usize,
        text: &str,
    ) -> Result<(usize, Vec<Capture<'c>>), Breach<'c>> {
        let lines: &'c [Line] = &self.contract.lines;
        let mut candidates = lines.iter().enumerate();
        candidates
            .find_map(|(index, line)| {
                let values = line.template.capture(text)?;
                Some((index, values))
            })
            .ok_or_else(|| unknown::line(self.contract, row, text))
    }

    /// Binds the holes of an event, moves its actor on, and asks the rules.
    fn follow(&mut self, index: usize) -> Result<(), Breach<'c>> {
        let event = &self.events[index];
        self.cast.check_number(event)?;
        self.bindings.check(event, &mut self.cast)?;
        self.cast.step(event, &self.events)?;
        let at = if self.timed {
            self.run.lines[index].at
        } else {
            None
        };
        for (rule, watch) in self.watches.iter_mut().enumerate() {
            if let Some(failure) = watch.see(event, at, self.run) {
                return Err(failure.breach(rule, &self.contract.rules[rule]));
            }
        }
        Ok(())
    }

    fn shape(&self) -> Shape {
        let mut shape = Shape::default();
        for event in &self.events {
            let line = &self.contract.lines[event.line];
            let actor = self.cast.actor(event.instance);
            let text = self.run.lines[event.row - 1].text.trim_end();
            let nth = self.cast.number(event.instance);
            shape.add(line, actor, nth, text);
        }
        shape
    }

    /// Which lines came before which others of another instance.
    fn orders(&self) -> Pairs {
        let mut orders = Pairs::new();
        let mut printed = BTreeSet::new();
        for Event { line, instance, .. } in &self.events {
            for &(earlier, other) in &printed {
                if other != *instance && earlier != *line {
                    orders.insert((earlier, *line));
                }
            }
            printed.insert((*line, *instance));
        }
        orders
    }

    fn report(&self) -> Report {
        let mut report = Report {
            shape: self.shape(),
            orders: self.orders(),
            ..Report::default()
        };
        for watch in &self.watches {
            let rule = watch.rule.source.clone();
            if watch.is_timed() && !self.has_times(watch) {
                report.passed_over.push(rule);
            } else if watch.rule.usually {
                let held = watch.held;
                report.usually.push(Usual { rule, held });
            } else if watch.rule.is_limit() {
                let closest = watch.closest;
                report.limits.push(Limit { rule, closest });
            }
        }
        report
    }
}

//! What many runs of one variant have shown of what its contract leaves open:
//! how often each `usually` held, how close any run came to each bound.

use std::collections::BTreeMap;
use std::fmt;

use contract::{Closest, Report};

/// The reports of the runs of one variant, added up.
#[derive(Debug)]
pub struct Tally {
    pace: f64,
    runs: usize,
    /// By line of the contract: the rule, and how often it held.
    usually: BTreeMap<usize, (String, usize)>,
    /// By line of the contract: the rule, and the closest approach.
    limits: BTreeMap<usize, (String, Option<Closest>)>,
}

impl Tally {
    /// Of no runs yet, at this pace.
    #[must_use]
    pub fn new(pace: f64) -> Self {
        Self {
            pace,
            runs: 0,
            usually: BTreeMap::new(),
            limits: BTreeMap::new(),
        }
    }

    /// Adds a run.
    pub fn add(&mut self, report: &Report) {
        self.runs += 1;
        for usual in &report.usually {
            let rule = &usual.rule;
            let new = || (rule.text.clone(), 0);
            let (_, held) = self.usually.entry(rule.line).or_insert_with(new);
            *held += usize::from(usual.held);
        }
        for limit in &report.limits {
            let rule = &limit.rule;
            let new = || (rule.text.clone(), None);
            let (_, so_far) = self.limits.entry(rule.line).or_insert_with(new);
            *so_far = nearer(*so_far, limit.closest);
        }
    }
}

/// The one that is nearer to the bound.
fn nearer(one: Option<Closest>, other: Option<Closest>) -> Option<Closest> {
    let both = [one, other].into_iter().flatten();
    both.min_by(|a, b| a.distance().total_cmp(&b.distance()))
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, held) in self.usually.values() {
            writeln!(f, "    {rule}: {held} of {}", self.runs)?;
        }
        for (rule, closest) in self.limits.values() {
            match closest {
                None => writeln!(f, "    {rule}: never put to the test")?,
                Some(Closest::Sums { left, right, .. }) => {
                    writeln!(
                        f,
                        "    {rule}: {left} and {right} at the closest"
                    )?;
                }
                Some(Closest::Time { measured, .. }) => {
                    let seconds = measured.as_secs_f64() / self.pace;
                    writeln!(f, "    {rule}: {seconds:.2} s at the closest")?;
                }
            }
        }
        Ok(())
    }
}

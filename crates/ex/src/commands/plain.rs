//! Runs of one variant as it is, and what is told of them.

use anstream::{print, println};
use contract::{Contract, Report, Run, Verdict, Violation};
use ex::attempt::{Attempt, Outcome};
use ex::catalogue::Variant;
use ex::environment::SEED;
use ex::exploration::Subject;
use ex::processor::Pinned;
use ex::tally::Tally;
use ex::watch::Watch;

use super::selection::Selection;
use super::style::{BAD, GOOD, count, styled};
use super::{Result, Trouble};

/// Runs of one variant, up to the first that breaks its contract.
pub(super) struct Plain<'a> {
    pub(super) selection: &'a Selection,
    pub(super) variant: &'a Variant,
    pub(super) subject: &'a Subject<'a>,
    pub(super) how: Watch,
    pub(super) seed: u64,
    pub(super) runs: u32,
}

impl Plain<'_> {
    /// Makes them, draws the last one, and says whether all are legal.
    pub(super) fn run(&self) -> Result {
        self.make(None)
    }

    /// Makes them once more on one processor, where tasks take turns that they
    /// do not take side by side.
    pub(super) fn run_pinned(&self) -> Result {
        let pinned = Pinned::here().map_err(Trouble::of_own)?;
        self.make(Some(&pinned))
    }

    fn make(&self, pinned: Option<&Pinned>) -> Result {
        let mut tally = Tally::new(self.how.pace);
        let mut last = None;
        for number in 0..self.runs {
            let seed = self.seed.wrapping_add(number.into());
            let outcome = self.attempt(seed).make()?;
            let Some(report) = kept(&outcome) else {
                println!("\nagain: {}", self.again(seed, pinned));
                return Ok(false);
            };
            tally.add(&report);
            last = Some(outcome.run);
        }
        if let (Some(run), None) = (last, pinned) {
            draw(self.subject.contract, &run);
        }
        let kept = styled(GOOD, "kept");
        let runs = count(self.runs.into(), "run");
        let place = pinned.map_or("", |_| " on one processor");
        print!("{kept}  {runs}{place} at pace {}\n{tally}", self.how.pace);
        Ok(true)
    }

    fn attempt(&self, seed: u64) -> Attempt<'_> {
        let subject = self.subject;
        Attempt {
            program: &subject.program,
            arguments: subject.arguments.clone(),
            contract: subject.contract,
            seed,
            how: self.how,
        }
    }

    /// The command that makes such a run again.
    fn again(&self, seed: u64, pinned: Option<&Pinned>) -> String {
        let example = self.variant.example.short_name();
        let variant = &self.variant.name;
        let pace = self.how.pace;
        let own = self.selection.own();
        let (seed, runs) = match self.selection.is_own() {
            true => (String::new(), self.runs),
            false => (format!("{SEED}={seed} "), 1),
        };
        let pinned = pinned.map_or(String::new(), |pinned| {
            format!("taskset -c {} ", pinned.processor)
        });
        format!(
            "{seed}{pinned}cargo ex check {example} --variant {variant} \
             --pace {pace} --runs {runs}{own}"
        )
    }
}

/// The report of a run that has kept its contract; of another one this tells
/// why it has not.
fn kept(outcome: &Outcome) -> Option<Report> {
    let left_behind = &outcome.left_behind;
    let report = match &outcome.verdict {
        Verdict::Broken(violation) => {
            broken(violation);
            None
        }
        Verdict::Kept(_) if !left_behind.is_empty() => {
            println!("{}", styled(BAD, "broken"));
            None
        }
        Verdict::Kept(report) => Some(report.clone()),
    };
    for process in left_behind {
        println!("it left a process behind: {process}");
    }
    report
}

pub(super) fn draw(contract: &Contract, run: &Run) {
    if let Some(picture) = contract.draw(run) {
        println!("{picture}");
    }
}

pub(super) fn broken(violation: &Violation) {
    let text = violation.to_string();
    println!("{}  {}", styled(BAD, "broken"), text.trim_end());
}

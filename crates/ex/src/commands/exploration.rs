//! Explored runs of one variant, and what is told of them.

use std::io::{IsTerminal, stderr};
use std::ops::Range;

use anstream::{eprint, print, println};
use contract::{Contract, Coverage};
use ex::catalogue::Variant;
use ex::exploration::{Explored, Findings, Subject};
use explore::{Schedule, Strategy};

use super::Result;
use super::selection::Selection;
use super::style::{BAD, FAINT, GOOD, count, styled};

/// The exploration of one variant.
pub(super) struct Exploration<'a> {
    pub(super) selection: &'a Selection,
    pub(super) variant: &'a Variant,
    pub(super) contract: &'a Contract,
    pub(super) subject: &'a Subject<'a>,
    /// None: a mix of all.
    pub(super) strategy: Option<Strategy>,
    /// In all runs.
    pub(super) chaos: bool,
}

impl Exploration<'_> {
    pub(super) fn schedule(&self, seed: u64) -> Schedule {
        let mixed = self.subject.schedule(seed);
        Schedule {
            strategy: self.strategy.unwrap_or(mixed.strategy),
            chaos: mixed.chaos || self.chaos,
            ..mixed
        }
    }

    /// Explores the schedules of these seeds up to the first that breaks the
    /// contract.
    pub(super) fn explore(&self, seeds: Range<u64>) -> Result<Findings> {
        let runs = seeds.end - seeds.start;
        let progress = |done| {
            if stderr().is_terminal() {
                eprint!("\r{done} of {runs} runs\x1b[K\r");
            }
        };
        let schedule = |seed| self.schedule(seed);
        Ok(self.subject.explore_all(seeds, schedule, progress)?)
    }

    /// Tells what legal runs have shown.
    pub(super) fn report(&self, findings: &Findings) -> Coverage {
        let Findings { runs, unsteady, .. } = findings;
        let tally = findings.tally();
        let coverage = findings.coverage(self.contract);
        let outputs = coverage.outputs().len();
        let legal = &coverage.legal().outputs;
        let rate = findings.rate();
        let kept = styled(GOOD, "kept");
        let runs = count(*runs, "explored run");
        let outputs = count(outputs as u64, "different output");
        println!("{kept}  {runs}, {rate:.0} a second");
        println!("    {outputs}; legal: {legal}");
        print!("{tally}");
        if *unsteady > 0 {
            println!(
                "    in {} a task ran on without a call and was stopped: \
                 another time the seed may give another run",
                count(*unsteady, "run")
            );
        }
        coverage
    }

    /// Tells how one run was; says whether it is legal.
    pub(super) fn tell(&self, explored: &Explored) -> bool {
        let Schedule {
            seed,
            strategy,
            chaos,
        } = explored.schedule;
        let chaos = if chaos { ", chaos" } else { "" };
        let how = styled(FAINT, format!("seed {seed}: {strategy}{chaos}"));
        let Some(complaint) = explored.complaint(self.contract) else {
            println!("{}  {how}", styled(GOOD, "kept"));
            return true;
        };
        println!("{}  {how}\n\n{complaint}", styled(BAD, "broken"));
        println!("again: {}", self.again(seed));
        false
    }

    /// The command that makes exactly this run again.
    fn again(&self, seed: u64) -> String {
        let example = self.variant.example.short_name();
        let variant = &self.variant.name;
        let strategy = match self.strategy {
            Some(strategy) => format!(" --strategy {strategy}"),
            None => String::new(),
        };
        let chaos = if self.chaos { " --chaos" } else { "" };
        let own = self.selection.own();
        format!(
            "cargo ex explore {example} --variant {variant} --replay {seed}\
             {strategy}{chaos}{own}"
        )
    }
}

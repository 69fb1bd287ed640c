//! Explored runs, judged by a contract.

use std::ffi::OsString;
use std::fmt::Write;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use contract::{Contract, Coverage, Report, Run, Verdict};
use explore::{Blocked, Ending, Program, Schedule, Task, Trace, explore};
use rayon::prelude::*;

use crate::Error;
use crate::catalogue::Example;
use crate::charge;
use crate::drawing::labels;
use crate::environment::variables;
use crate::processor::one_thread_each;
use crate::tally::Tally;
use crate::traced;

/// A clock that costs nothing goes at the pace of the text.
const PACE: f64 = 1.0;

/// What is explored.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The program.
    pub program: OsString,
    /// What it is told.
    pub arguments: Vec<OsString>,
    /// The contract that it has to keep.
    pub contract: &'a Contract,
    /// Whether its time limits may pass because others are slow.
    pub patient: bool,
}

/// A run that has been explored.
#[derive(Debug)]
pub struct Explored {
    /// How it was to go.
    pub schedule: Schedule,
    /// All that happened.
    pub trace: Trace,
    /// What the contract judges of it.
    pub run: Run,
    /// What the contract says of it.
    pub verdict: Verdict,
}

/// What many explored runs have shown.
#[derive(Debug)]
pub struct Findings {
    /// How many runs that was.
    pub runs: u64,
    /// How long they took together.
    pub took: Duration,
    /// What the contract says of those that keep it.
    pub reports: Vec<Report>,
    /// How many of them may differ when they are repeated, since a task ran
    /// on and on without a call.
    pub unsteady: u64,
    /// The first that broke the contract, which was the last.
    pub broken: Option<Box<Explored>>,
}

impl<'a> Subject<'a> {
    /// The variant of an example that has this contract; `program` is its
    /// binary.
    #[must_use]
    pub fn variant(
        example: &Example,
        program: &Path,
        contract: &'a Contract,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: contract.flags().iter().map(OsString::from).collect(),
            contract,
            patient: example.is_patient(),
        }
    }

    /// The schedule of this number. Without patience, it is one without
    /// chaos.
    #[must_use]
    pub fn schedule(&self, seed: u64) -> Schedule {
        let schedule = Schedule::mixed(seed);
        Schedule {
            chaos: schedule.chaos && self.patient,
            ..schedule
        }
    }

    /// The program, as it is traced with this seed.
    #[must_use]
    pub fn program(&self, seed: u64) -> Program {
        let program = [self.program.clone()].into_iter();
        Program {
            command: program.chain(self.arguments.clone()).collect(),
            variables: variables(PACE, seed),
            folder: None,
        }
    }

    /// Runs the program under a schedule, and judges the run.
    ///
    /// # Errors
    /// If it cannot be started, or this machine does not allow ptrace.
    pub fn explore(&self, schedule: Schedule) -> Result<Explored, Error> {
        let trace = explore(&self.program(schedule.seed), &schedule)?;
        charge::check();
        let run = traced::run(&trace);
        let verdict = self.contract.judge(&run);
        Ok(Explored {
            schedule,
            trace,
            run,
            verdict,
        })
    }

    /// Explores the schedules of these seeds, several side by side, up to the
    /// first that breaks the contract. `progress` hears how many it were.
    ///
    /// # Errors
    /// As [`Subject::explore`].
    pub fn explore_all(
        &self,
        seeds: Range<u64>,
        schedule: impl Fn(u64) -> Schedule + Sync,
        progress: impl Fn(u64),
    ) -> Result<Findings, Error> {
        /// So many runs of each thread lie between two words of progress.
        const BATCH: u64 = 8;

        let start = Instant::now();
        let crew = one_thread_each().map_err(|source| Error::Run {
            program: self.program.display().to_string(),
            source,
        })?;
        let batch = BATCH * crew.current_num_threads() as u64;
        let mut findings = Findings::new();
        let mut next = seeds.start;
        while next < seeds.end && findings.broken.is_none() {
            let end = seeds.end.min(next + batch);
            let run = |seed| self.explore(schedule(seed));
            let explored: Vec<_> =
                crew.install(|| (next..end).into_par_iter().map(run).collect());
            for explored in explored {
                if findings.broken.is_none() {
                    findings.add(explored?);
                }
            }
            progress(findings.runs);
            next = end;
        }
        findings.took = start.elapsed();
        Ok(findings)
    }
}

impl Findings {
    fn new() -> Self {
        Self {
            runs: 0,
            took: Duration::ZERO,
            reports: Vec::new(),
            unsteady: 0,
            broken: None,
        }
    }

    fn add(&mut self, explored: Explored) {
        self.runs += 1;
        self.unsteady += u64::from(explored.trace.preempted > 0);
        match explored.verdict {
            Verdict::Kept(report) if explored.trace.left_behind.is_empty() => {
                self.reports.push(report);
            }
            _ => self.broken = Some(Box::new(explored)),
        }
    }

    /// How often what is likely was so, and how close the limits came.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::new(PACE);
        self.reports.iter().for_each(|report| tally.add(report));
        tally
    }

    /// What was seen of all that `contract` allows, which may take a second to
    /// find out.
    #[must_use]
    pub fn coverage(&self, contract: &Contract) -> Coverage {
        let mut coverage = Coverage::new(contract);
        self.reports.iter().for_each(|report| coverage.add(report));
        coverage
    }

    /// How many runs a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        // As exact as anybody reads it.
        #[expect(clippy::cast_precision_loss)]
        let runs = self.runs as f64;
        runs / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

impl Explored {
    /// Why the run is not a legal one by `contract`, drawn; None if it is.
    #[must_use]
    pub fn complaint(&self, contract: &Contract) -> Option<String> {
        let left_behind = &self.trace.left_behind;
        let mut complaint = match &self.verdict {
            Verdict::Broken(violation) => violation.to_string(),
            Verdict::Kept(_) if left_behind.is_empty() => return None,
            Verdict::Kept(_) => "it left tasks behind\n".to_owned(),
        };
        let blocked = match &self.trace.ending {
            Ending::Deadlock(blocked) => blocked,
            _ => left_behind,
        };
        let names = labels("", contract, &self.trace).names;
        for Blocked { task, wait } in blocked {
            let Task { pid, tid, .. } = &self.trace.tasks[*task];
            let who = match names.get(task) {
                Some(name) => name.clone(),
                None if pid == tid => format!("process {pid}"),
                None => format!("thread {tid} of process {pid}"),
            };
            // Writing to a string does not fail.
            let _ = writeln!(complaint, " for ever: {who} {wait}");
        }
        Some(complaint)
    }
}

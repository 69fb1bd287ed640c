//! Explored runs, judged by a contract.

use std::ffi::OsString;
use std::path::Path;

use contract::{Contract, Run, Verdict};
use explore::{Program, Schedule, Trace, explore};

use crate::Error;
use crate::catalogue::Example;
use crate::environment::variables;
use crate::traced;

/// A clock that costs nothing goes at the pace of the text.
const PACE: f64 = 1.0;

/// What is explored.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The contract that it has to keep.
    pub contract: &'a Contract,
    /// Whether its time limits may pass because others are slow.
    pub patient: bool,
}

/// A run that has been explored.
#[derive(Debug)]
pub struct Explored {
    /// All that happened.
    pub trace: Trace,
    /// What the contract judges of it.
    pub run: Run,
    /// What the contract says of it.
    pub verdict: Verdict,
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
        let flags = contract.flags().iter().map(OsString::from);
        Self {
            command: [program.into()].into_iter().chain(flags).collect(),
            contract,
            patient: example.about.minimum_pace == 0.0,
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

    /// Runs the program under a schedule, and judges the run.
    ///
    /// # Errors
    /// If it cannot be started, or this machine does not allow ptrace.
    pub fn explore(&self, schedule: &Schedule) -> Result<Explored, Error> {
        let trace = explore(&self.program(schedule.seed), schedule)?;
        let run = traced::run(&trace);
        let verdict = self.contract.judge(&run);
        Ok(Explored {
            trace,
            run,
            verdict,
        })
    }

    /// The program, as the explorer runs it with this seed.
    #[must_use]
    pub fn program(&self, seed: u64) -> Program {
        Program {
            command: self.command.clone(),
            variables: variables(PACE, seed),
            folder: None,
        }
    }
}

//! One run of one variant, judged by its contract.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use contract::{Contract, Exit, Run, Verdict};

use crate::Error;
use crate::family::Reach;
use crate::watch::{Sight, Watch, watch};

/// A run that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The program of the example.
    pub program: &'a Path,
    /// The contract, which also tells the flags.
    pub contract: &'a Contract,
    /// So long is a second of the example.
    pub pace: f64,
    /// The seed of its random numbers.
    pub seed: u64,
    /// A run that takes longer is ended.
    pub deadline: Duration,
}

/// A run that has been made.
#[derive(Debug)]
pub struct Outcome {
    /// What was seen.
    pub run: Run,
    /// What the contract says of it.
    pub verdict: Verdict,
    /// The processes that were still there afterwards.
    pub left_behind: Vec<String>,
}

impl Attempt<'_> {
    /// Runs the program, and judges the run.
    ///
    /// # Errors
    /// If it cannot be started or watched.
    pub fn make(&self) -> Result<Outcome, Error> {
        let mut command = self.command();
        let how = Watch {
            deadline: self.deadline,
            pace: self.pace,
            until_blocked: self.contract.exit() == Exit::Blocked,
            reach: Reach::Group,
        };
        let sight = watch(&mut command, how);
        let Sight { run, left_behind } =
            sight.map_err(|source| Error::Run {
                program: self.program.display().to_string(),
                source,
            })?;
        let verdict = self.contract.judge(&run);
        Ok(Outcome {
            run,
            verdict,
            left_behind,
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command
            .args(self.contract.flags())
            .env("LESSON_PACE", self.pace.to_string())
            .env("LESSON_SEED", self.seed.to_string())
            .env_remove("RUST_BACKTRACE");
        command
    }
}

//! One run of a program, judged by a contract.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use contract::{Contract, Run, Verdict};

use crate::Error;
use crate::environment::variables;
use crate::watch::{Sight, Watch, watch};

/// A run that is to be made.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// The program.
    pub program: &'a OsStr,
    /// What it is told.
    pub arguments: Vec<OsString>,
    /// The contract that it has to keep.
    pub contract: &'a Contract,
    /// The seed of its random numbers, if it is an example.
    pub seed: u64,
    /// How it is watched.
    pub how: Watch,
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

impl<'a> Attempt<'a> {
    /// A run of an example, with the flags that its contract tells.
    #[must_use]
    pub fn of_example(
        program: &'a OsStr,
        contract: &'a Contract,
        seed: u64,
        how: Watch,
    ) -> Self {
        Self {
            program,
            arguments: contract.flags().iter().map(OsString::from).collect(),
            contract,
            seed,
            how,
        }
    }

    /// Runs the program, and judges the run.
    ///
    /// # Errors
    /// If it cannot be started or watched.
    pub fn make(&self) -> Result<Outcome, Error> {
        let mut command = Command::new(self.program);
        command.args(&self.arguments);
        for (name, value) in variables(self.how.pace, self.seed) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let sight = watch(&mut command, self.how);
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
}

//! What is explored: a variant of an example, or a program of the reader's.

use std::ffi::OsString;
use std::path::Path;

use contract::Contract;
use explore::Program;

use crate::environment::variables;

/// The pace of a clock that costs nothing.
const PACE: f64 = 1.0;

/// The variant of an example that has this contract; `program` is its binary.
#[must_use]
pub fn variant(program: &Path, contract: &Contract, seed: u64) -> Program {
    let flags = contract.flags().iter().map(OsString::from);
    let command = [OsString::from(program)].into_iter().chain(flags);
    own(command.collect(), seed)
}

/// A program of the reader's, and its arguments.
#[must_use]
pub fn own(command: Vec<OsString>, seed: u64) -> Program {
    Program {
        command,
        variables: variables(PACE, seed),
        folder: None,
    }
}

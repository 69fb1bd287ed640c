//! What the explorer promises, each as a test.

mod harness;
mod same;
mod support;
mod time;
mod waits;

use std::process::ExitCode;

use harness::{Kind, Test};

/// What is run, file by file.
const TESTS: &[&[Test]] = &[same::TESTS, time::TESTS];

/// What the tests explore.
const PROGRAMS: &[&[Test]] = &[same::PROGRAMS, time::PROGRAMS, waits::PROGRAMS];

fn main() -> ExitCode {
    let kinds = [Kind {
        tests: TESTS,
        ignored: false,
    }];
    harness::main(&kinds, PROGRAMS)
}

//! The behaviours that the crate promises, each as a test.
//!
//! `b008` in a name is number 8 of the list that CPython's own tests were
//! boiled down to.

mod harness;
mod process_end;
mod process_exit;
mod process_exitcode;
mod process_family;
mod process_resources;
mod process_start;
mod process_threads;
mod procfs;
mod support;

use std::process::ExitCode;

use harness::Test;

/// What is run, file by file.
const TESTS: &[&[Test]] = &[
    process_start::TESTS,
    process_end::TESTS,
    process_exitcode::TESTS,
    process_exit::TESTS,
    process_family::TESTS,
    process_threads::TESTS,
    process_resources::TESTS,
];

/// What tests run as a program of its own, with a main function.
const PROGRAMS: &[&[Test]] = &[process_exit::PROGRAMS];

fn main() -> ExitCode {
    harness::main(TESTS, PROGRAMS)
}

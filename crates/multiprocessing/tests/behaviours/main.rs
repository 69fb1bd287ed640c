//! The behaviours that the crate promises, each as a test.
//!
//! `b008` in a name is number 8 of the list that CPython's own tests were
//! boiled down to.

mod harness;
mod process_end;
mod process_exitcode;
mod process_family;
mod process_start;
mod procfs;
mod support;

use std::process::ExitCode;

use harness::Test;

const TESTS: &[&[Test]] = &[
    process_start::TESTS,
    process_end::TESTS,
    process_exitcode::TESTS,
    process_family::TESTS,
];

const PROGRAMS: &[&[Test]] = &[];

fn main() -> ExitCode {
    harness::main(TESTS, PROGRAMS)
}

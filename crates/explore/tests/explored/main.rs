//! What the explorer promises, each as a test.

mod chance;
mod deadlock;
mod endings;
mod explorer;
mod harness;
mod limits;
mod output;
mod planted;
mod python;
mod same;
mod support;
mod time;
mod waits;
mod watched;

use std::process::ExitCode;

use harness::{Kind, Test};

/// What is run, file by file.
const TESTS: &[&[Test]] = &[
    same::TESTS,
    time::TESTS,
    chance::TESTS,
    deadlock::TESTS,
    endings::TESTS,
    output::TESTS,
    limits::TESTS,
    explorer::TESTS,
    planted::TESTS,
    watched::TESTS,
];

/// What the tests explore.
const PROGRAMS: &[&[Test]] = &[
    same::PROGRAMS,
    time::PROGRAMS,
    waits::PROGRAMS,
    chance::PROGRAMS,
    deadlock::PROGRAMS,
    endings::PROGRAMS,
    output::PROGRAMS,
    limits::PROGRAMS,
    explorer::PROGRAMS,
    planted::PROGRAMS,
    watched::PROGRAMS,
];

fn main() -> ExitCode {
    if harness::is_program(PROGRAMS) {
        return ExitCode::SUCCESS;
    }
    let has_python = support::python_path().is_some();
    if !has_python {
        eprintln!("python3 is not here: its tests are ignored");
    }
    let kinds = [
        Kind {
            tests: TESTS,
            ignored: false,
        },
        Kind {
            tests: &[python::TESTS],
            ignored: !has_python,
        },
        Kind {
            tests: &[planted::TABLES],
            ignored: true,
        },
    ];
    harness::main(&kinds)
}

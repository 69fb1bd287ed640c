//! What happens when something is killed or missing: a row for each such
//! fault, as a test and as a line of a table.
//!
//! As a test a row has to come to an end: an error, or its survivors go on. As
//! a table (`scripts/faults`) it tells which, and after how long, here and with
//! CPython's `multiprocessing`, whose rows are in `cpython.py`.

mod family;
mod managed;
mod messages;
#[path = "../behaviours/mounts.rs"]
mod mounts;
mod pool;
mod row;
mod run;
mod shortage;
mod support;
mod sync;
mod table;

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use row::Row;

/// Where the table is kept, from the root of the workspace.
const DOCUMENT: &str = "docs/faults.md";

/// Asks for the table, with so many rounds of each row.
const ROUNDS: &str = "FAULTS_ROUNDS";

fn rows() -> Vec<Row> {
    let rows = [
        pool::ROWS,
        sync::ROWS,
        messages::ROWS,
        managed::ROWS,
        family::ROWS,
        shortage::ROWS,
    ];
    rows.concat()
}

fn main() -> ExitCode {
    let rows = rows();
    if let Ok(name) = env::var(run::ROW) {
        run::as_leader(rows.iter().find(|row| row.name == name));
        return ExitCode::SUCCESS;
    }
    if let Ok(rounds) = env::var(ROUNDS) {
        let rounds = rounds.parse().expect("FAULTS_ROUNDS is a number");
        table::write(&rows, rounds);
        return ExitCode::SUCCESS;
    }
    let mut trials: Vec<_> = rows.iter().map(trial).collect();
    trials.push(Trial::test("each_row_is_in_the_document", move || {
        table::is_complete(&rows).map_err(Into::into)
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(row: &Row) -> Trial {
    let row = *row;
    let trial = Trial::test(row.name, move || {
        run::ours(&row).map(drop).map_err(Into::into)
    });
    match (row.lacks)() {
        Some(what) => trial.with_kind(what).with_ignored_flag(true),
        None => trial,
    }
}

//! What a machine may not have, and a test needs.

use ex::catalogue::Example;
use libtest_mimic::{Failed, Trial};

/// A trial of an example; where the machine lacks a program that the example
/// runs, it is listed as ignored, with the name of that program.
pub fn trial(
    example: &Example,
    name: String,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let trial = Trial::test(name, run);
    match example.lacks() {
        Some(program) => trial
            .with_kind(format!("{program} is not installed"))
            .with_ignored_flag(true),
        None => trial,
    }
}

//! Targets in the tests: the same inputs each time, and some new ones.

use std::fs;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::Target;
use crate::mutation::mutant;

/// How many mutations of a target's inputs are tried, unless `HOSTILE_ROUNDS`
/// says otherwise.
const ROUNDS: u64 = 500;

/// No input takes so long, on whatever machine.
const HANG: Duration = Duration::from_mins(1);

/// Gives each target its seeds, its corpus, and mutations of both. Their seed
/// is that of `HOSTILE_SEED`, or a new one, and printed.
///
/// # Panics
/// If a target panics; the input is printed.
pub fn replay(targets: &[Target]) {
    let seed = number("HOSTILE_SEED").unwrap_or_else(rand::random);
    let rounds = number("HOSTILE_ROUNDS").unwrap_or(ROUNDS);
    say(&format!("run again with HOSTILE_SEED={seed}"));
    for target in targets {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let inputs = inputs(target);
        for input in &inputs {
            attempt(target, input);
        }
        for _ in 0..rounds {
            let input = &inputs[random.random_range(0..inputs.len())];
            let other = &inputs[random.random_range(0..inputs.len())];
            attempt(target, &mutant(&mut random, input, other));
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let given = std::env::var(variable).ok()?;
    Some(given.parse().expect("the variable is a number"))
}

/// The target's seeds, and what is in its corpus.
fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
    let folder = Path::new(corpus).join(target.name);
    let mut inputs = (target.seeds)();
    let entries = fs::read_dir(&folder).expect("the target has a corpus");
    for entry in entries {
        let path = entry.expect("an entry").path();
        inputs.push(fs::read(path).expect("an input"));
    }
    inputs
}

fn attempt(target: &Target, input: &[u8]) {
    let name = target.name;
    let (done, end) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if end.recv_timeout(HANG) == Err(RecvTimeoutError::Timeout) {
                say(&format!("{name} does not end with {input:02x?}"));
                process::abort();
            }
        });
        let run = AssertUnwindSafe(|| (target.run)(input));
        let result = panic::catch_unwind(run);
        drop(done);
        if let Err(payload) = result {
            say(&format!("{name} fails with {input:02x?}"));
            panic::resume_unwind(payload);
        }
    });
}

/// Past the test harness, which keeps what is printed to itself: it is lost if
/// an input ends the process.
fn say(what: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(io::stderr(), "{what}");
}

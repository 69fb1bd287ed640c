//! `cargo ex --all`: runs every example.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anstream::{eprint, println};
use contract::{Ending, Exit, OutputLine};
use ex::Error;
use ex::catalogue::{Example, Variant, examples};
use ex::charge;
use ex::columns::align;
use ex::environment;
use ex::family::Reach;
use ex::programs;
use ex::watch::{Sight, Watch, watch_lines};

use super::style::{BAD, BOLD, GOOD, styled};
use super::{Result, Trouble};

/// No example takes so many of its seconds.
const LONGEST: f64 = 60.0;
/// What a busy machine may need besides, in seconds.
const PATIENCE: f64 = 10.0;

/// How the run of an example has ended.
struct Done {
    name: String,
    /// None: as it should.
    wrong: Option<String>,
    ending: String,
    seconds: f64,
}

pub(crate) fn run() -> Result {
    let pace = environment::pace().map_err(Trouble::Usage)?;
    let pace = pace.map_or(1.0, |pace| pace.0);
    let examples = examples()?;
    let programs = programs::build()?;
    charge::take().map_err(Trouble::of_own)?;
    let mut all = Vec::new();
    let count = examples.len();
    for (at, example) in (1..).zip(&examples) {
        let name = styled(BOLD, example.short_name());
        println!("[{at}/{count}] {name} {}", example.titles());
        all.push(run_one(example, &programs, pace)?);
        println!();
    }
    Ok(report(&all))
}

fn run_one(
    example: &Example,
    programs: &BTreeMap<String, PathBuf>,
    pace: f64,
) -> Result<Done, Error> {
    let package = &example.package;
    let program = programs
        .get(package)
        .ok_or_else(|| Error::NoProgram(package.clone()))?;
    let how = Watch {
        deadline: Duration::from_secs_f64(LONGEST * pace + PATIENCE),
        pace,
        until_blocked: true,
        reach: Reach::Descendants,
    };
    let mut tell = |line: &OutputLine| println!("{}", line.text);
    let sight = watch_lines(&mut Command::new(program), how, &mut tell);
    let Sight { run, left_behind } = sight.map_err(|source| Error::Run {
        program: program.display().to_string(),
        source,
    })?;
    eprint!("{}", run.stderr);
    let ending = run.ending;
    let wrong = if ending != expected(example)? {
        Some(format!(
            "{}: its contract does not allow that",
            told(ending)
        ))
    } else if let [process, ..] = &left_behind[..] {
        Some(format!("it left a process behind: {process}"))
    } else {
        None
    };
    Ok(Done {
        name: example.short_name(),
        wrong,
        ending: told(ending),
        seconds: run.elapsed.unwrap_or_default().as_secs_f64(),
    })
}

/// How the contract of the run without flags wants it to end.
fn expected(example: &Example) -> Result<Ending, Error> {
    for variant in example.variants()? {
        if variant.name == Variant::DEFAULT {
            return Ok(match variant.read()?.exit() {
                Exit::Code(code) => Ending::Exited(code),
                Exit::Blocked => Ending::Blocked,
            });
        }
    }
    Ok(Ending::Exited(0))
}

fn told(ending: Ending) -> String {
    match ending {
        Ending::Exited(status) => format!("exit status {status}"),
        Ending::Signaled(signal) => format!("ended by signal {signal}"),
        Ending::Blocked => "everybody waits for ever".to_owned(),
        Ending::TimedOut => "still at work at its deadline".to_owned(),
    }
}

/// Tells how all have ended; whether each has as it should.
fn report(all: &[Done]) -> bool {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|done| {
            let word = if done.wrong.is_none() { "ok" } else { "FAILED" };
            let ending = done.wrong.as_ref().unwrap_or(&done.ending);
            let time = format!("{:.2} s", done.seconds);
            vec![word.to_owned(), done.name.clone(), time, ending.clone()]
        })
        .collect();
    for (row, done) in align(&rows).iter().zip(all) {
        let [word, rest @ ..] = &row[..] else {
            continue;
        };
        let style = if done.wrong.is_none() { GOOD } else { BAD };
        println!("{}{}", styled(style, word), rest.concat());
    }
    let failed = all.iter().filter(|done| done.wrong.is_some()).count();
    let seconds: f64 = all.iter().map(|done| done.seconds).sum();
    let ran = all.len();
    println!("{ran} examples, {failed} failed, {seconds:.1} s");
    failed == 0
}

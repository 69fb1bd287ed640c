//! `cargo ex`: lists, runs and checks the examples, and makes new ones.

mod commands;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use ex::Error;

use crate::commands::{Trouble, all, check, explore, list, new, run, timeline};

const FAILURE: u8 = 1;
const USAGE: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  cargo ex                      list the examples
  cargo ex 3-1                  run one
  cargo ex 3-1 -- --no-join     run it with flags of its own
  cargo ex semaphore            run the one with this word in its title
  LESSON_PACE=0.1 cargo ex 3-1  at ten times the speed
  cargo ex --all                run all of them
  cargo ex check 3-1            judge runs of it by its contracts
  cargo ex explore 3-1          judge hundreds of schedules
  cargo ex timeline 3-1         draw who does what when";

/// Lists, runs and checks the examples, and makes new ones
#[derive(Parser)]
#[command(
    name = "cargo ex",
    bin_name = "cargo ex",
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES
)]
struct Ex {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    run: run::Arguments,

    /// Run all examples in order, and report how each has ended
    #[arg(long, conflicts_with_all = ["name", "flags"])]
    all: bool,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Explore(explore::Arguments),
    Timeline(timeline::Arguments),
    New(new::Arguments),
}

fn main() -> ExitCode {
    sigpipe::reset();
    let ex = match Ex::try_parse() {
        Ok(ex) => ex,
        Err(error) => return told(&error),
    };
    let good = match ex.command {
        Some(Command::Check(arguments)) => check::run(&arguments),
        Some(Command::Explore(arguments)) => explore::run(&arguments),
        Some(Command::Timeline(arguments)) => timeline::run(&arguments),
        Some(Command::New(arguments)) => new::run(&arguments),
        None if ex.all => all::run(),
        None if ex.run.is_empty() => list::run(),
        None => run::run(&ex.run),
    };
    match good {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => FAILURE.into(),
        Err(Trouble::Usage(message)) => {
            anstream::eprintln!("error: {message}");
            USAGE.into()
        }
        Err(Trouble::Failed(error)) => {
            match error {
                // Each of its mistakes begins so by itself.
                Error::Contract(_) => anstream::eprintln!("{error}"),
                _ => anstream::eprintln!("error: {error}"),
            }
            FAILURE.into()
        }
    }
}

/// Help is printed as it is; a mistake in one line.
fn told(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp) {
        anstream::print!("{}", error.render().ansi());
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = match error.kind() {
        ErrorKind::UnknownArgument => {
            "flags of an example go after --; --help tells the others"
        }
        _ => "--help tells more",
    };
    anstream::eprintln!("{first}; {help}");
    USAGE.into()
}

//! `cargo ex timeline 3-9`: draws a real run.

use std::path::PathBuf;
use std::time::Duration;

use anstream::{print, println};
use clap::Args;
use ex::Error;
use ex::charge;
use ex::drawing::labels;
use ex::environment::{self, Pace, variables};
use explore::watch;

use super::explore::draw;
use super::selection::Selection;
use super::{Result, Trouble, seconds};

const EXAMPLES: &str = "\
Examples:
  cargo ex timeline 3-9                      in the terminal
  cargo ex timeline 3-9 --svg buns.svg       for a page
  cargo ex timeline 3-2 -- python3 mine.py   a program of your own";

/// Run an example, or a program of your own, and draw who did what when
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,

    /// Draw it into this file instead
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// How long a second of an example lasts: `LESSON_PACE`, or 1
    #[arg(long, value_name = "P")]
    pace: Option<Pace>,

    /// A run that takes longer is ended
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    #[arg(value_parser = seconds)]
    deadline: Duration,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let selection = &arguments.selection;
    let example = selection.example()?;
    let variant = selection.variant(&example)?;
    let contract = variant.read()?;
    let program = selection.program(&example)?;
    let seed = environment::seed().map_err(Trouble::Usage)?;
    let told = environment::pace().map_err(Trouble::Usage)?;
    let Pace(pace) = arguments.pace.or(told).unwrap_or(Pace(1.0));
    charge::take().map_err(Trouble::of_own)?;
    let mut program = program.subject(&example, &contract).program(seed);
    program.variables = variables(pace, seed);
    let trace = watch(&program, arguments.deadline).map_err(Error::from)?;
    charge::check();
    let labels = labels(&example.full_title(), &contract, &trace);
    match &arguments.svg {
        Some(file) => {
            draw(file, &trace, &labels)?;
            println!("{}", file.display());
        }
        None => print!("{}", timeline::text(&trace, &labels)),
    }
    Ok(true)
}

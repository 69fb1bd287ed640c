//! `cargo ex check 3-2`: judges runs by their contracts.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::println;
use clap::{Args, value_parser};
use contract::{Contract, Ending, Run, Verdict};
use ex::catalogue::{Example, Variant};
use ex::environment::{self, Pace};
use ex::exploration::Subject;
use ex::family::Reach;
use ex::watch::Watch;
use ex::{Error, charge};

use super::exploration::Exploration;
use super::plain::{Plain, broken, draw};
use super::selection::Selection;
use super::style::{BOLD, GOOD, styled};
use super::{Result, Trouble, seconds};

const EXAMPLES: &str = "\
Examples:
  cargo ex check 3-2                        run all its variants, and explore
                                            100 schedules of each
  cargo ex check 3-1 --variant no-join --runs 20 --explored 1000
  cargo ex check 3-2 -- python3 mine.py     judge a program of your own
  python3 mine.py > saved.txt; cargo ex check 3-2 --from saved.txt";

/// How often each variant of an example is run, and explored.
const RUNS: u32 = 5;
const EXPLORED: u64 = 100;
/// The same for a program of the reader's, which may be slow.
const OWN_RUNS: u32 = 1;
const OWN_EXPLORED: u64 = 20;
/// The pace of the runs of an example.
const QUICK: f64 = 0.1;

/// Judge runs of an example, or of a program of your own, by its contract
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,

    /// How many runs of each variant: 5, or 1 of a program of your own
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    runs: Option<u32>,

    /// How many schedules of each variant are explored: 100, or 20 of a program
    /// of your own. Where the machine does not allow that, it is run on one
    /// processor instead
    #[arg(long, value_name = "N")]
    explored: Option<u64>,

    /// How long a second of the contract lasts: `LESSON_PACE` or 0.1, and 1
    /// for a program of your own
    #[arg(long, value_name = "P")]
    pace: Option<Pace>,

    /// A run that takes longer is ended
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    #[arg(value_parser = seconds)]
    deadline: Duration,

    /// Judge an output that has been saved to this file, - for stdin
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = [
        "runs", "explored", "pace", "deadline", "program"
    ])]
    from: Option<PathBuf>,

    /// How the program has ended that printed it: its exit status, or
    /// `blocked` [default: 0]
    #[arg(long, value_name = "STATUS", requires = "from")]
    #[arg(value_parser = ending)]
    exit: Option<Ending>,
}

fn ending(text: &str) -> Result<Ending, String> {
    if text == "blocked" {
        return Ok(Ending::Blocked);
    }
    let status = text.parse().map(Ending::Exited);
    status.map_err(|_| "an exit status or `blocked` is wanted".to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let selection = &arguments.selection;
    let example = selection.example()?;
    if let Some(from) = &arguments.from {
        let ending = arguments.exit.unwrap_or(Ending::Exited(0));
        let variant = selection.variant(&example)?;
        return judge(&variant, &Run::saved(&saved(from)?, ending));
    }
    let variants = selection.variants(&example)?;
    let seed = environment::seed().map_err(Trouble::Usage)?;
    let pace = arguments.pace(&example)?;
    let program = selection.program(&example)?;
    charge::take().map_err(Trouble::of_own)?;
    let mut good = true;
    for (at, variant) in variants.iter().enumerate() {
        if at > 0 {
            println!();
        }
        let contract = variant.read()?;
        let subject = program.subject(&example, &contract);
        head(variant, &contract);
        let plain = Plain {
            selection,
            variant,
            subject: &subject,
            how: Watch {
                deadline: arguments.deadline,
                pace,
                until_blocked: true,
                reach: Reach::Descendants,
            },
            seed,
            runs: arguments.runs(),
        };
        good &= plain.run()? && arguments.explore(&plain)?;
    }
    Ok(good)
}

impl Arguments {
    fn runs(&self) -> u32 {
        let own = self.selection.is_own();
        self.runs.unwrap_or(if own { OWN_RUNS } else { RUNS })
    }

    fn explored(&self) -> u64 {
        let own = self.selection.is_own();
        self.explored
            .unwrap_or(if own { OWN_EXPLORED } else { EXPLORED })
    }

    fn pace(&self, example: &Example) -> Result<f64> {
        let told = environment::pace().map_err(Trouble::Usage)?;
        let own = self.selection.is_own();
        Ok(match (self.pace, told) {
            (Some(Pace(pace)), _) => pace,
            (None, Some(Pace(pace))) if !own => pace,
            _ if own => 1.0,
            _ => QUICK.max(example.about.minimum_pace),
        })
    }

    /// Explores what has been run, as far as the machine allows it.
    fn explore(&self, plain: &Plain<'_>) -> Result {
        let Subject { contract, .. } = *plain.subject;
        let exploration = Exploration {
            selection: &self.selection,
            variant: plain.variant,
            contract,
            subject: plain.subject,
            strategy: None,
            chaos: false,
        };
        if self.explored() == 0 {
            return Ok(true);
        }
        let findings = match exploration.explore(0..self.explored()) {
            Err(Trouble::Failed(Error::Explore(
                error @ (explore::Error::Forbidden(_)
                | explore::Error::Processor),
            ))) => {
                println!("not explored, but run on one processor: {error}");
                return plain.run_pinned();
            }
            findings => findings?,
        };
        if let Some(explored) = &findings.broken {
            return Ok(exploration.tell(explored));
        }
        exploration.report(&findings);
        Ok(true)
    }
}

/// The text of a saved output.
fn saved(from: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let read = if from == Path::new("-") {
        io::stdin().read_to_end(&mut bytes).map(drop)
    } else {
        fs::read(from).map(|read| bytes = read)
    };
    read.map_err(|source| {
        Trouble::Usage(format!("cannot read {}: {source}", from.display()))
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Judges one run of which there are no times.
fn judge(variant: &Variant, run: &Run) -> Result {
    let contract = variant.read()?;
    head(variant, &contract);
    Ok(match contract.judge(run) {
        Verdict::Kept(report) => {
            draw(&contract, run);
            println!("{}", styled(GOOD, "kept"));
            for line in report.to_string().lines() {
                println!("    {line}");
            }
            true
        }
        Verdict::Broken(violation) => {
            broken(&violation);
            false
        }
    })
}

fn head(variant: &Variant, contract: &Contract) {
    let name = styled(BOLD, variant.full_name());
    println!("{name}  {}\n", contract.title().unwrap_or_default());
}

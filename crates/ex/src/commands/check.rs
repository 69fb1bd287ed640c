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

<<<<<<< HEAD
use super::exploration::Exploration;
use super::plain::{Plain, broken, draw};
use super::selection::Selection;
use super::style::{BOLD, GOOD, styled};
use super::{Result, Trouble, seconds};
=======
use super::style::{BAD, BOLD, GOOD, count, styled};
use super::{Result, Trouble, quoted};
>>>>>>> 71f23914bd2dc9684c8aee489ddfce52ffaaa750

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

<<<<<<< HEAD
=======
/// What is run.
enum Subject {
    /// The example's program.
    Example(PathBuf),
    /// The reader's.
    Own {
        program: OsString,
        arguments: Vec<OsString>,
    },
}

/// Runs of one variant.
struct Check<'a> {
    variant: &'a Variant,
    contract: &'a Contract,
    subject: &'a Subject,
    how: Watch,
    seed: u64,
}

impl Check<'_> {
    /// Makes the runs up to the first that breaks the contract.
    fn make(&self, runs: u32) -> Result {
        head(self.variant, self.contract);
        let mut tally = Tally::new(self.how.pace);
        let mut last = None;
        for number in 0..runs {
            let seed = self.seed.wrapping_add(number.into());
            let outcome = self.attempt(seed).make()?;
            let Some(report) = kept(&outcome) else {
                println!("\nagain: {}", self.again(seed, runs));
                return Ok(false);
            };
            tally.add(&report);
            last = Some(outcome.run);
        }
        if let Some(run) = last {
            draw(self.contract, &run);
        }
        let kept = styled(GOOD, "kept");
        let runs = count(runs.into(), "run");
        print!("{kept}  {runs} at pace {}\n{tally}", self.how.pace);
        Ok(true)
    }

    fn attempt(&self, seed: u64) -> Attempt<'_> {
        let Self { contract, how, .. } = *self;
        match self.subject {
            Subject::Example(program) => {
                Attempt::of_example(program.as_os_str(), contract, seed, how)
            }
            Subject::Own { program, arguments } => Attempt {
                program,
                arguments: arguments.clone(),
                contract,
                seed,
                how,
            },
        }
    }

    /// The command that makes such a run again.
    fn again(&self, seed: u64, runs: u32) -> String {
        let example = self.variant.example.short_name();
        let variant = &self.variant.name;
        let pace = self.how.pace;
        let check = format!(
            "cargo ex check {example} --variant {variant} --pace {pace}"
        );
        match self.subject {
            Subject::Example(_) => format!("{SEED}={seed} {check} --runs 1"),
            Subject::Own { program, arguments } => {
                let words = [program].into_iter().chain(arguments);
                let check = format!("{check} --runs {runs} --");
                words.fold(check, |line, word| {
                    line + " " + &quoted(&word.to_string_lossy())
                })
            }
        }
    }
}

/// The report of a run that has kept its contract; of another one this tells
/// why it has not.
fn kept(outcome: &Outcome) -> Option<Report> {
    let left_behind = &outcome.left_behind;
    let report = match &outcome.verdict {
        Verdict::Broken(violation) => {
            broken(violation);
            None
        }
        Verdict::Kept(_) if !left_behind.is_empty() => {
            println!("{}", styled(BAD, "broken"));
            None
        }
        Verdict::Kept(report) => Some(report.clone()),
    };
    for process in left_behind {
        println!("it left a process behind: {process}");
    }
    report
}

>>>>>>> 71f23914bd2dc9684c8aee489ddfce52ffaaa750
fn head(variant: &Variant, contract: &Contract) {
    let name = styled(BOLD, variant.full_name());
    println!("{name}  {}\n", contract.title().unwrap_or_default());
}

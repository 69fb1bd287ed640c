//! `cargo ex check 3-2`: judges runs by their contracts.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::{print, println};
use clap::{Args, value_parser};
use contract::{Contract, Ending, Report, Run, Verdict, Violation};
use ex::attempt::{Attempt, Outcome};
use ex::catalogue::{Example, Variant, examples};
use ex::charge;
use ex::environment::{self, Pace, SEED};
use ex::family::Reach;
use ex::names::find;
use ex::programs::build_one;
use ex::tally::Tally;
use ex::watch::Watch;

use super::style::{BAD, BOLD, GOOD, count, styled};
use super::{Result, Trouble, quoted};

const EXAMPLES: &str = "\
Examples:
  cargo ex check 3-2                        run all its variants a few times
  cargo ex check 3-1 --variant no-join --runs 20
  cargo ex check 3-2 -- python3 mine.py     judge a program of your own
  python3 mine.py > saved.txt; cargo ex check 3-2 --from saved.txt";

/// How often each variant of an example is run.
const RUNS: u32 = 5;
/// The pace of these runs.
const QUICK: f64 = 0.1;

/// Judge runs of an example, or of a program of your own, by its contract
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The example: its number, its name, or words of a title
    #[arg(required = true)]
    name: Vec<String>,

    /// Only this variant: the name of one of the contracts. A program of your
    /// own and a saved output are judged by `default`
    #[arg(long, value_name = "V")]
    variant: Option<String>,

    /// How many runs of each variant: 5, or 1 of a program of your own
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    runs: Option<u32>,

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
    #[arg(conflicts_with_all = ["runs", "pace", "deadline", "program"])]
    from: Option<PathBuf>,

    /// How the program has ended that printed it: its exit status, or
    /// `blocked` [default: 0]
    #[arg(long, value_name = "STATUS", requires = "from")]
    #[arg(value_parser = ending)]
    exit: Option<Ending>,

    /// A program of your own to judge, and its arguments
    #[arg(last = true)]
    program: Vec<OsString>,
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|&seconds: &f64| seconds > 0.0);
    let time = seconds.map(Duration::try_from_secs_f64);
    time.and_then(Result::ok)
        .ok_or_else(|| "a number of seconds is wanted".to_owned())
}

fn ending(text: &str) -> Result<Ending, String> {
    if text == "blocked" {
        return Ok(Ending::Blocked);
    }
    let status = text.parse().map(Ending::Exited);
    status.map_err(|_| "an exit status or `blocked` is wanted".to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let examples = examples()?;
    let example = find(&examples, &arguments.name.join(" "))?;
    let variants = arguments.variants(example)?;
    if let Some(from) = &arguments.from {
        let ending = arguments.exit.unwrap_or(Ending::Exited(0));
        let run = Run::saved(&saved(from)?, ending);
        return judge(&variants[0], &run);
    }
    let seed = environment::seed().map_err(Trouble::Usage)?;
    let pace = arguments.pace(example)?;
    let how = Watch {
        deadline: arguments.deadline,
        pace,
        until_blocked: true,
        reach: Reach::Descendants,
    };
    let subject = arguments.subject(example)?;
    charge::take().map_err(Trouble::of_own)?;
    let mut good = true;
    for (at, variant) in variants.iter().enumerate() {
        if at > 0 {
            println!();
        }
        let checked = Check {
            variant,
            contract: &variant.read()?,
            subject: &subject,
            how,
            seed,
        };
        good &= checked.make(arguments.runs())?;
    }
    Ok(good)
}

impl Arguments {
    /// The variants to judge.
    fn variants(&self, example: &Example) -> Result<Vec<Variant>> {
        let mut variants = example.variants()?;
        let names: Vec<_> = variants.iter().map(|it| it.name.clone()).collect();
        let one = self.from.is_some() || !self.program.is_empty();
        let default = one.then_some(Variant::DEFAULT);
        let Some(wanted) = self.variant.as_deref().or(default) else {
            return Ok(variants);
        };
        variants.retain(|variant| variant.name == wanted);
        if variants.is_empty() {
            let name = example.short_name();
            let names = names.join(", ");
            return Err(Trouble::Usage(format!(
                "{name} has no variant '{wanted}'; it has {names}"
            )));
        }
        Ok(variants)
    }

    fn runs(&self) -> u32 {
        let usual = if self.program.is_empty() { RUNS } else { 1 };
        self.runs.unwrap_or(usual)
    }

    fn pace(&self, example: &Example) -> Result<f64> {
        let told = environment::pace().map_err(Trouble::Usage)?;
        let own = !self.program.is_empty();
        Ok(match (self.pace, told) {
            (Some(Pace(pace)), _) => pace,
            (None, Some(Pace(pace))) if !own => pace,
            _ if own => 1.0,
            _ => QUICK.max(example.about.minimum_pace),
        })
    }

    fn subject(&self, example: &Example) -> Result<Subject> {
        Ok(match &self.program[..] {
            [program, arguments @ ..] => Subject::Own {
                program: program.clone(),
                arguments: arguments.to_owned(),
            },
            [] => Subject::Example(build_one(&example.package)?),
        })
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

fn head(variant: &Variant, contract: &Contract) {
    let name = styled(BOLD, variant.full_name());
    println!("{name}  {}\n", contract.title().unwrap_or_default());
}

fn draw(contract: &Contract, run: &Run) {
    if let Some(picture) = contract.draw(run) {
        println!("{picture}");
    }
}

fn broken(violation: &Violation) {
    let text = violation.to_string();
    println!("{}  {}", styled(BAD, "broken"), text.trim_end());
}

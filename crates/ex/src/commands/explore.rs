//! `cargo ex explore 3-9`: judges hundreds of schedules of a program.

use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};

use anstream::{eprint, print, println};
use clap::{Args, value_parser};
use contract::{Contract, Verdict};
use ex::Error;
use ex::catalogue::Variant;
use ex::drawing::labels;
use ex::exploration::{Explored, Findings, Subject};
use explore::{Schedule, Strategy};

use super::Result;
use super::selection::Selection;
use super::style::{BAD, BOLD, FAINT, GOOD, count, styled};

const EXAMPLES: &str = "\
Examples:
  cargo ex explore 3-9                       200 schedules of each variant
  cargo ex explore 3-1 --variant no-join --runs 1000 --chaos
  cargo ex explore 3-2 --replay 17           the run of this seed
  cargo ex explore 3-2 --replay 17 --timeline run.svg
  cargo ex explore 3-2 -- python3 mine.py    a program of your own

Tasks take turns at system calls, and at each operation of multiprocessing;
what threads do to each other without a call happens in one order only.";

/// Judge many schedules of an example, or of a program of your own
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,

    /// How many schedules of each variant
    #[arg(long, value_name = "N", default_value = "200")]
    #[arg(value_parser = value_parser!(u64).range(1..))]
    runs: u64,

    /// The seed of the first one; each further one has the next
    #[arg(long, value_name = "S", default_value = "0")]
    seed: u64,

    /// How the next task is chosen: random, sticky or priorities [default: a
    /// mix of all]
    #[arg(long, value_name = "NAME")]
    strategy: Option<Strategy>,

    /// Let sleepers wake at any time, in all runs and not in half of them: it
    /// shows which order rests on sleep alone
    #[arg(long)]
    chaos: bool,

    /// Fail also where the contract allows an order that no run has shown, or
    /// a bound that none has come to, and does not explain why
    #[arg(long, conflicts_with = "replay")]
    strict: bool,

    /// Show the run of this seed
    #[arg(long, value_name = "SEED", conflicts_with_all = ["runs", "seed"])]
    replay: Option<u64>,

    /// Draw that run: an SVG, or text for any other name than *.svg
    #[arg(long, value_name = "FILE", requires = "replay")]
    timeline: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let selection = &arguments.selection;
    let example = selection.example()?;
    let mut variants = selection.variants(&example)?;
    if arguments.replay.is_some() {
        variants = vec![selection.variant(&example)?];
    }
    let mut good = true;
    for (at, variant) in variants.iter().enumerate() {
        if at > 0 {
            println!();
        }
        let contract = variant.read()?;
        let exploration = Exploration {
            arguments,
            variant,
            subject: selection.subject(&example, &contract)?,
            contract: &contract,
        };
        good &= match arguments.replay {
            Some(seed) => exploration.replay(seed)?,
            None => exploration.explore()?,
        };
    }
    Ok(good)
}

/// The exploration of one variant.
struct Exploration<'a> {
    arguments: &'a Arguments,
    variant: &'a Variant,
    contract: &'a Contract,
    subject: Subject<'a>,
}

impl Exploration<'_> {
    fn schedule(&self, seed: u64) -> Schedule {
        let mixed = self.subject.schedule(seed);
        Schedule {
            strategy: self.arguments.strategy.unwrap_or(mixed.strategy),
            chaos: mixed.chaos || self.arguments.chaos,
            ..mixed
        }
    }

    fn head(&self) {
        let name = styled(BOLD, self.variant.full_name());
        println!("{name}  {}", self.contract.title().unwrap_or_default());
    }

    fn explore(&self) -> Result {
        self.head();
        let Arguments { seed, runs, .. } = *self.arguments;
        let progress = |done| {
            if stderr().is_terminal() {
                eprint!("\r{done} of {runs} runs\x1b[K\r");
            }
        };
        let seeds = seed..seed.saturating_add(runs);
        let schedule = |seed| self.schedule(seed);
        let findings = self.subject.explore_all(seeds, schedule, progress)?;
        Ok(match &findings.broken {
            Some(explored) => self.tell(explored),
            None => self.report(&findings),
        })
    }

    /// Tells what the runs have shown; says whether that is enough.
    fn report(&self, findings: &Findings) -> bool {
        let Findings { runs, unsteady, .. } = findings;
        let tally = findings.tally();
        let coverage = findings.coverage(self.contract);
        let outputs = coverage.outputs().len();
        let legal = &coverage.legal().outputs;
        let rate = findings.rate();
        let kept = styled(GOOD, "kept");
        println!("{kept}  {}, {rate:.0} a second", count(*runs, "run"));
        println!("    different outputs: {outputs} seen; legal: {legal}");
        print!("{tally}");
        if *unsteady > 0 {
            println!(
                "    in {} a task ran on without a call and was stopped: \
                 the same seed may give another run",
                count(*unsteady, "run")
            );
        }
        let gaps = coverage.gaps();
        if gaps.is_empty() {
            println!("    each order that is free was seen, or is explained");
        }
        let sign = if self.arguments.strict {
            styled(BAD, "strict")
        } else {
            styled(FAINT, "note")
        };
        for gap in &gaps {
            println!("    {sign}  {gap}");
        }
        gaps.is_empty() || !self.arguments.strict
    }

    fn replay(&self, seed: u64) -> Result {
        self.head();
        println!();
        let explored = self.subject.explore(self.schedule(seed))?;
        if let Some(file) = &self.arguments.timeline {
            let title = self.title();
            let labels = labels(&title, self.contract, &explored.trace);
            draw(file, &explored.trace, &labels)?;
        }
        if let Verdict::Kept(_) = &explored.verdict
            && let Some(picture) = self.contract.draw(&explored.run)
        {
            println!("{picture}");
        }
        Ok(self.tell(&explored))
    }

    fn title(&self) -> String {
        let about = &self.variant.example.about;
        format!("{} {}", about.number, self.variant.example.titles())
    }

    /// Tells how one run was; says whether it is legal.
    fn tell(&self, explored: &Explored) -> bool {
        let Schedule {
            seed,
            strategy,
            chaos,
        } = explored.schedule;
        let chaos = if chaos { ", chaos" } else { "" };
        let how = styled(FAINT, format!("seed {seed}: {strategy}{chaos}"));
        let Some(complaint) = explored.complaint() else {
            println!("{}  {how}", styled(GOOD, "kept"));
            return true;
        };
        println!("{}  {how}\n\n{complaint}", styled(BAD, "broken"));
        println!("again: {}", self.again(seed));
        false
    }

    /// The command that makes exactly this run again.
    fn again(&self, seed: u64) -> String {
        let example = self.variant.example.short_name();
        let variant = &self.variant.name;
        let strategy = match self.arguments.strategy {
            Some(strategy) => format!(" --strategy {strategy}"),
            None => String::new(),
        };
        let chaos = if self.arguments.chaos { " --chaos" } else { "" };
        let own = self.arguments.selection.own();
        format!(
            "cargo ex explore {example} --variant {variant} --replay {seed}\
             {strategy}{chaos}{own}"
        )
    }
}

/// Draws a run into a file.
pub(super) fn draw(
    file: &Path,
    trace: &explore::Trace,
    labels: &timeline::Labels,
) -> Result<()> {
    let is_svg = file.extension().is_some_and(|it| it == "svg");
    let drawn = if is_svg {
        timeline::svg(trace, labels)
    } else {
        timeline::text(trace, labels)
    };
    fs::write(file, drawn).map_err(|source| {
        let path = file.to_owned();
        Error::Write { path, source }
    })?;
    Ok(())
}

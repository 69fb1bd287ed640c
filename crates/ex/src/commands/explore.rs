//! `cargo ex explore 3-9`: judges hundreds of schedules of a program.

use std::fs;
use std::path::{Path, PathBuf};

use anstream::println;
use clap::{Args, value_parser};
use contract::{Contract, Verdict};
use ex::Error;
use ex::catalogue::Variant;
use ex::charge;
use ex::drawing::labels;
use explore::Strategy;

use super::exploration::Exploration;
use super::selection::Selection;
use super::style::{BAD, BOLD, FAINT, styled};
use super::{Result, Trouble};

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
    let variants = match arguments.replay {
        Some(_) => vec![selection.variant(&example)?],
        None => selection.variants(&example)?,
    };
    let program = selection.program(&example)?;
    charge::take().map_err(Trouble::of_own)?;
    let mut good = true;
    for (at, variant) in variants.iter().enumerate() {
        if at > 0 {
            println!();
        }
        let contract = variant.read()?;
        let exploration = Exploration {
            selection,
            variant,
            contract: &contract,
            subject: &program.subject(&example, &contract),
            strategy: arguments.strategy,
            chaos: arguments.chaos,
        };
        head(variant, &contract);
        good &= match arguments.replay {
            Some(seed) => arguments.replay(&exploration, seed)?,
            None => arguments.explore(&exploration)?,
        };
    }
    Ok(good)
}

impl Arguments {
    fn explore(&self, exploration: &Exploration<'_>) -> Result {
        let seeds = self.seed..self.seed.saturating_add(self.runs);
        let findings = exploration.explore(seeds)?;
        if let Some(explored) = &findings.broken {
            return Ok(exploration.tell(explored));
        }
        let gaps = exploration.report(&findings).gaps();
        if gaps.is_empty() {
            println!("    each order that is free was seen, or is explained");
        }
        let sign = match self.strict {
            true => styled(BAD, "strict"),
            false => styled(FAINT, "note"),
        };
        for gap in &gaps {
            println!("    {sign}  {gap}");
        }
        Ok(gaps.is_empty() || !self.strict)
    }

    fn replay(&self, exploration: &Exploration<'_>, seed: u64) -> Result {
        let Exploration {
            contract, variant, ..
        } = exploration;
        println!();
        let schedule = exploration.schedule(seed);
        let explored = exploration.subject.explore(schedule)?;
        if let Some(file) = &self.timeline {
            let title = variant.example.full_title();
            let labels = labels(&title, contract, &explored.trace);
            draw(file, &explored.trace, &labels)?;
        }
        if let Verdict::Kept(_) = &explored.verdict
            && let Some(picture) = contract.draw(&explored.run)
        {
            println!("{picture}");
        }
        Ok(exploration.tell(&explored))
    }
}

fn head(variant: &Variant, contract: &Contract) {
    let name = styled(BOLD, variant.full_name());
    println!("{name}  {}", contract.title().unwrap_or_default());
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

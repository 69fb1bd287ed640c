//! Rounds: each side of an item once, one after the other, so that what else
//! happens on the machine meets all of them alike.
//!
//! Each side of each round is a process of its own. A round in which others
//! used the processors is disturbed, and is done again, a few times at most.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::item::{Item, Place, Run, Side, Who};

/// Others may use so much of a processor, on average, in a quiet round.
const QUIET: f64 = 0.10;
/// How often a disturbed round is done again, for each round that is wanted.
const PATIENCE: usize = 2;

/// What a side took, in all rounds.
pub(crate) struct Measured {
    pub(crate) who: Who,
    pub(crate) by: &'static str,
    pub(crate) rounds: Vec<f64>,
}

impl Measured {
    pub(crate) fn least(&self) -> Option<f64> {
        self.rounds.iter().copied().min_by(f64::total_cmp)
    }

    pub(crate) fn median(&self) -> Option<f64> {
        median(&self.rounds)
    }
}

pub(crate) fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// What the rounds of an item gave.
pub(crate) struct Outcome {
    pub(crate) sides: Vec<Measured>,
    /// Rounds that were thrown away.
    pub(crate) disturbed: usize,
    /// Whether rounds had to be taken that were disturbed.
    pub(crate) noisy: bool,
}

/// Measures all sides of `item`, `rounds` times.
pub(crate) fn measure(
    item: &Item,
    rounds: usize,
) -> Result<Outcome, Box<dyn Error>> {
    let mut outcome = Outcome {
        sides: item.sides.iter().map(empty).collect(),
        disturbed: 0,
        noisy: false,
    };
    let mut done = 0;
    while done < rounds {
        let before = Busy::now()?;
        let costs: Vec<_> = item
            .sides
            .iter()
            .map(|side| run_apart(item, side))
            .collect::<Result<_, _>>()?;
        let quiet = before.others_since()? < QUIET;
        if !quiet && outcome.disturbed < rounds * PATIENCE {
            outcome.disturbed += 1;
            continue;
        }
        outcome.noisy |= !quiet;
        for (side, cost) in outcome.sides.iter_mut().zip(costs) {
            side.rounds.extend(cost);
        }
        done += 1;
    }
    Ok(outcome)
}

fn empty(side: &Side) -> Measured {
    Measured {
        who: side.who,
        by: side.by,
        rounds: Vec::new(),
    }
}

/// The cost as a process of its own tells it; none if Python, or a module of
/// it, is not here.
fn run_apart(item: &Item, side: &Side) -> Result<Option<f64>, Box<dyn Error>> {
    let mut command = match item.place {
        Place::Anywhere => program(item, side)?,
        Place::OneProcessor => {
            let inner = program(item, side)?;
            let mut command = Command::new("taskset");
            command.args(["-c", "0"]).arg(inner.get_program());
            command.args(inner.get_args());
            command
        }
    };
    let output = command.stderr(Stdio::inherit()).output();
    let text = match (output, side.run) {
        (Ok(output), _) if output.status.success() => {
            String::from_utf8(output.stdout)?
        }
        (_, Run::Python(_)) => return Ok(None),
        (Ok(output), _) => {
            let status = output.status;
            return Err(format!("{} {}: {status}", item.name, side.by).into());
        }
        (Err(error), _) => return Err(error.into()),
    };
    Ok(Some(text.trim().parse()?))
}

fn program(item: &Item, side: &Side) -> Result<Command, Box<dyn Error>> {
    match side.run {
        Run::Here(_) => {
            let mut command = Command::new(env::current_exe()?);
            command.args(["--side", item.name, side.by]);
            Ok(command)
        }
        Run::Python(function) => {
            let mut command = python();
            command.arg(function);
            Ok(command)
        }
    }
}

/// CPython, which is to be told a function of `sides.py`.
pub(crate) fn python() -> Command {
    let python = env::var_os("BENCH_PYTHON").unwrap_or("python3".into());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let mut command = Command::new(python);
    command.arg(folder.join("sides.py"));
    command
}

/// How long the processors have been busy, and how much of it was ours.
struct Busy {
    at: Instant,
    all: Duration,
    ours: Duration,
}

impl Busy {
    fn now() -> Result<Self, Box<dyn Error>> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().unwrap_or_default();
        // user, nice, system, idle, iowait, irq, softirq, steal; in 1/100 s.
        let ticks: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .map_while(|word| word.parse().ok())
            .collect();
        let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|&at| ticks.get(at));
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let ours = [usage.user_time(), usage.system_time()].map(|time| {
            let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
            Duration::from_micros(micros.unsigned_abs())
        });
        Ok(Self {
            at: Instant::now(),
            all: Duration::from_millis(busy.sum::<u64>() * 10),
            ours: ours.iter().sum(),
        })
    }

    /// How many processors others used since then, on average.
    fn others_since(&self) -> Result<f64, Box<dyn Error>> {
        let now = Self::now()?;
        let all = now.all.saturating_sub(self.all);
        let others = all.saturating_sub(now.ours.saturating_sub(self.ours));
        Ok(others.as_secs_f64() / (now.at - self.at).as_secs_f64())
    }
}

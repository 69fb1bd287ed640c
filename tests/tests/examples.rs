//! Every example against its contracts: 20 plain runs of each variant and 10
//! on one processor, at a small pace and with another seed each time.
//!
//! At the end stands how often each `usually` held, and how close any run came
//! to each bound. A failure shows the run as its contract's checker draws it, and the command
//! that repeats it. `GOLDEN_SEED=n` repeats all of them with the same seeds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{Contract, Exit, Report, Verdict};
use golden::catalogue::{Variant, root, variants};
use golden::chance::seed;
use golden::family::regions_left;
use golden::programs;
use golden::tally::Tally;
use golden::watch::{Sight, Watch, watch};
use libtest_mimic::{Arguments, Failed, Trial};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use rayon::prelude::*;

/// So long is a second of the examples here.
const PACE: f64 = 0.02;
const PLAIN_RUNS: u32 = 20;
const PINNED_RUNS: u32 = 10;
const DEADLINE: Duration = Duration::from_secs(30);
/// How many runs are under way at a time. They sleep most of the time; but
/// where a machine is overloaded, time limits pass that nobody meant to.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let tallies = Tallies::default();
    let trials = match trials(&tallies) {
        Ok(trials) => trials,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    // The runs of one variant go side by side, not the variants.
    arguments.test_threads = Some(1);
    let conclusion = libtest_mimic::run(&arguments, trials);
    for (name, tally) in &*lock(&tallies) {
        println!("{name}\n{tally}");
    }
    conclusion.exit_code()
}

/// What was seen of each variant, by its name.
type Tallies = Arc<Mutex<BTreeMap<String, Tally>>>;

fn lock(tallies: &Tallies) -> MutexGuard<'_, BTreeMap<String, Tally>> {
    tallies.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trials(tallies: &Tallies) -> Result<Vec<Trial>, Box<dyn std::error::Error>> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(AT_ONCE)
        .build_global()?;
    let programs = Arc::new(programs::build()?);
    let seed = seed()?;
    let mut trials = Vec::new();
    for variant in variants()? {
        let programs = Arc::clone(&programs);
        let tallies = Arc::clone(tallies);
        trials.push(Trial::test(variant.name.clone(), move || {
            let tally = check(&variant, &programs, seed)?;
            lock(&tallies).insert(variant.name, tally);
            Ok(())
        }));
    }
    Ok(trials)
}

/// Runs one variant often enough.
fn check(
    variant: &Variant,
    programs: &BTreeMap<String, PathBuf>,
    seed: u64,
) -> Result<Tally, Failed> {
    let Variant {
        example,
        contract: path,
        ..
    } = variant;
    let shown = path.strip_prefix(root())?.display().to_string();
    let contract = Contract::parse(&fs::read_to_string(path)?, &shown)
        .map_err(|faults| {
            let faults = faults.iter().map(ToString::to_string);
            faults.collect::<Vec<_>>().join("\n")
        })?;
    let program = programs
        .get(&example.package)
        .ok_or_else(|| format!("{} has no binary", example.package))?;
    let pace = PACE.max(example.about.minimum_pace);
    let runs = (0..PLAIN_RUNS + PINNED_RUNS).map(|number| Attempt {
        program,
        contract: &contract,
        pace,
        seed: seed.wrapping_add(number.into()),
        pinned: number >= PLAIN_RUNS,
    });
    let runs: Vec<_> = runs.collect();
    let reports: Vec<_> = runs.par_iter().map(Attempt::judge).collect();
    let mut tally = Tally::new(pace);
    for report in reports {
        tally.add(&report?);
    }
    Ok(tally)
}

/// One run of one variant.
struct Attempt<'a> {
    program: &'a Path,
    contract: &'a Contract,
    pace: f64,
    seed: u64,
    pinned: bool,
}

impl Attempt<'_> {
    fn judge(&self) -> Result<Report, Failed> {
        let left_before = regions_left();
        let Sight { run, left_behind } = self.watch()?;
        let mut complaints = String::new();
        let report = match self.contract.judge(&run) {
            Verdict::Kept(report) => report,
            Verdict::Broken(violation) => {
                writeln!(complaints, "{violation}")?;
                Report::default()
            }
        };
        for process in left_behind {
            writeln!(complaints, "it left a process behind: {process}")?;
        }
        for name in regions_left() {
            if !left_before.contains(&name) {
                writeln!(complaints, "it left shared memory behind: {name}")?;
            }
        }
        if complaints.is_empty() {
            return Ok(report);
        }
        writeln!(complaints, "again: {}", self.command_line())?;
        Err(complaints.into())
    }

    fn watch(&self) -> Result<Sight, Failed> {
        let mut command = Command::new(self.program);
        command
            .args(self.contract.flags())
            .env("LESSON_PACE", self.pace.to_string())
            .env("LESSON_SEED", self.seed.to_string())
            .env_remove("RUST_BACKTRACE");
        let how = Watch {
            deadline: DEADLINE,
            pace: self.pace,
            until_blocked: self.contract.exit() == Exit::Blocked,
        };
        // A child runs where the thread may run that starts it.
        let everywhere = sched_getaffinity(Pid::from_raw(0))?;
        if self.pinned {
            sched_setaffinity(Pid::from_raw(0), &first_of(&everywhere)?)?;
        }
        let sight = watch(&mut command, how);
        sched_setaffinity(Pid::from_raw(0), &everywhere)?;
        Ok(sight?)
    }

    fn command_line(&self) -> String {
        let pinned = if self.pinned { "taskset -c 0 " } else { "" };
        let flags = self.contract.flags().join(" ");
        let program = self.program.display();
        let (pace, seed) = (self.pace, self.seed);
        format!(
            "LESSON_PACE={pace} LESSON_SEED={seed} {pinned}{program} {flags}"
        )
    }
}

/// The lowest of the processors.
fn first_of(all: &CpuSet) -> Result<CpuSet, Failed> {
    let mut first = CpuSet::new();
    for processor in 0..CpuSet::count() {
        if all.is_set(processor)? {
            first.set(processor)?;
            break;
        }
    }
    Ok(first)
}

//! Every example against its contracts: of each variant 10 plain runs and 10
//! on one processor, at a small pace, and 200 explored ones, each with another
//! seed.
//!
//! At the end stands how many different outputs that were, how often each
//! `usually` held, and how close any run came to each bound. A failure shows
//! the run as its contract's checker draws it, and the command that repeats
//! it. `GOLDEN_SEED=n` repeats all of them with the same seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{Contract, Exit, Report, Verdict};
use ex::attempt::{Attempt, Outcome};
use ex::catalogue::{Variant, variants};
use ex::exploration::Subject;
use ex::family::{Reach, regions_left};
use ex::programs;
use ex::tally::Tally;
use ex::watch::Watch;
use golden::chance::seed;
use golden::needs::trial;
use libtest_mimic::{Arguments, Failed, Trial};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use rayon::prelude::*;

/// So long is a second of the examples here.
const PACE: f64 = 0.02;
const PLAIN_RUNS: u32 = 10;
const PINNED_RUNS: u32 = 10;
const EXPLORED_RUNS: u64 = 200;
const DEADLINE: Duration = Duration::from_secs(30);
/// How many runs are under way at a time. They sleep most of the time; but
/// where a machine is overloaded, time limits pass that nobody meant to.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let summaries = Summaries::default();
    let trials = match trials(&summaries) {
        Ok(trials) => trials,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    // The runs of one variant go side by side, not the variants.
    arguments.test_threads = Some(1);
    let conclusion = libtest_mimic::run(&arguments, trials);
    for (name, summary) in &*lock(&summaries) {
        println!("{name}\n{summary}");
    }
    conclusion.exit_code()
}

/// What was seen of each variant, by its name.
type Summaries = Arc<Mutex<BTreeMap<String, String>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trials(
    summaries: &Summaries,
) -> Result<Vec<Trial>, Box<dyn std::error::Error>> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(AT_ONCE)
        .build_global()?;
    let programs = Arc::new(programs::build()?);
    let seed = seed()?;
    let mut trials = Vec::new();
    for variant in variants()? {
        let programs = Arc::clone(&programs);
        let summaries = Arc::clone(summaries);
        let example = variant.example.clone();
        trials.push(trial(&example, variant.full_name(), move || {
            let summary = check(&variant, &programs, seed)?;
            lock(&summaries).insert(variant.full_name(), summary);
            Ok(())
        }));
    }
    Ok(trials)
}

/// Runs one variant often enough; tells what was seen.
fn check(
    variant: &Variant,
    programs: &BTreeMap<String, PathBuf>,
    seed: u64,
) -> Result<String, Failed> {
    let package = &variant.example.package;
    let contract = variant.read()?;
    let program = programs
        .get(package)
        .ok_or_else(|| format!("{package} has no binary"))?;
    let run = run(variant, &contract, program, seed)?;
    let explored = explored(variant, &contract, program, seed)?;
    Ok(run + &explored)
}

/// Runs it as it is, on all processors and on one.
fn run(
    variant: &Variant,
    contract: &Contract,
    program: &Path,
    seed: u64,
) -> Result<String, Failed> {
    let pace = PACE.max(variant.example.about.minimum_pace);
    let how = Watch {
        deadline: DEADLINE,
        pace,
        until_blocked: contract.exit() == Exit::Blocked,
        reach: Reach::Group,
    };
    let runs = (0..PLAIN_RUNS + PINNED_RUNS).map(|number| Trying {
        attempt: Attempt::of_example(
            program.as_os_str(),
            contract,
            seed.wrapping_add(number.into()),
            how,
        ),
        pinned: number >= PLAIN_RUNS,
    });
    let runs: Vec<_> = runs.collect();
    let reports: Vec<_> = runs.par_iter().map(Trying::judge).collect();
    let mut tally = Tally::new(pace);
    let mut outputs = BTreeSet::new();
    for report in reports {
        let report = report?;
        tally.add(&report);
        outputs.insert(report.shape);
    }
    let (runs, outputs) = (runs.len(), outputs.len());
    Ok(format!("  {runs} runs: {outputs} outputs\n{tally}"))
}

/// Runs it under many schedules.
fn explored(
    variant: &Variant,
    contract: &Contract,
    program: &Path,
    seed: u64,
) -> Result<String, Failed> {
    let subject = Subject::variant(&variant.example, program, contract);
    let seeds = seed..seed + EXPLORED_RUNS;
    let schedule = |seed| subject.schedule(seed);
    let findings = match subject.explore_all(seeds, schedule, |_| {}) {
        Err(ex::Error::Explore(
            error @ (explore::Error::Forbidden(_) | explore::Error::Processor),
        )) => return Ok(format!("  not explored: {error}\n")),
        findings => findings?,
    };
    if let Some(broken) = &findings.broken {
        let complaint = broken.complaint(contract).unwrap_or_default();
        let example = variant.example.short_name();
        let name = &variant.name;
        let seed = broken.schedule.seed;
        let again = format!(
            "cargo ex explore {example} --variant {name} --replay {seed}"
        );
        return Err(format!("{complaint}\nagain: {again}\n").into());
    }
    let rate = findings.rate();
    let runs = findings.runs;
    let tally = findings.tally();
    let coverage = findings.coverage(contract);
    let outputs = coverage.outputs().len();
    let legal = &coverage.legal().outputs;
    Ok(format!(
        "  {runs} explored, {rate:.0} a second: {outputs} outputs, legal: \
         {legal}\n{tally}"
    ))
}

/// One run of one variant.
struct Trying<'a> {
    attempt: Attempt<'a>,
    pinned: bool,
}

impl Trying<'_> {
    fn judge(&self) -> Result<Report, Failed> {
        let left_before = regions_left();
        let Outcome {
            verdict,
            left_behind,
            ..
        } = self.make()?;
        let mut complaints = String::new();
        let report = match verdict {
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

    fn make(&self) -> Result<Outcome, Failed> {
        // A child runs where the thread may run that starts it.
        let everywhere = sched_getaffinity(Pid::from_raw(0))?;
        if self.pinned {
            sched_setaffinity(Pid::from_raw(0), &first_of(&everywhere)?)?;
        }
        let outcome = self.attempt.make();
        sched_setaffinity(Pid::from_raw(0), &everywhere)?;
        Ok(outcome?)
    }

    fn command_line(&self) -> String {
        let pinned = if self.pinned { "taskset -c 0 " } else { "" };
        let Attempt {
            program,
            contract,
            seed,
            how: Watch { pace, .. },
            ..
        } = &self.attempt;
        let flags = contract.flags().join(" ");
        let program = program.display();
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

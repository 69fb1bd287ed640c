//! However a run is ended, its whole family is gone at once, silently: by a
//! reader that goes away, by Ctrl-C, by SIGTERM, by SIGKILL.
//!
//! Each variant of each example is ended at moments left to chance; a failure
//! shows which, and `GOLDEN_SEED=n` repeats all of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use contract::Exit;
use ex::catalogue::{Variant, variants};
use ex::family::{regions_left, spawn};
use ex::programs;
use golden::chance::seed;
use golden::needs::trial;
use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Slow enough to be met in the middle.
const PACE: &str = "0.05";
/// The moments lie within so many milliseconds after the start.
const MOMENTS: u64 = 150;
/// How often each ending is tried.
const TRIES: u32 = 3;

/// A run that is still there so long after its ending has not ended.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
enum Way {
    /// What `| head -1` does.
    ReaderGone,
    /// Ctrl-C, which the terminal sends to all of them.
    Interrupt,
    /// `kill PID`.
    Terminate,
    /// `kill -9 PID`.
    Kill,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials() {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn trials() -> Result<Vec<Trial>, Box<dyn std::error::Error>> {
    let programs = Arc::new(programs::build()?);
    let seed = seed()?;
    let mut trials = Vec::new();
    for variant in variants()? {
        let programs = Arc::clone(&programs);
        let example = variant.example.clone();
        trials.push(trial(&example, variant.full_name(), move || {
            check(&variant, &programs, seed)
        }));
    }
    let programs = Arc::clone(&programs);
    trials.push(Trial::test("no name is left in /dev/shm", move || {
        no_name_is_left(&programs)
    }));
    Ok(trials)
}

fn check(
    variant: &Variant,
    programs: &BTreeMap<String, PathBuf>,
    seed: u64,
) -> Result<(), Failed> {
    let package = &variant.example.package;
    let program = programs.get(package).ok_or("there is no such program")?;
    let contract = variant.read()?;
    let may_block = contract.exit() == Exit::Blocked;
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
    for _ in 0..TRIES {
        for way in [Way::ReaderGone, Way::Interrupt, Way::Terminate, Way::Kill]
        {
            let moment = Duration::from_millis(chance.random_range(0..MOMENTS));
            let mut command = Command::new(program);
            command.args(contract.flags()).env("LESSON_PACE", PACE);
            let complaint = end(&mut command, way, moment, may_block)?;
            let expected = contract.stderr().is_some();
            if !complaint.is_empty() && !expected {
                let again = format!("{way:?} after {moment:?}, seed {seed}");
                return Err(format!("{again}:\n{complaint}").into());
            }
        }
    }
    Ok(())
}

/// Ends a run; says what was wrong about its end.
fn end(
    command: &mut Command,
    way: Way,
    moment: Duration,
    may_block: bool,
) -> Result<String, Failed> {
    let (mut child, family) = spawn(command)?;
    let main = Pid::from_raw(child.id().cast_signed());
    let mut stdout = child.stdout.take().map(BufReader::new);
    match way {
        Way::ReaderGone => {
            if let Some(stdout) = &mut stdout {
                stdout.read_line(&mut String::new())?;
            }
            stdout = None;
        }
        Way::Interrupt => {
            thread::sleep(moment);
            family.signal(Signal::SIGINT);
        }
        Way::Terminate => {
            thread::sleep(moment);
            kill(main, Signal::SIGTERM)?;
        }
        Way::Kill => {
            thread::sleep(moment);
            kill(main, Signal::SIGKILL)?;
        }
    }
    let mut complaint = String::new();
    match wait(&mut child)? {
        Some(status) if is_proper(status, way) => {}
        Some(status) => writeln!(complaint, "it ended with {status}")?,
        // Who prints no more does not notice that nobody reads.
        None if may_block && matches!(way, Way::ReaderGone) => {
            family.kill();
            child.wait()?;
        }
        None => writeln!(complaint, "it has not ended after {PATIENCE:?}")?,
    }
    for process in family.left_behind() {
        writeln!(complaint, "it left a process behind: {process}")?;
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut complaint)?;
    }
    drop(stdout);
    Ok(complaint)
}

/// Waits for the end, which is at once, unless the machine is very busy.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(None)
}

/// Ended in this way, or by itself before.
fn is_proper(status: ExitStatus, way: Way) -> bool {
    let signal = match way {
        Way::ReaderGone => Signal::SIGPIPE,
        Way::Interrupt => Signal::SIGINT,
        Way::Terminate => Signal::SIGTERM,
        Way::Kill => Signal::SIGKILL,
    };
    status.success() || status.signal() == Some(signal as i32)
}

/// A process killed in the middle of making a region may leave its name; the
/// next program that makes one removes it.
fn no_name_is_left(programs: &BTreeMap<String, PathBuf>) -> Result<(), Failed> {
    let program = programs.get("ex3-4").ok_or("there is no ex3-4")?;
    Command::new(program).stdout(Stdio::null()).status()?;
    let left = regions_left();
    if left.is_empty() {
        return Ok(());
    }
    Err(format!("left in /dev/shm: {left:?}").into())
}

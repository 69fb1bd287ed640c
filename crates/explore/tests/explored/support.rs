//! What the tests have in common.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use explore::{Ended, Ending, Program, Schedule, Strategy, Trace, What};

use crate::harness::PROGRAM;

/// For what happens soon, but on a busy machine may take its time.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// The program of this name in this binary, with arguments.
pub(crate) fn program(name: &str, arguments: &[&str]) -> Program {
    let binary = env::current_exe().expect("the binary has a path");
    let mut command = vec![binary.into(), PROGRAM.into(), name.into()];
    command.extend(arguments.iter().map(OsString::from));
    Program {
        command,
        ..Program::default()
    }
}

/// Another program.
pub(crate) fn command(words: &[&str]) -> Program {
    Program {
        command: words.iter().map(OsString::from).collect(),
        ..Program::default()
    }
}

/// A script for the shell.
pub(crate) fn shell(script: &str) -> Program {
    command(&["sh", "-c", script])
}

/// A script for Python.
pub(crate) fn python(script: &str) -> Program {
    let python = python_path().expect("only then these tests run");
    // Without the folders of a user it starts sooner.
    command(&[python, "-IS", "-c", script])
}

/// Python itself, and not a script that looks for it; None: it is not here.
pub(crate) fn python_path() -> Option<&'static str> {
    static PATH: OnceLock<Option<String>> = OnceLock::new();
    let asked = || {
        let mut asked = Command::new("python3");
        asked.args(["-c", "import sys; print(sys.executable)"]);
        let told = asked.output().ok()?;
        let path = String::from_utf8(told.stdout).ok()?;
        told.status.success().then(|| path.trim_end().to_owned())
    };
    PATH.get_or_init(asked).as_deref()
}

/// Each task with the same chance, and no sleeper before its time.
pub(crate) fn fair(seed: u64) -> Schedule {
    Schedule {
        seed,
        strategy: Strategy::Random,
        chaos: false,
    }
}

/// Explores a program, of which nobody may be left.
#[track_caller]
pub(crate) fn run(program: &Program, schedule: &Schedule) -> Trace {
    let trace = explore::explore(program, schedule);
    let trace = trace.expect("it can be explored");
    assert_nobody_is_left(&trace);
    trace
}

/// The same of a program that ends well and says nothing on stderr.
#[track_caller]
pub(crate) fn run_well(program: &Program, schedule: &Schedule) -> Trace {
    let trace = run(program, schedule);
    assert_eq!(trace.stderr, "", "{schedule:?}");
    assert_eq!(trace.ending, exited(0), "{schedule:?}");
    assert_eq!(trace.left_behind, [], "{schedule:?}");
    trace
}

/// What the program prints when all have the same chance.
#[track_caller]
pub(crate) fn lines_of(program: &Program) -> Vec<String> {
    lines(&run_well(program, &fair(1)))
}

pub(crate) fn exited(status: i32) -> Ending {
    Ending::Ended(Ended::Exited(status))
}

pub(crate) fn signaled(signal: i32) -> Ending {
    Ending::Ended(Ended::Signaled(signal))
}

/// What was printed.
pub(crate) fn lines(trace: &Trace) -> Vec<String> {
    let lines = trace.events.iter().filter_map(|event| match &event.what {
        What::Printed(line) => Some(line.clone()),
        _ => None,
    });
    lines.collect()
}

/// The same run without the numbers that the kernel gives.
pub(crate) fn without_pids(mut trace: Trace) -> Trace {
    for task in &mut trace.tasks {
        (task.pid, task.tid) = (0, 0);
    }
    trace
}

#[track_caller]
pub(crate) fn assert_nobody_is_left(trace: &Trace) {
    let leader = trace.tasks[0].pid;
    for task in &trace.tasks {
        assert_ne!(session(task.pid), Some(leader), "{task:?} is left");
    }
}

/// The session of a process; None: it is gone, but perhaps for its remains.
pub(crate) fn session(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let is_there = fields.next() != Some("Z");
    let session = fields.nth(2)?.parse().ok()?;
    is_there.then_some(session)
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < SOON, "not within {SOON:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

pub(crate) const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

//! Runs every test in a process of its own, and looks at what it leaves.
//!
//! The library forks from the main thread of a single-threaded process only,
//! which the standard test harness cannot give. So the test binary starts
//! itself once more for each test, as the leader of a session. When that
//! process has ended, or has taken too long, nobody of its session may be
//! left.

use std::io::{PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fmt::Write, fs, panic, process, thread};

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, setsid};

use crate::procfs;

/// A test, or a program that a test starts: a function and its name.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
    /// What this machine lacks that the test needs, if anything.
    pub(crate) lacks: fn() -> Option<&'static str>,
}

/// Lists the tests of a file, so that each name is written once; behind
/// `unless` stands what asks whether the machine lacks something.
macro_rules! list {
    (@lacks) => { || None };
    (@lacks $lacks:path) => { $lacks };
    ($($run:ident $(unless $lacks:path)?),* $(,)?) => {
        &[$($crate::harness::Test {
            name: stringify!($run),
            run: $run,
            lacks: $crate::harness::list!(@lacks $($lacks)?),
        }),*]
    };
}
pub(crate) use list;

/// The directory of a test for its files; it goes away with the test.
pub(crate) const SCRATCH: &str = "MULTIPROCESSING_SCRATCH";
/// Makes the test binary run one program, as its main function.
pub(crate) const PROGRAM: &str = "MULTIPROCESSING_PROGRAM";
const TEST: &str = "MULTIPROCESSING_TEST";

/// How many seconds a test may take, unless it is this.
const DEADLINE: &str = "MP_DEADLINE";
const SECONDS: u64 = 30;
/// With either, tests do more than they do by default, and take longer.
const MORE: [&str; 2] = ["MP_STEPS", "MP_KILLS"];
const MANY_SECONDS: u64 = 3600;
/// For those who end with the leader of the session.
const GRACE: Duration = Duration::from_secs(1);
const THREADS: usize = 2;

/// The main function of the test binary.
pub(crate) fn main(tests: &[&[Test]], programs: &[&[Test]]) -> ExitCode {
    if let Ok(name) = env::var(PROGRAM) {
        (find(&programs.concat(), &name).run)();
        return ExitCode::SUCCESS;
    }
    let tests = tests.concat();
    if let Ok(name) = env::var(TEST) {
        run_as_leader(find(&tests, &name));
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let trials = tests.iter().map(|test| {
        let name = test.name;
        let trial = Trial::test(name, move || supervise(name));
        match (test.lacks)() {
            Some(what) => trial.with_kind(what).with_ignored_flag(true),
            None => trial,
        }
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn find(tests: &[Test], name: &str) -> Test {
    let mut found = tests.iter().filter(|test| test.name == name);
    let test = found.next().expect("the name is one of the list");
    assert!(found.next().is_none(), "two functions have the name {name}");
    *test
}

fn run_as_leader(test: Test) {
    // The supervisor may be interrupted; its thread waits for this process.
    set_pdeathsig(Signal::SIGKILL).expect("one may ask for it");
    setsid().expect("a new process leads no group yet");
    if panic::catch_unwind(test.run).is_err() {
        // A normal end would wait for the children of a test that failed.
        process::abort();
    }
}

fn supervise(name: &str) -> Result<(), Failed> {
    let scratch = Scratch::new(name)?;
    let (mut leader, output) = start(name, &scratch.0)?;
    let id = i32::try_from(leader.id())?;

    let mut complaints = String::new();
    match wait(&mut leader)? {
        Some(status) if status.success() => {}
        Some(status) => writeln!(complaints, "it ended with {status}")?,
        None => {
            end(&[id]);
            end(&procfs::session(id));
            leader.wait()?;
            writeln!(complaints, "it was killed after {:?}", deadline())?;
        }
    }
    for pid in still_there(id) {
        writeln!(complaints, "it left {} running", describe(pid))?;
        end(&[pid]);
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(format!("{complaints}--- output ---\n{}", output.text()).into())
}

fn start(name: &str, scratch: &Path) -> Result<(Child, Output), Failed> {
    let (reader, writer) = std::io::pipe()?;
    let leader = Command::new(env::current_exe()?)
        .env(TEST, name)
        .env(SCRATCH, scratch)
        // The place of a panic is enough, and some tests read stderr.
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()?;
    Ok((leader, Output::drain(reader)))
}

fn deadline() -> Duration {
    let given = env::var(DEADLINE).ok();
    let given = given.map(|it| it.parse().expect("it is a number of seconds"));
    let more = MORE.iter().any(|name| env::var_os(name).is_some());
    let usual = if more { MANY_SECONDS } else { SECONDS };
    Duration::from_secs(given.unwrap_or(usual))
}

/// Waits for the end of the leader; none: it takes too long.
fn wait(leader: &mut Child) -> Result<Option<ExitStatus>, Failed> {
    let start = Instant::now();
    let deadline = deadline();
    loop {
        let status = leader.try_wait()?;
        if status.is_some() || start.elapsed() > deadline {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Those of the session who do not end by themselves after their leader.
fn still_there(leader: i32) -> Vec<i32> {
    let start = Instant::now();
    loop {
        let members = procfs::session(leader);
        if members.is_empty() || start.elapsed() > GRACE {
            return members;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn end(pids: &[i32]) {
    for &pid in pids {
        // It may have ended in the meantime.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

fn describe(pid: i32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm"));
    format!("{pid} ({})", name.unwrap_or_default().trim_end())
}

struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> std::io::Result<Self> {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{test}-{}", process::id()));
        fs::create_dir_all(&directory)?;
        Ok(Self(directory))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is in the target directory, and cargo clean takes it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a test and its children print, read by a thread so that the pipe does
/// not fill up.
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    end: Receiver<()>,
}

impl Output {
    fn drain(mut pipe: PipeReader) -> Self {
        let (at_end, end) = mpsc::channel();
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&text);
        thread::spawn(move || {
            let _at_end = at_end;
            let mut chunk = [0; 4096];
            while let Ok(len @ 1..) = pipe.read(&mut chunk) {
                let mut text = sink.lock().expect("nobody panics with it");
                text.extend_from_slice(&chunk[..len]);
            }
        });
        Self { text, end }
    }

    /// All of it, or what there is if somebody keeps the pipe open.
    fn text(&self) -> String {
        let _ = self.end.recv_timeout(GRACE);
        let text = self.text.lock().expect("nobody panics with it");
        String::from_utf8_lossy(&text).into_owned()
    }
}

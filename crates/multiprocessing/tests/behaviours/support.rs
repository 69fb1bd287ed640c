//! What the tests have in common.

use std::fmt::Display;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use multiprocessing::{Outcome, Process, RawValue};
use nix::sys::prctl::set_dumpable;
use nix::sys::signal::{self, SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::unistd::{Uid, getuid, setresuid};
use rand::RngExt;

use crate::harness::{PROGRAM, SCRATCH};

/// For what happens soon, but on a busy machine may take its time.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Waits until `condition` holds; fails after `limit`.
#[track_caller]
pub(crate) fn eventually(limit: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < limit, "not within {limit:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs `action`, which must take `limit` at least; what it returns.
#[track_caller]
pub(crate) fn at_least<T>(limit: Duration, action: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = action();
    let elapsed = start.elapsed();
    assert!(elapsed >= limit, "after {elapsed:?} already, not {limit:?}");
    result
}

/// A process that has been started with `target`.
#[track_caller]
pub(crate) fn started<'a, R: Outcome>(
    target: impl FnOnce() -> R + 'a,
) -> Process<'a> {
    let child = Process::new(target);
    child.start().expect("the process can be started");
    child
}

/// Waits for the end of `child`; its exit code.
#[track_caller]
pub(crate) fn joined(child: &Process<'_>) -> i32 {
    child.join().expect("a started process can be joined");
    let exitcode = child.exitcode().expect("the child is ours");
    exitcode.expect("the child has ended")
}

/// Runs `target` in a child; its exit code.
///
/// A failed assertion in the child is said on stderr and has exit code 1.
#[track_caller]
pub(crate) fn in_child<R: Outcome>(target: impl FnOnce() -> R) -> i32 {
    joined(&started(target))
}

/// Runs `target` in a child that belongs to a user who has no other process,
/// and is not root, for whom some limits do not hold; its exit code.
#[track_caller]
pub(crate) fn in_child_of_a_user<R: Outcome>(
    target: impl FnOnce() -> R,
) -> i32 {
    let user = Uid::from_raw(2_000_000_000 + std::process::id() % 1_000_000);
    in_child(|| {
        if getuid().is_root() {
            setresuid(user, user, user).expect("root may");
            // Or /proc/self is closed to us.
            set_dumpable(true).expect("it is our own memory");
        }
        target()
    })
}

/// What `target` and its children write to stderr, and its exit code.
#[track_caller]
pub(crate) fn stderr_of<R: Outcome>(
    target: impl FnOnce() -> R,
) -> (String, i32) {
    let (mut reader, writer) = io::pipe().expect("there is room for a pipe");
    let child = started(move || {
        nix::unistd::dup2_stderr(&writer).expect("stderr can be replaced");
        drop(writer);
        target()
    });
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("the text is UTF-8");
    (text, joined(&child))
}

/// Kills `child` and waits for its end.
#[track_caller]
pub(crate) fn killed(child: &Process<'_>) {
    child.kill().expect("it can be killed");
    assert_eq!(joined(child), -9);
}

/// A child that is in the middle of `action`, has just begun it or has ended
/// it a moment ago: to be killed at any moment of it.
#[track_caller]
pub(crate) fn victim<'a, R: Outcome>(
    random: &mut impl RngExt,
    action: impl FnOnce() -> R + 'a,
) -> Process<'a> {
    let go = RawValue::new(0).expect("there is memory");
    let gate = go.clone();
    let delay = random.random_range(0..1_000);
    let child = started(move || {
        gate.set(1);
        while gate.get() == 1 {}
        (0..delay).for_each(|_| std::hint::spin_loop());
        action()
    });
    eventually(SOON, || go.get() == 1);
    go.set(2);
    spin(random, 60_000);
    child
}

/// Never returns; a signal has to end the process.
pub(crate) fn sleep_for_ever() -> ! {
    loop {
        nix::unistd::pause();
    }
}

/// A file of this test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let directory = env::var_os(SCRATCH).expect("the harness sets it");
    PathBuf::from(directory).join(name)
}

/// Lets whoever asks for `name`, in whatever process, have `value`.
pub(crate) fn tell(name: &str, value: impl Display) {
    let (draft, path) = (scratch(&format!("{name}.draft")), scratch(name));
    fs::write(&draft, value.to_string()).expect("the disk has room");
    // In one step, so that nobody reads half of it.
    fs::rename(draft, path).expect("the directory is ours");
}

/// What was told under `name`, when it has been.
#[track_caller]
pub(crate) fn told<T: FromStr>(name: &str) -> T {
    eventually(SOON, || is_told(name));
    let text = fs::read_to_string(scratch(name)).expect("it is there");
    let value = text.parse().ok();
    value.unwrap_or_else(|| panic!("{name} is {text:?}"))
}

/// Whether `name` has been told.
pub(crate) fn is_told(name: &str) -> bool {
    scratch(name).exists()
}

/// This test binary, about to run a function of `PROGRAMS` as its main.
pub(crate) fn program(name: &str) -> Command {
    let path = env::current_exe().expect("the binary has a path");
    let mut command = Command::new(path);
    command.env(PROGRAM, name);
    command
}

/// The seed for what a test leaves to chance: `MP_SEED`, or a new one. It is
/// printed, which the harness shows when the test fails.
pub(crate) fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let given = env::var("MP_SEED").ok();
        let given = given.map(|seed| seed.parse().expect("MP_SEED is a u64"));
        let seed = given.unwrap_or_else(rand::random);
        eprintln!("run again with MP_SEED={seed}");
        seed
    })
}

/// How many processes a test kills at random moments: `MP_KILLS`, or `few`.
pub(crate) fn kills(few: usize) -> usize {
    let given = env::var("MP_KILLS").ok();
    given.map_or(few, |it| it.parse().expect("MP_KILLS is a number"))
}

/// Works for a moment, `longest` turns at most, each some nanoseconds.
pub(crate) fn spin(random: &mut impl RngExt, longest: u32) {
    for _ in 0..random.random_range(0..longest) {
        std::hint::spin_loop();
    }
}

/// Sets what `signal` does to the calling process. The handler may call only
/// what is async-signal-safe.
#[allow(unsafe_code)]
pub(crate) fn on_signal(signal: Signal, handler: SigHandler) {
    // No SA_RESTART: a call that cannot stand an interruption shall fail.
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handlers of the tests do nothing or change one atomic.
    unsafe { signal::sigaction(signal, &action) }.expect("it can be caught");
}

/// Goes on at once, lets others run, works or sleeps for a moment: so that
/// processes meet in ever other orders.
pub(crate) fn dawdle(random: &mut impl RngExt) {
    match random.random_range(0..8) {
        0 => thread::sleep(Duration::from_micros(random.random_range(0..300))),
        1 | 2 => thread::yield_now(),
        3 | 4 => spin(random, 3_000),
        _ => {}
    }
}

//! Crash 崩溃的影响 · A crash in a child, a crash in a thread
//!
//! Look at: a process that is ended by SIGSEGV leaves its parent and the other
//! processes as they are.
//!
//!     cargo run -p crash-isolation
//!     cargo run -p crash-isolation -- --thread
//!
//! `--thread`: a panic ends its thread alone, and `join` tells of it; a fault
//! in a thread ends the whole process. Each is shown in a process of its own,
//! which `--thread panic` and `--thread fault` are.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::{env, thread};

use lesson::{python_bool, sleep};
use multiprocessing::Process;
use nix::sys::signal::{Signal, raise};

/// What an access to memory that is not there does. Rust catches the first
/// signal, to see whether the stack has overflowed; the second one kills.
fn fault() -> lesson::Result {
    loop {
        raise(Signal::SIGSEGV)?;
    }
}

fn processes() -> lesson::Result {
    let bad = Process::new(fault);
    let good = Process::new(|| {
        sleep(0.5);
        println!("the other child is fine");
    });
    bad.start()?;
    good.start()?;
    bad.join()?;
    good.join()?;
    let codes =
        [bad.exitcode()?, good.exitcode()?].map(Option::unwrap_or_default);
    println!("exitcodes {} {}", codes[0], codes[1]);
    println!("the parent is fine");
    Ok(())
}

fn threads() -> lesson::Result {
    for (name, crash) in [("exception", "panic"), ("SIGSEGV", "fault")] {
        let mut program = Command::new(env::current_exe()?);
        let output = program.args(["--thread", crash]).output()?;
        let signal = output.status.signal().map(|signal| -signal);
        let code = output.status.code().or(signal).unwrap_or_default();
        let said = String::from_utf8(output.stdout)?;
        let traceback = python_bool(!output.stderr.is_empty());
        let said = said.trim_end();
        println!("{name} {code} {said} | traceback on stderr: {traceback}");
    }
    Ok(())
}

fn thread(crash: fn() -> lesson::Result) {
    if thread::spawn(crash).join().is_err() {
        println!("main thread survives an exception in a thread");
    }
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Show it with threads: both crashes, or only this one, in this process
    #[arg(long, value_name = "CRASH", num_args = 0..=1)]
    #[arg(default_missing_value = "both")]
    #[arg(value_parser = ["both", "panic", "fault"])]
    thread: Option<String>,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    match flags.thread.as_deref() {
        None => processes()?,
        Some("panic") => thread(|| panic!("an exception in a thread")),
        Some("fault") => thread(fault),
        Some(_) => threads()?,
    }
    Ok(())
}

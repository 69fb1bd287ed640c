//! fork 一次调用, 两次返回 · One call, two returns
//!
//! Look at: `fork` copies the process in the middle of its run. Both go on from
//! there, each with its own answer; who prints first is left open. The parent
//! waits for its child at its end, which Python's does not.
//!
//!     cargo run -p fork
//!     cargo run -p fork -- --unflushed
//!
//! `--unflushed`: what stands in a buffer is copied as well, and comes twice,
//! as Python's first line does into a pipe. Rust's own stdout is written out.

use std::io::{self, BufWriter, Write};
use std::os::unix::process::parent_id as getppid;
use std::process::id as getpid;

use multiprocessing::{ForkResult, fork};

fn call_fork(mut out: impl Write) -> lesson::Result {
    writeln!(out, "Process ({}) start...", getpid())?;
    // Only works on Unix/Linux/Mac
    match fork()? {
        ForkResult::Child => writeln!(
            out,
            "I am child process ({}) and my parent is {}.",
            getpid(),
            getppid()
        )?,
        ForkResult::Parent { pid, .. } => writeln!(
            out,
            "I ({}) just created a child process ({pid}).",
            getpid()
        )?,
    }
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Print into a buffer that the fork copies
    #[arg(long)]
    unflushed: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    match flags.unflushed {
        false => call_fork(io::stdout()),
        true => call_fork(BufWriter::new(io::stdout())),
    }
}

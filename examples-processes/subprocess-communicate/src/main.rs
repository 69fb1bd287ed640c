//! Popen 与外部程序对话 · Talk to an outside program
//!
//! Look at: Python's `communicate` is three steps here: write; close stdin, as
//! it is dropped; read to the end. `sort` says nothing before the second.
//!
//!     cargo run -p subprocess-communicate
//!     cargo run -p subprocess-communicate -- --command sort
//!     cargo run -p subprocess-communicate -- --command nslookup
//!
//! What nslookup says depends on the network; `cat` says what it is told.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, Stdio};

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// The program to talk to
    #[arg(long, default_value = "cat")]
    #[arg(value_parser = ["cat", "sort", "nslookup"])]
    command: String,
}

fn main() -> lesson::Result<ExitCode> {
    let command = lesson::begin!(Flags).command;
    println!("$nslookup");
    let started = Command::new(&command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut p = match started {
        Ok(p) => p,
        Err(error) => {
            eprintln!("cannot start {command}: {error}; is it installed?");
            return Ok(ExitCode::FAILURE);
        }
    };
    if let Some(mut stdin) = p.stdin.take() {
        stdin.write_all(b"set q=mx\npython.org\nexit\n")?;
    }
    let output = p.wait_with_output()?;
    println!("{}", String::from_utf8_lossy(&output.stdout));
    let signal = output.status.signal().map(|signal| -signal);
    let code = output.status.code().or(signal).unwrap_or_default();
    println!("Exit code: {code}");
    Ok(ExitCode::SUCCESS)
}

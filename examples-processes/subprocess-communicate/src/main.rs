//! Popen 与外部程序对话 · Talk to an outside program
//!
//! Look at: Python's `communicate` is three steps here: write; close stdin, as
//! it is dropped; read to the end. `sort` says nothing before the second; what
//! nslookup says depends on the network.
//!
//!     cargo run -p subprocess-communicate
//!     cargo run -p subprocess-communicate -- --command sort
//!     cargo run -p subprocess-communicate -- --command nslookup

use std::io::Write;
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
    println!("Exit code: {}", output.status.code().unwrap_or(-1));
    Ok(ExitCode::SUCCESS)
}

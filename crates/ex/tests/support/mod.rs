//! Runs the program that is tested.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub(crate) type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// `ex`, without what its surroundings would tell it.
pub(crate) fn ex() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ex"));
    for name in ["LESSON_PACE", "LESSON_SEED", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// What a command has done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl TryFrom<Output> for Done {
    type Error = Box<dyn Error>;

    fn try_from(output: Output) -> Result<Self> {
        Ok(Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }
}

/// Runs `ex` with these arguments.
pub(crate) fn run(arguments: &[&str]) -> Result<Done> {
    ex().args(arguments).output()?.try_into()
}

/// The same with something on its stdin.
pub(crate) fn run_with(arguments: &[&str], stdin: &str) -> Result<Done> {
    let mut child = ex()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let pipe = child.stdin.take();
    pipe.ok_or("no stdin")?.write_all(stdin.as_bytes())?;
    child.wait_with_output()?.try_into()
}

/// It was called wrongly, and has said so in one line that names `about`.
pub(crate) fn assert_usage(arguments: &[&str], about: &str) -> Result {
    let Done {
        code,
        stdout,
        stderr,
    } = run(arguments)?;
    assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
    assert_eq!(stdout, "", "{arguments:?}");
    assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
    assert!(stderr.contains(about), "{arguments:?}: {stderr}");
    Ok(())
}

/// A file for one test.
pub(crate) fn file(name: &str, text: &str) -> Result<PathBuf> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}

//! Runs the program that is tested.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::error::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

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
    fs::write(&path, text)?;
    Ok(path)
}

/// The number that a program has written to a file.
pub(crate) fn pid(path: &Path) -> Result<Pid> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        let text = fs::read_to_string(path).unwrap_or_default();
        if let Some(line) = text.strip_suffix('\n') {
            return Ok(Pid::from_raw(line.parse()?));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Err("the program has not written its number".into())
}

/// The place of a file that does not exist yet.
pub(crate) fn no_file(name: &str) -> Result<PathBuf> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(path),
    }
}

/// Whether it has not ended; a zombie has.
pub(crate) fn is_there(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Has `ex` run a program that works on and on in two sessions, and ends it by
/// Ctrl-C: nobody is left.
pub(crate) fn interrupt(arguments: &[&str]) -> Result {
    let path = no_file(&format!("{}.pid", arguments[0]))?;
    let program = format!(
        "setsid sh -c 'echo $$ > {}; while :; do :; done' &
         while :; do :; done",
        path.display()
    );
    let mut child = ex()
        .args(arguments)
        .args(["--", "sh", "-c", &program])
        .stdout(Stdio::null())
        .spawn()?;
    let pid = pid(&path)?;
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT)?;
    let status = child.wait()?;
    assert_eq!(status.signal(), Some(Signal::SIGINT as i32));
    assert!(!is_there(pid));
    Ok(())
}

//! Examples that are called wrongly say so in one line, and end with exit
//! code 2; where the machine refuses, with 1. Nobody is left behind.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use ex::catalogue::examples;
use ex::family::spawn;
use ex::programs;

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

static PROGRAMS: LazyLock<BTreeMap<String, PathBuf>> =
    LazyLock::new(|| programs::build().expect("the examples can be built"));

/// The exit code, what stands on stdout, and what on stderr.
fn run(command: &mut Command) -> Result<(Option<i32>, String, String)> {
    let (child, family) = spawn(command)?;
    let output = child.wait_with_output()?;
    assert!(family.left_behind().is_empty(), "{command:?} left somebody");
    Ok((
        output.status.code(),
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    ))
}

fn assert_usage(command: &mut Command, about: &str) -> Result {
    let (code, stdout, stderr) = run(command)?;
    assert_eq!(code, Some(2), "{command:?}: {stderr}");
    assert_eq!(stdout, "", "{command:?}");
    assert_eq!(stderr.lines().count(), 1, "{command:?}: {stderr}");
    assert!(stderr.contains(about), "{command:?}: {stderr}");
    Ok(())
}

#[test]
fn a_wrong_flag_is_told_in_one_line() -> Result {
    for example in examples()? {
        let mut command = Command::new(&PROGRAMS[&example.package]);
        assert_usage(command.arg("--no-such-flag"), "--no-such-flag")?;
    }
    Ok(())
}

#[test]
fn a_wrong_value_is_told_in_one_line() -> Result {
    for (package, flag, value) in [
        ("ex3-7", "--permits", "0"),
        ("ex3-7", "--processes", "-1"),
        ("ex3-8", "--fail", "5"),
        ("ex3-9", "--capacity", "x"),
        ("ex3-9", "--capacity", "0"),
        ("ex3-9", "--consumers", "3"),
        ("greenlets-alternate", "--rounds", "0"),
    ] {
        let mut command = Command::new(&PROGRAMS[package]);
        assert_usage(command.args([flag, value]), value)?;
    }
    Ok(())
}

#[test]
fn a_wrong_variable_is_told_in_one_line() -> Result {
    for (name, value) in [
        ("LESSON_PACE", "fast"),
        ("LESSON_PACE", "-1"),
        ("LESSON_PACE", "0"),
        ("LESSON_SEED", "x"),
    ] {
        let mut command = Command::new(&PROGRAMS["ex3-11"]);
        assert_usage(command.env(name, value), name)?;
    }
    Ok(())
}

#[test]
fn help_tells_the_title() -> Result {
    for example in examples()? {
        let mut command = Command::new(&PROGRAMS[&example.package]);
        let (code, stdout, stderr) = run(command.arg("--help"))?;
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        assert!(stdout.contains(&example.about.title_zh), "{stdout}");
        assert!(stdout.contains(&example.about.title), "{stdout}");
    }
    Ok(())
}

#[test]
fn a_program_that_is_not_there_is_told_in_one_line() -> Result {
    let mut command = Command::new(&PROGRAMS["subprocess-communicate"]);
    let (code, _, stderr) = run(command.env("PATH", "/nowhere"))?;
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("cannot start cat"), "{stderr}");
    Ok(())
}

/// The descriptors end before the processes do, also for root.
#[test]
fn more_processes_than_the_machine_gives_are_one_line_and_nobody_left() -> Result
{
    let program = &PROGRAMS["ex3-7"];
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg("ulimit -n 20 && exec \"$0\" --processes 100")
        .arg(program);
    let (code, _, stderr) = run(&mut command)?;
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("cannot start Process-"), "{stderr}");
    Ok(())
}

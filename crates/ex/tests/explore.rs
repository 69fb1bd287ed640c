//! Explores examples, and programs of the reader's own.

mod support;

use std::fs;

use support::{Done, Result, assert_usage, interrupt, no_file, run};

/// Children that sleep, and a parent that waits for them by sleeping longer.
const HASTY: &str = "
    for i in 0 1 2 3 4; do (sleep 1; echo Worker: $i) & done
    echo wait joining...; sleep 2; echo 程序结束!; wait";

/// The same, but it waits for their ends.
const GOOD: &str = "
    for i in 0 1 2 3 4; do (sleep 1; echo Worker: $i) & done
    echo wait joining...; wait; echo 程序结束!";

/// Explores a program of sh by the contract of 例 3-2.
fn explore_sh(options: &[&str], program: &str) -> Result<Done> {
    let sh = ["--", "sh", "-c", program];
    run(&[&["explore", "3-2"][..], options, &sh].concat())
}

/// What is told from the violation on.
fn violation(stdout: &str) -> Result<&str> {
    let at = stdout.find("violation: ").ok_or("there is none")?;
    Ok(&stdout[at..])
}

#[test]
fn all_variants_of_an_example_are_explored() -> Result {
    let Done { code, stdout, .. } =
        run(&["explore", "thread-local", "--runs", "20"])?;
    assert_eq!(code, Some(0), "{stdout}");
    for part in [
        "thread-local::default",
        "kept  20 explored runs",
        "2 different outputs; legal: 2\n",
        "usually a before b: ",
        "each order that is free was seen",
        "thread-local::main",
        "1 different output; legal: 1\n",
    ] {
        assert!(stdout.contains(part), "no {part} in {stdout}");
    }
    Ok(())
}

#[test]
fn a_program_of_ones_own_is_explored() -> Result {
    let Done { code, stdout, .. } = explore_sh(&["--runs", "10"], GOOD)?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("kept  10 explored runs"), "{stdout}");
    assert!(stdout.contains("elapsed >= 1 s: 1.00 s"), "{stdout}");
    Ok(())
}

#[test]
fn a_violation_can_be_replayed_by_the_command_that_is_shown() -> Result {
    let Done { code, stdout, .. } = explore_sh(&[], HASTY)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("rule  worker before end"), "{stdout}");
    let again = "again: cargo ex explore 3-2 --variant default --replay ";
    let (_, again) = stdout.split_once(again).ok_or("no command")?;
    let (seed, own) = again.split_once(' ').ok_or("no program")?;
    assert!(own.starts_with("-- sh -c '"), "{own}");
    let replayed = explore_sh(&["--replay", seed], HASTY)?;
    assert_eq!(replayed.code, Some(1), "{stdout}");
    assert_eq!(violation(&replayed.stdout)?, violation(&stdout)?);
    Ok(())
}

#[test]
fn the_command_keeps_how_schedules_are_made() -> Result {
    let options = ["--strategy", "sticky", "--chaos"];
    let Done { code, stdout, .. } = explore_sh(&options, HASTY)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains(": sticky, chaos\n"), "{stdout}");
    assert!(
        stdout.contains(" --strategy sticky --chaos -- sh"),
        "{stdout}"
    );
    Ok(())
}

#[test]
fn a_legal_run_is_drawn_when_it_is_replayed() -> Result {
    let Done { code, stdout, .. } = explore_sh(&["--replay", "0"], GOOD)?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("worker i=4"), "{stdout}");
    assert!(stdout.contains("kept  seed 0: random\n"), "{stdout}");
    Ok(())
}

#[test]
fn a_replayed_run_is_drawn_into_a_file() -> Result {
    for (name, begin) in [("replay.svg", "<svg "), ("replay.txt", "例 3-2 ")] {
        let file = no_file(name)?;
        let path = file.to_str().ok_or("no text")?;
        let options = ["--replay", "0", "--timeline", path];
        let Done { code, stdout, .. } = explore_sh(&options, GOOD)?;
        assert_eq!(code, Some(0), "{stdout}");
        let drawn = fs::read_to_string(file)?;
        assert!(drawn.starts_with(begin), "{drawn}");
        assert!(drawn.contains("Worker: 4"), "{drawn}");
    }
    Ok(())
}

#[test]
fn what_no_run_has_shown_fails_only_if_it_is_asked_to() -> Result {
    let once = ["explore", "thread-local", "--variant", "default", "--runs"];
    let explore = |more: &[&str]| run(&[&once[..], more].concat());
    let Done { code, stdout, .. } = explore(&["1"])?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("    note  `"), "{stdout}");
    let Done { code, stdout, .. } = explore(&["1", "--strict"])?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("    strict  `"), "{stdout}");
    let Done { code, stdout, .. } = explore(&["20", "--strict"])?;
    assert_eq!(code, Some(0), "{stdout}");
    Ok(())
}

#[test]
fn a_deadlock_is_told_and_who_waits() -> Result {
    let fifo = no_file("never-written")?;
    let program =
        format!("mkfifo {0}; exec 3<> {0}; cat <&3 & wait", fifo.display());
    let Done { code, stdout, .. } = explore_sh(&[], &program)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("the program waits for ever"), "{stdout}");
    let waits = stdout.matches(" for ever: process ").count();
    assert_eq!(waits, 2, "{stdout}");
    Ok(())
}

#[test]
fn what_is_called_wrongly_is_told_in_one_line() -> Result {
    assert_usage(&["explore"], "<NAME>")?;
    assert_usage(&["explore", "3-2", "--variant", "x"], "default")?;
    assert_usage(&["explore", "3-2", "--runs", "0"], "--runs")?;
    assert_usage(&["explore", "3-2", "--strategy", "x"], "sticky")?;
    assert_usage(&["explore", "3-2", "--timeline", "x"], "--replay")?;
    let both = ["explore", "3-2", "--replay", "1", "--strict"];
    assert_usage(&both, "--strict")
}

#[test]
fn whoever_ends_the_exploration_ends_the_programs() -> Result {
    interrupt(&["explore", "3-2"])
}

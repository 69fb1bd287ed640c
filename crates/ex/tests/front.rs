//! Lists and runs examples.

mod support;

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use ex::catalogue::examples;
use ex::family::Reach;
use ex::watch::{Watch, watch};
use nix::libc::SIGPIPE;
use support::{Done, Result, assert_usage, ex, run};
use unicode_width::UnicodeWidthStr;

#[test]
fn the_list_names_each_example_in_columns() -> Result {
    let Done { code, stdout, .. } = run(&[])?;
    assert_eq!(code, Some(0));
    let examples = examples()?;
    assert_eq!(stdout.lines().count(), examples.len());
    let mut columns = Vec::new();
    for (line, example) in stdout.lines().zip(examples) {
        let command = format!("  cargo ex {}", example.short_name());
        let before = line.strip_suffix(&command).ok_or(line)?;
        columns.push(before.width());
        assert!(line.starts_with(&example.about.number), "{line}");
        assert!(line.contains(&example.about.title), "{line}");
        assert!(line.contains(&example.about.title_zh), "{line}");
    }
    columns.dedup();
    assert_eq!(columns.len(), 1, "{stdout}");
    Ok(())
}

#[test]
fn a_reader_who_goes_away_ends_the_list_quietly() -> Result {
    let (reader, writer) = io::pipe()?;
    drop(reader);
    let output = ex().stdout(writer).stderr(Stdio::piped()).output()?;
    assert_eq!(output.status.signal(), Some(SIGPIPE));
    assert_eq!(String::from_utf8(output.stderr)?, "");
    Ok(())
}

/// What `ex` prints to a terminal.
fn shown(variables: &[(&str, &str)]) -> Result<String> {
    let mut command = ex();
    command.env("TERM", "xterm");
    command.envs(variables.iter().copied());
    let how = Watch {
        deadline: Duration::from_secs(30),
        pace: 1.0,
        until_blocked: false,
        reach: Reach::Group,
    };
    let lines = watch(&mut command, how)?.run.lines;
    Ok(lines.into_iter().map(|line| line.text).collect())
}

#[test]
fn colours_are_for_terminals_unless_they_are_not_wanted() -> Result {
    assert!(shown(&[])?.contains('\u{1b}'));
    assert!(!shown(&[("NO_COLOR", "1")])?.contains('\u{1b}'));
    assert!(!run(&[])?.stdout.contains('\u{1b}'));
    Ok(())
}

#[test]
fn an_example_is_run_with_its_own_flags() -> Result {
    let Done { code, stdout, .. } = run(&["thread-local", "--", "--main"])?;
    assert_eq!(code, Some(0));
    assert!(stdout.ends_with("main: Main\n"), "{stdout}");
    Ok(())
}

#[test]
fn the_words_of_a_name_need_no_quotation_marks() -> Result {
    let Done { code, stdout, .. } = run(&["例", "3-11"])?;
    assert_eq!((code, stdout.as_str()), (Some(0), "5050\n"));
    Ok(())
}

#[test]
fn the_exit_status_of_an_example_is_passed_on() -> Result {
    let Done { code, stderr, .. } = run(&["3-11", "--", "--no-such-flag"])?;
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--no-such-flag"), "{stderr}");
    let output = ex().arg("3-11").env("LESSON_PACE", "x").output()?;
    assert_eq!(output.status.code(), Some(2));
    Ok(())
}

#[test]
fn what_is_called_wrongly_is_told_in_one_line() -> Result {
    assert_usage(&["semafore"], "3-7 (信号量 · Semaphore)")?;
    assert_usage(&["create"], "3-2 (创建多个进程 · ")?;
    assert_usage(&["3-1", "--no-join"], "after --")?;
    assert_usage(&["--all", "3-1"], "--all")?;
    assert_usage(&["check"], "<NAME>")?;
    assert_usage(&["check", "3-2", "--variant", "x"], "default")?;
    assert_usage(&["check", "3-2", "--pace", "0"], "pace")?;
    assert_usage(&["check", "3-2", "--runs", "0"], "--runs")?;
    assert_usage(&["check", "3-2", "--deadline", "0"], "--deadline")?;
    assert_usage(&["check", "3-2", "--from", "/no/such"], "/no/such")?;
    assert_usage(&["check", "3-2", "--exit", "0"], "--from")?;
    let both = ["check", "3-2", "--explored", "9", "--from", "-"];
    assert_usage(&both, "--explored")?;
    assert_usage(&["new", "Two words"], "'Two words'")?;
    assert_usage(&["new", "3-1"], "ex3-1 is there already")?;
    Ok(())
}

#[test]
fn each_help_shows_an_example_of_use() -> Result {
    for command in ["check", "explore", "timeline", "new", "--help"] {
        let Done { code, stdout, .. } = run(&[command, "--help"])?;
        assert_eq!(code, Some(0), "{command}");
        let (_, examples) = stdout.split_once("Examples:").ok_or("none")?;
        assert!(examples.contains("cargo ex "), "{stdout}");
    }
    Ok(())
}

#[test]
fn all_examples_are_run_in_order_and_reported() -> Result {
    let mut command = ex();
    let output = command.arg("--all").env("LESSON_PACE", "0.01").output()?;
    let Done { code, stdout, .. } = output.try_into()?;
    assert_eq!(code, Some(0), "{stdout}");
    let report: Vec<_> =
        stdout.lines().filter(|it| it.starts_with("ok ")).collect();
    let examples = examples()?;
    assert_eq!(report.len(), examples.len(), "{stdout}");
    for (line, example) in report.iter().zip(&examples) {
        assert!(line.contains(&example.short_name()), "{line}");
    }
    assert!(stdout.contains("\n5050\n"), "{stdout}");
    let total = format!("{} examples, 0 failed, ", examples.len());
    assert!(stdout.contains(&total), "{stdout}");
    Ok(())
}

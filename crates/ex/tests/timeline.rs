//! Draws real runs.

mod support;

use std::fs;

use support::{Done, Result, assert_usage, interrupt, no_file, run};

#[test]
fn a_run_of_an_example_is_drawn_in_the_terminal() -> Result {
    let Done { code, stdout, .. } =
        run(&["timeline", "3-2", "--pace", "0.01"])?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.starts_with("例 3-2 创建多个进程 · "), "{stdout}");
    for part in ["worker i=4", "start", "Worker: 3", "程序结束!"] {
        assert!(stdout.contains(part), "no {part} in {stdout}");
    }
    Ok(())
}

#[test]
fn a_run_is_drawn_into_a_file() -> Result {
    let file = no_file("timeline.svg")?;
    let path = file.to_str().ok_or("no text")?;
    let Done { code, stdout, .. } =
        run(&["timeline", "3-2", "--pace", "0.01", "--svg", path])?;
    assert_eq!((code, stdout.trim_end()), (Some(0), path));
    let drawn = fs::read_to_string(&file)?;
    assert!(drawn.starts_with("<svg "), "{drawn}");
    assert!(drawn.contains("Worker: 3"), "{drawn}");
    Ok(())
}

#[test]
fn the_flags_of_a_variant_are_passed_on() -> Result {
    let variant = ["timeline", "thread-local", "--variant", "main"];
    let Done { code, stdout, .. } = run(&variant)?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("main: Main"), "{stdout}");
    Ok(())
}

#[test]
fn a_program_of_ones_own_is_drawn() -> Result {
    let program = "echo mine & wait";
    let Done { code, stdout, .. } =
        run(&["timeline", "3-2", "--", "sh", "-c", program])?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains(" mine\n"), "{stdout}");
    Ok(())
}

#[test]
fn what_is_called_wrongly_is_told_in_one_line() -> Result {
    assert_usage(&["timeline"], "<NAME>")?;
    assert_usage(&["timeline", "3-2", "--variant", "x"], "default")?;
    assert_usage(&["timeline", "3-2", "--pace", "0"], "pace")?;
    assert_usage(&["timeline", "3-2", "--deadline", "0"], "--deadline")
}

#[test]
fn whoever_ends_the_drawing_ends_the_program() -> Result {
    interrupt(&["timeline", "3-2"])
}

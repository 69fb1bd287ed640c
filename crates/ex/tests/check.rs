//! Judges saved outputs, examples, and programs of the reader's own.

mod support;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Done, Result, ex, file, run, run_with};

/// What 例 3-2 may print.
const GOOD: &str = "\
wait joining...\nWorker: 1\nWorker: 0\nWorker: 2\nWorker: 4\nWorker: 3\n\
程序结束!\n";

#[test]
fn a_saved_output_is_drawn_and_judged() -> Result {
    let path = file("good.txt", GOOD)?;
    let path = path.to_str().ok_or("no text")?;
    let Done { code, stdout, .. } = run(&["check", "3-2", "--from", path])?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("worker i=4"), "{stdout}");
    assert!(stdout.contains("\nkept\n"), "{stdout}");
    assert!(stdout.contains("elapsed >= 1 s: passed over"), "{stdout}");
    Ok(())
}

#[test]
fn a_saved_output_may_come_through_a_pipe() -> Result {
    let from = ["check", "3-2", "--from", "-"];
    assert_eq!(run_with(&from, GOOD)?.code, Some(0));
    let bad = format!("程序结束!\n{}", &GOOD[..GOOD.len() - 14]);
    let Done { code, stdout, .. } = run_with(&from, &bad)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("broken  violation: "), "{stdout}");
    Ok(())
}

#[test]
fn the_ending_of_a_saved_output_can_be_told() -> Result {
    let from = ["check", "3-2", "--from", "-", "--exit"];
    assert_eq!(run_with(&[&from[..], &["0"]].concat(), GOOD)?.code, Some(0));
    for exit in ["3", "blocked"] {
        let Done { code, stdout, .. } =
            run_with(&[&from[..], &[exit]].concat(), GOOD)?;
        assert_eq!(code, Some(1), "{stdout}");
        assert!(stdout.contains("it should exit with status 0"), "{stdout}");
    }
    Ok(())
}

#[test]
fn an_example_keeps_its_contracts() -> Result {
    let arguments = ["check", "thread-local", "--runs", "3"];
    let Done { code, stdout, .. } = run(&arguments)?;
    assert_eq!(code, Some(0), "{stdout}");
    for part in [
        "thread-local::default",
        "thread-local::main",
        "kept  3 runs at pace 0.1",
        "usually a before b: ",
        "seen at",
    ] {
        assert!(stdout.contains(part), "no {part} in {stdout}");
    }
    let arguments = ["check", "thread-local", "--variant", "main"];
    assert!(!run(&arguments)?.stdout.contains("default"));
    Ok(())
}

/// Judges a program of sh by the contract of 例 3-2.
fn check_sh(options: &[&str], program: &str) -> Result<Done> {
    let sh = ["--", "sh", "-c", program];
    run(&[&["check", "3-2"][..], options, &sh].concat())
}

#[test]
fn a_program_of_ones_own_is_judged() -> Result {
    let program = "for i in 0 1 2 3 4; do (sleep 1; echo Worker: $i) & done
        echo wait joining...; wait; echo 程序结束!";
    let Done { code, stdout, .. } = check_sh(&[], program)?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("kept  1 run at pace 1\n"), "{stdout}");
    assert!(stdout.contains("elapsed >= 1 s: 1."), "{stdout}");
    Ok(())
}

#[test]
fn a_broken_contract_is_shown_with_the_command_that_repeats_it() -> Result {
    let program = "for i in 0 1 2 3; do echo Worker: $i; done
        echo wait joining...; echo 程序结束!; echo 'Worker: 4'";
    let Done { code, stdout, .. } = check_sh(&["--pace", "0.5"], program)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains(" ✗ 7 "), "{stdout}");
    assert!(stdout.contains("rule  worker before end"), "{stdout}");
    let again = "again: cargo ex check 3-2 --variant default --pace 0.5 \
                 --runs 1 -- sh -c 'for i";
    assert!(stdout.contains(again), "{stdout}");
    assert!(stdout.contains(r"echo '\''Worker: 4'\'''"), "{stdout}");
    Ok(())
}

#[test]
fn a_program_prints_to_a_terminal_that_leaves_its_lines_as_they_are() -> Result
{
    let Done { stdout, .. } =
        check_sh(&[], "test -t 1 && printf 'a terminal\\n'; printf '.\\n'")?;
    assert!(stdout.contains(" ✗ 1  a terminal\n"), "{stdout}");
    Ok(())
}

#[test]
fn a_program_of_python_prints_line_by_line() -> Result {
    let program = "
import multiprocessing, time
def worker(n):
    print(f'Worker: {n}')
    time.sleep(1)
if __name__ == '__main__':
    jobs = [multiprocessing.Process(target=worker, args=(i,))
            for i in range(5)]
    for job in jobs:
        job.start()
    print('wait joining...')
    for job in jobs:
        job.join()
    print('程序结束!')
";
    let path = file("workers.py", program)?;
    let path = path.to_str().ok_or("no text")?;
    if Command::new("python3").arg("-V").output().is_err() {
        eprintln!("there is no python3 here");
        return Ok(());
    }
    let output = ex()
        .args(["check", "3-2", "--runs", "3", "--", "python3", path])
        .env("PYTHONUNBUFFERED", "1")
        .output()?;
    let Done { code, stdout, .. } = output.try_into()?;
    assert_eq!(code, Some(0), "{stdout}");
    Ok(())
}

/// The number that a program has written to a file.
fn pid(path: &Path) -> Result<Pid> {
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
fn no_file(name: &str) -> Result<PathBuf> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(path),
    }
}

/// Whether it has not ended; a zombie has.
fn is_there(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn nobody_is_left_of_a_program_whose_time_is_over() -> Result {
    let path = no_file("late.pid")?;
    let program = format!(
        "trap '' INT HUP; setsid sh -c 'echo $$ > {}; exec sleep 1000' &
         sleep 1000",
        path.display()
    );
    let Done { code, stdout, .. } = check_sh(&["--deadline", "1"], &program)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("at work at its deadline"), "{stdout}");
    assert!(!is_there(pid(&path)?), "{stdout}");
    Ok(())
}

#[test]
fn who_is_left_behind_is_told_and_killed() -> Result {
    let path = no_file("left.pid")?;
    let program = format!(
        "printf '%s' '{GOOD}'; sleep 1
         setsid sh -c 'echo $$ > {}; exec sleep 1000' > /dev/null 2>&1 &
         while ! test -s {0}; do :; done",
        path.display()
    );
    let Done { code, stdout, .. } = check_sh(&[], &program)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("it left a process behind: "), "{stdout}");
    assert!(!is_there(pid(&path)?), "{stdout}");
    Ok(())
}

#[test]
fn whoever_ends_the_check_ends_the_program() -> Result {
    let path = no_file("ended.pid")?;
    let program = format!(
        "setsid sh -c 'echo $$ > {}; exec sleep 1000' & sleep 1000",
        path.display()
    );
    let mut check = ex()
        .args(["check", "3-2", "--", "sh", "-c", &program])
        .stdout(Stdio::null())
        .spawn()?;
    let pid = pid(&path)?;
    kill(Pid::from_raw(check.id().cast_signed()), Signal::SIGTERM)?;
    let status = check.wait()?;
    assert_eq!(status.signal(), Some(Signal::SIGTERM as i32));
    assert!(!is_there(pid));
    Ok(())
}

#[test]
fn a_program_that_waits_for_ever_is_not_waited_for() -> Result {
    let path = no_file("never")?;
    let program = format!(
        "mkfifo {0}; sleep 0.1 & wait; exec 3<> {0}; cat <&3",
        path.display()
    );
    let Done { code, stdout, .. } = check_sh(&[], &program)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("the program waits for ever"), "{stdout}");
    Ok(())
}

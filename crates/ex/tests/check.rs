//! Judges saved outputs, examples, and programs of the reader's own.

mod support;

use std::process::Command;
use std::time::Duration;

use explore::{Ended, Ending, Program, What, watch};
use support::{
    Done, Result, ex, file, interrupt, is_there, no_file, pid, run, run_with,
};

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
        "kept  100 explored runs",
        "2 different outputs; legal: 2\n",
    ] {
        assert!(stdout.contains(part), "no {part} in {stdout}");
    }
    let arguments = ["check", "thread-local", "--variant", "main"];
    let one = |more: &[&str]| run(&[&arguments[..], more].concat());
    let Done { stdout, .. } = one(&["--explored", "7"])?;
    assert!(!stdout.contains("default"), "{stdout}");
    assert!(stdout.contains("kept  7 explored runs"), "{stdout}");
    let Done { stdout, .. } = one(&["--explored", "0"])?;
    assert!(stdout.contains("kept  5 runs at pace 0.1\n"), "{stdout}");
    assert!(!stdout.contains("explored"), "{stdout}");
    Ok(())
}

/// A program of sh that keeps the contract of 例 3-2.
const WORKERS: &str = "
    for i in 0 1 2 3 4; do (sleep 1; echo Worker: $i) & done
    echo wait joining...; wait; echo 程序结束!";

/// Judges a program of sh by the contract of 例 3-2.
fn check_sh(options: &[&str], program: &str) -> Result<Done> {
    let sh = ["--", "sh", "-c", program];
    run(&[&["check", "3-2"][..], options, &sh].concat())
}

#[test]
fn a_program_of_ones_own_is_judged() -> Result {
    let Done { code, stdout, .. } = check_sh(&[], WORKERS)?;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("kept  1 run at pace 1\n"), "{stdout}");
    assert!(stdout.contains("elapsed >= 1 s: 1."), "{stdout}");
    assert!(stdout.contains("kept  20 explored runs"), "{stdout}");
    Ok(())
}

#[test]
fn what_rests_on_a_sleep_is_found_by_exploring() -> Result {
    let program = WORKERS.replace("wait;", "sleep 2;");
    let Done { code, stdout, .. } = check_sh(&["--explored", "0"], &program)?;
    assert_eq!(code, Some(0), "{stdout}");
    let Done { code, stdout, .. } = check_sh(&[], &program)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("kept  1 run at pace 1\n"), "{stdout}");
    assert!(stdout.contains("rule  worker before end"), "{stdout}");
    let again = "again: cargo ex explore 3-2 --variant default --replay ";
    assert!(stdout.contains(again), "{stdout}");
    Ok(())
}

/// As [`check_sh`], where nobody may trace anybody: it is traced itself.
fn check_traced(options: &[&str], program: &str) -> Result<Done> {
    let sh = ["--", "sh", "-c", program];
    let check = [env!("CARGO_BIN_EXE_ex"), "check", "3-2"];
    let command = [&check[..], options, &sh].concat();
    let program = Program {
        command: command.iter().map(Into::into).collect(),
        variables: vec![("NO_COLOR".into(), Some("1".into()))],
        folder: None,
    };
    let trace = watch(&program, Duration::from_mins(1))?;
    let mut stdout = String::new();
    for event in &trace.events {
        if let (0, What::Printed(line)) = (event.task, &event.what) {
            stdout += line;
            stdout += "\n";
        }
    }
    Ok(Done {
        code: match trace.ending {
            Ending::Ended(Ended::Exited(code)) => Some(code),
            _ => None,
        },
        stdout,
        stderr: trace.stderr,
    })
}

#[test]
fn where_it_cannot_be_explored_it_is_run_on_one_processor() -> Result {
    let program = WORKERS.replace("sleep 1", "sleep 0.1");
    let options = ["--runs", "2", "--pace", "0.1"];
    let Done { code, stdout, .. } = check_traced(&options, &program)?;
    assert_eq!(code, Some(0), "{stdout}");
    for part in [
        "kept  2 runs at pace 0.1\n",
        "not explored, but run on one processor: this machine does not",
        "kept  2 runs on one processor at pace 0.1\n",
    ] {
        assert!(stdout.contains(part), "no {part} in {stdout}");
    }
    Ok(())
}

#[test]
fn what_goes_wrong_on_one_processor_is_told() -> Result {
    let Ok(output) = Command::new("nproc").output() else {
        eprintln!("there is no nproc here");
        return Ok(());
    };
    if output.stdout == b"1\n" {
        eprintln!("there is only one processor here");
        return Ok(());
    }
    let program = format!("test $(nproc) -gt 1 || echo alone; {WORKERS}");
    let Done { code, stdout, .. } = check_traced(&[], &program)?;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("kept  1 run at pace 1\n"), "{stdout}");
    assert!(stdout.contains(" ✗ 1  alone"), "{stdout}");
    assert!(stdout.contains("again: taskset -c "), "{stdout}");
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
        .args(["check", "3-2", "--runs", "3", "--explored", "0"])
        .args(["--", "python3", path])
        .env("PYTHONUNBUFFERED", "1")
        .output()?;
    let Done { code, stdout, .. } = output.try_into()?;
    assert_eq!(code, Some(0), "{stdout}");
    Ok(())
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
    interrupt(&["check", "3-2"])
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

//! However programs and their tasks end.

use std::os::unix::process::CommandExt;
use std::process::{self, Command};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use explore::{Ended, Schedule, Strategy, What};
use multiprocessing::{Pipe, Process};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::harness::{Test, list};
use crate::support::{
    exited, fair, hours, lines, lines_of, program, run, run_well, shell,
    signaled,
};

pub(crate) const TESTS: &[Test] = list![
    an_exit_code_is_told,
    a_signal_is_told,
    an_abort_is_told,
    children_may_outlive_the_program,
    another_program_takes_over,
    a_program_is_started_by_another,
    another_program_takes_over_from_a_thread,
    an_exit_ends_all_threads,
    a_family_of_families_ends,
    a_halted_child_goes_on,
    a_halted_child_stays_where_it_is,
    a_child_is_killed_wherever_it_is,
    three_hundred_tasks_end,
    ends_are_noted,
];
pub(crate) const PROGRAMS: &[Test] = list![
    abort,
    starts_another,
    exec_in_a_thread,
    exit_among_threads,
    halts_a_child,
    kills_children,
    three_hundred_tasks,
];

fn an_exit_code_is_told() {
    for code in [0, 1, 255] {
        let trace = run(&shell(&format!("exit {code}")), &fair(1));
        assert_eq!(trace.ending, exited(code));
    }
}

fn a_signal_is_told() {
    for number in [1, 2, 9, 11, 13, 15, 34] {
        let trace = run(&shell(&format!("kill -{number} $$")), &fair(1));
        assert_eq!(trace.ending, signaled(number));
    }
}

fn abort() {
    process::abort();
}

fn an_abort_is_told() {
    let trace = run(&program("abort", &[]), &fair(1));
    assert_eq!(trace.ending, signaled(6));
}

fn children_may_outlive_the_program() {
    let script = "(sleep 5; echo late; exit 3) & echo early; exit 2";
    let trace = run(&shell(script), &fair(1));
    assert_eq!(lines(&trace), ["early", "late"]);
    assert_eq!(trace.ending, exited(2));
    assert_eq!(trace.left_behind, []);
    assert!(trace.elapsed >= Duration::from_secs(5));
}

fn another_program_takes_over() {
    let trace = run(&shell("exec sh -c 'echo inner; exit 4'"), &fair(1));
    assert_eq!(lines(&trace), ["inner"]);
    assert_eq!(trace.ending, exited(4));
    assert_eq!(trace.tasks.len(), 1);
}

fn starts_another() {
    let mut other = Command::new("sh");
    let output = other.args(["-c", "echo inner; exit 4"]).output();
    let output = output.expect("it can be started");
    println!("{} {:?}", output.status, str::from_utf8(&output.stdout));
    let missing = Command::new("/does/not/exist").spawn();
    println!("{:?}", missing.expect_err("it is not there").kind());
}

fn a_program_is_started_by_another() {
    for seed in 0..10 {
        let schedule = Schedule::mixed(seed);
        let trace = run_well(&program("starts_another", &[]), &schedule);
        let expected = ["exit status: 4 Ok(\"inner\\n\")", "NotFound"];
        assert_eq!(lines(&trace), expected);
    }
}

fn exec_in_a_thread() {
    let (_sender, receiver) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || receiver.recv());
        scope.spawn(|| thread::sleep(hours(1)));
        scope.spawn(|| {
            loop {
                thread::yield_now();
            }
        });
        scope.spawn(|| {
            let mut other = Command::new("sh");
            let error =
                other.args(["-c", "sleep 1; echo inner; exit 5"]).exec();
            println!("{error}");
        });
    });
}

fn another_program_takes_over_from_a_thread() {
    for seed in 0..20 {
        let schedule = Schedule::mixed(seed);
        let trace = run(&program("exec_in_a_thread", &[]), &schedule);
        assert_eq!(lines(&trace), ["inner"], "{schedule:?}");
        assert_eq!(trace.ending, exited(5));
        assert_eq!(trace.left_behind, []);
        assert!(trace.elapsed < hours(1) || schedule.chaos);
    }
}

fn exit_among_threads() {
    let (_sender, receiver) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || receiver.recv());
        scope.spawn(|| thread::sleep(hours(1)));
        scope.spawn(|| {
            loop {
                thread::yield_now();
            }
        });
        thread::sleep(Duration::from_secs(1));
        process::exit(7);
    });
}

fn an_exit_ends_all_threads() {
    for strategy in [Strategy::Random, Strategy::Sticky, Strategy::Priorities] {
        let schedule = Schedule {
            strategy,
            ..fair(3)
        };
        let trace = run(&program("exit_among_threads", &[]), &schedule);
        assert_eq!(trace.ending, exited(7));
        assert!(trace.elapsed < hours(1));
    }
}

fn a_family_of_families_ends() {
    let script = "for i in 1 2; do
        (for j in 1 2; do (sh -c \"echo $i $j\") & done; wait) & done; wait";
    for seed in 0..5 {
        let trace = run_well(&shell(script), &Schedule::mixed(seed));
        let mut lines = lines(&trace);
        lines.sort();
        assert_eq!(lines, ["1 1", "1 2", "2 1", "2 2"]);
    }
}

fn a_halted_child_goes_on() {
    let script = "sleep 100 & kill -STOP $!; sleep 5; kill -CONT $!
        wait $!; echo $?";
    for seed in 0..10 {
        let trace = run_well(&shell(script), &Schedule::mixed(seed));
        assert_eq!(lines(&trace), ["0"]);
        assert!(trace.elapsed >= Duration::from_secs(100));
    }
}

fn halts_a_child() {
    let child = Process::new(|| {
        for second in 1.. {
            thread::sleep(Duration::from_secs(1));
            println!("{second}");
        }
    });
    child.start().expect("it can be started");
    let pid = child.pid().expect("it is ours").expect("it was started");
    let pid = Pid::from_raw(pid);
    let send = |signal| kill(pid, signal).expect("it is there");
    let wait = |flag| waitpid(pid, Some(flag)).expect("it is ours");
    thread::sleep(Duration::from_millis(2500));
    send(Signal::SIGSTOP);
    let halted = wait(WaitPidFlag::WUNTRACED);
    println!("{:?}", halted == WaitStatus::Stopped(pid, Signal::SIGSTOP));
    thread::sleep(Duration::from_secs(1000));
    send(Signal::SIGCONT);
    let goes_on = wait(WaitPidFlag::WCONTINUED);
    assert_eq!(goes_on, WaitStatus::Continued(pid));
    thread::sleep(Duration::from_millis(1500));
    child.kill().expect("it is there");
    child.join().expect("it has ended");
}

fn a_halted_child_stays_where_it_is() {
    let lines = lines_of(&program("halts_a_child", &[]));
    // Its third second was over long before it went on.
    assert_eq!(lines, ["1", "2", "true", "3", "4"]);
}

/// Starts a child, and kills it after a second.
fn kill_after_a_second(halt: bool, work: impl FnOnce()) {
    let child = Process::new(work);
    child.start().expect("it can be started");
    thread::sleep(Duration::from_secs(1));
    let pid = child.pid().expect("it is ours").expect("it was started");
    if halt {
        let halted = kill(Pid::from_raw(pid), Signal::SIGSTOP);
        halted.expect("it is there");
    }
    child.kill().expect("it is there");
    child.join().expect("it has ended");
    println!("{:?}", child.exitcode());
}

fn kills_children() {
    let (reader, _writer) = Pipe::one_way().expect("there is room");
    for halt in [false, true] {
        kill_after_a_second(halt, || {
            let _: u8 = reader.recv().expect("nobody sends");
        });
        kill_after_a_second(halt, || thread::sleep(hours(1)));
        kill_after_a_second(halt, || {
            loop {
                thread::yield_now();
            }
        });
    }
}

fn a_child_is_killed_wherever_it_is() {
    for seed in 0..5 {
        let chaos = false;
        let schedule = Schedule::mixed(seed);
        let schedule = Schedule { chaos, ..schedule };
        let trace = run_well(&program("kills_children", &[]), &schedule);
        assert_eq!(lines(&trace), ["Ok(Some(-9))"; 6]);
    }
}

fn three_hundred_tasks() {
    let (sender, receiver) = mpsc::channel();
    let numbers = 0..300_u32;
    let threads: Vec<_> = numbers
        .map(|number| {
            let sender = sender.clone();
            thread::spawn(move || sender.send(number))
        })
        .collect();
    drop(sender);
    println!("{}", receiver.iter().sum::<u32>());
    for thread in threads {
        let sent = thread.join().expect("it does not panic");
        sent.expect("we have received");
    }
}

fn three_hundred_tasks_end() {
    let trace = run_well(&program("three_hundred_tasks", &[]), &fair(1));
    assert_eq!(lines(&trace), ["44850"]);
    assert_eq!(trace.tasks.len(), 301);
}

fn ends_are_noted() {
    let trace = run(&shell("(exit 3); kill -9 $$"), &fair(1));
    let ends = trace.events.iter().filter_map(|event| match event.what {
        What::Ended(ended) => Some((event.task, ended)),
        _ => None,
    });
    let ends: Vec<_> = ends.collect();
    assert_eq!(ends, [(1, Ended::Exited(3)), (0, Ended::Signaled(9))]);
    let joined = trace.events.iter().find(|it| it.what == What::Joined(1));
    assert_eq!(joined.map(|event| event.task), Some(0));
    assert_eq!(trace.tasks[1].parent, Some(0));
}

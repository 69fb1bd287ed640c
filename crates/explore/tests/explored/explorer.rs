//! The explorer among other programs, and as a part of one.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use explore::{Error, Program, Schedule, Trace, explore};
use nix::sched::sched_getaffinity;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter,
};

use crate::harness::{PROGRAM, Test, arguments, list};
use crate::support::{
    command, eventually, fair, lines, program, run, session, shell,
    without_pids,
};

pub(crate) const TESTS: &[Test] = list![
    whoever_is_stopped_dies_with_the_explorer,
    nothing_is_left_of_many_runs,
    several_threads_explore_at_a_time,
    children_of_the_caller_are_not_touched,
    processors_are_restored,
    on_one_processor_it_runs_as_well,
    without_a_terminal_and_stdin_it_runs_as_well,
    with_few_descriptors_it_runs_as_well,
    without_descriptors_it_says_so,
    without_ptrace_it_says_so,
];
pub(crate) const PROGRAMS: &[Test] = list![
    family_without_an_end,
    explores_without_an_end,
    explores_often,
    explores_once,
    explores_without_ptrace,
];

/// A program of this binary that runs by itself.
fn started(words: &[&str]) -> Child {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdout(Stdio::piped());
    command.spawn().expect("it can be started")
}

fn output(words: &[&str]) -> String {
    let output = started(words).wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert!(output.status.success(), "{}: {text}", output.status);
    text
}

fn binary() -> String {
    let path = std::env::current_exe().expect("the binary has a path");
    path.into_os_string().into_string().expect("it is text")
}

fn family_without_an_end() {
    let mut children = Command::new("sh");
    children.args(["-c", "read x < /dev/tty; sleep 1 & while :; do :; done"]);
    let mut children = children.spawn().expect("it can be started");
    thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                thread::yield_now();
            }
        });
        scope.spawn(|| children.wait());
        scope.spawn(|| {
            loop {
                thread::sleep(Duration::from_secs(1));
            }
        });
    });
}

fn explores_without_an_end() {
    let family = program("family_without_an_end", &[]);
    println!("{:?}", explore(&family, &fair(1)));
}

fn whoever_is_stopped_dies_with_the_explorer() {
    for wait in [1, 10, 50, 200] {
        let words = [&binary(), PROGRAM, "explores_without_an_end"];
        let mut explorer = started(&words);
        let pid = Pid::from_raw(explorer.id().cast_signed());
        let mut leader = None;
        eventually(|| {
            leader = children(pid.as_raw()).first().copied();
            leader.is_some_and(|leader| session(leader) == Some(leader))
        });
        thread::sleep(Duration::from_millis(wait));
        let leader = leader.expect("it has just been found");
        let family = members(leader);
        assert!(!family.is_empty());
        kill(pid, Signal::SIGKILL).expect("it is there");
        explorer.wait().expect("it has ended");
        eventually(|| members(leader).is_empty());
    }
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").expect("it is there");
    entries.filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok())
}

fn members(leader: i32) -> Vec<i32> {
    processes()
        .filter(|it| session(*it) == Some(leader))
        .collect()
}

fn children(parent: i32) -> Vec<i32> {
    let path = format!("/proc/{parent}/task");
    let tasks = fs::read_dir(path).into_iter().flatten().flatten();
    let texts = tasks.filter_map(|task| {
        fs::read_to_string(task.path().join("children")).ok()
    });
    let texts: Vec<_> = texts.collect();
    let words = texts.iter().flat_map(|text| text.split_whitespace());
    words.filter_map(|word| word.parse().ok()).collect()
}

fn explores_often() {
    let descriptors = || {
        let entries = fs::read_dir("/proc/self/fd").expect("it is there");
        entries.count()
    };
    let before = descriptors();
    let well = shell("(true) & wait");
    let badly = command(&["/does/not/exist"]);
    for seed in 0..200 {
        run(&well, &Schedule::mixed(seed));
        explore(&badly, &fair(seed)).expect_err("it is not there");
    }
    assert_eq!(descriptors(), before);
    let task = fs::read_dir("/proc/self/task").expect("it is there");
    assert_eq!(task.count(), 1);
    assert_eq!(children(std::process::id().cast_signed()), []);
    println!("well");
}

fn nothing_is_left_of_many_runs() {
    let words = [&binary(), PROGRAM, "explores_often"];
    assert_eq!(output(&words), "well\n");
}

fn several_threads_explore_at_a_time() {
    // What stands in /dev/shm at the moment is no affair of this program.
    let program = shell("(echo a) & (echo b) & (echo c) & wait");
    let explored = || -> Vec<Trace> {
        let runs = (0..5).map(|seed| run(&program, &Schedule::mixed(seed)));
        runs.map(without_pids).collect()
    };
    let alone = explored();
    thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(explored));
        for thread in threads {
            let traces = thread.join().expect("it does not panic");
            assert!(traces == alone, "they differ");
        }
    });
}

fn children_of_the_caller_are_not_touched() {
    let words = ["sh", "-c", "sleep 0.01; exit 3"];
    let mut children = [(); 3].map(|()| started(&words));
    for seed in 0..10 {
        run(&shell("(true) & wait"), &Schedule::mixed(seed));
    }
    for child in &mut children {
        let status = child.wait().expect("it is still there");
        assert_eq!(status.code(), Some(3));
    }
}

fn processors_are_restored() {
    let me = Pid::from_raw(0);
    let before = sched_getaffinity(me).expect("it is known");
    run(&shell("true"), &fair(1));
    assert_eq!(sched_getaffinity(me), Ok(before));
}

/// Explores a script, its argument, and prints what it prints.
fn explores_once() {
    let script = arguments().next().expect("there is one");
    match explore(&shell(&script), &fair(1)) {
        Ok(trace) => println!("{:?}", lines(&trace)),
        Err(error) => println!("{error}"),
    }
}

const SCRIPT: &str = "(echo one | cat; sleep 5); echo two";
const PRINTED: &str = "[\"one\", \"two\"]\n";

fn on_one_processor_it_runs_as_well() {
    let binary = binary();
    let words = ["taskset", "-c", "0", &binary, PROGRAM, "explores_once"];
    let with = |script| output(&[&words[..], &[script]].concat());
    assert_eq!(with(SCRIPT), PRINTED);
    assert_eq!(with("nproc"), "[\"1\"]\n");
}

/// Explores in the surroundings that a shell makes.
fn explored_after(preparation: &str, explored: &str) -> String {
    let script = format!("{preparation}; exec \"$@\"");
    let binary = binary();
    let start = ["setsid", "-w", "sh", "-c", &script, "sh"];
    let words = [&binary, PROGRAM, "explores_once", explored];
    output(&[&start[..], &words].concat())
}

fn without_a_terminal_and_stdin_it_runs_as_well() {
    assert_eq!(explored_after("exec <&- 2>&-", SCRIPT), PRINTED);
}

fn with_few_descriptors_it_runs_as_well() {
    assert_eq!(explored_after("ulimit -n 30", SCRIPT), PRINTED);
    let many = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (true); done; echo end";
    assert_eq!(explored_after("ulimit -n 30", many), "[\"end\"]\n");
}

fn without_descriptors_it_says_so() {
    let told = explored_after("ulimit -n 10", SCRIPT);
    assert!(told.contains("Too many open files"), "{told}");
}

/// Forbids itself to trace others.
fn explores_without_ptrace() {
    let ptrace = [(nix::libc::SYS_ptrace, Vec::new())];
    let filter = SeccompFilter::new(
        ptrace.into(),
        SeccompAction::Allow,
        SeccompAction::Errno(nix::libc::EPERM.unsigned_abs()),
        TargetArch::x86_64,
    );
    let filter = BpfProgram::try_from(filter.expect("it is well formed"));
    apply_filter(&filter.expect("it is well formed")).expect("it may");
    let program: Program = shell("true");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| match explore(&program, &fair(1)) {
                Err(Error::Forbidden(_)) => {}
                other => panic!("{other:?}"),
            });
        }
    });
    assert_eq!(children(std::process::id().cast_signed()), []);
    println!("forbidden");
}

fn without_ptrace_it_says_so() {
    let words = [&binary(), PROGRAM, "explores_without_ptrace"];
    assert_eq!(output(&words), "forbidden\n");
}

//! The normal end of a program: its daemons are terminated, its other children
//! are waited for.

use std::panic;
use std::process::ExitStatus;
use std::time::Duration;

use multiprocessing::{Process, current_process};
use nix::sys::signal::{SigHandler, Signal};

use crate::harness::{Test, list};
use crate::procfs::alive;
use crate::support::{
    SOON, eventually, is_told, joined, on_signal, program, sleep_for_ever,
    started, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    b032_main_that_returns_ends_daemons_and_joins_the_others,
    b032_process_exit_ends_daemons_and_joins_the_others,
    b032_a_panic_of_main_ends_daemons_and_joins_the_others,
    b032_an_exit_in_a_thread_ends_daemons_and_joins_the_others,
    b032_a_child_that_ends_ends_daemons_and_joins_the_others,
    b032_a_child_that_exits_ends_daemons_and_joins_the_others,
    b032_daemons_that_do_not_listen_are_killed,
    the_children_of_a_program_that_ended_are_not_joined_by_a_child,
];

pub(crate) const PROGRAMS: &[Test] = list![
    main_returns,
    main_exits,
    main_panics,
    a_thread_exits,
    main_leaves_deaf_daemons,
];

/// Starts a daemon that sleeps and a child that waits for `go`.
fn start_family() {
    let daemon = Process::new(|| {
        tell("daemon", current_process().pid());
        sleep_for_ever();
    });
    let daemon = daemon.with_daemon(true);
    daemon.start().expect("it can be started");
    let child = Process::new(|| {
        eventually(SOON, || is_told("go"));
        tell("child", "has ended");
    });
    child.start().expect("it can be started");
    told::<i32>("daemon");
}

fn main_returns() {
    start_family();
}

fn main_exits() {
    start_family();
    std::process::exit(7);
}

fn main_panics() {
    start_family();
    panic!("the end");
}

fn a_thread_exits() {
    start_family();
    let exits = std::thread::spawn(|| std::process::exit(7));
    exits.join().expect("it does not return");
}

/// Lets the program come to its end and checks who goes and who stays.
fn ends_in_order(mut is_running: impl FnMut() -> bool) {
    let daemon = told("daemon");
    eventually(SOON, || !alive(daemon));
    assert!(is_running(), "it waits for its child");
    tell("go", "");
    eventually(SOON, || !is_running());
    assert_eq!(told::<String>("child"), "has ended");
}

fn program_ends_in_order(name: &str) -> ExitStatus {
    let mut program = program(name).spawn().expect("it can be spawned");
    ends_in_order(|| {
        let status = program.try_wait();
        status.expect("it is our child").is_none()
    });
    program.wait().expect("it is our child")
}

fn b032_main_that_returns_ends_daemons_and_joins_the_others() {
    let status = program_ends_in_order("main_returns");
    assert!(status.success(), "{status}");
}

fn b032_process_exit_ends_daemons_and_joins_the_others() {
    let status = program_ends_in_order("main_exits");
    assert_eq!(status.code(), Some(7));
}

fn b032_a_panic_of_main_ends_daemons_and_joins_the_others() {
    let status = program_ends_in_order("main_panics");
    assert_eq!(status.code(), Some(101));
}

fn b032_an_exit_in_a_thread_ends_daemons_and_joins_the_others() {
    let status = program_ends_in_order("a_thread_exits");
    assert_eq!(status.code(), Some(7));
}

fn b032_a_child_that_ends_ends_daemons_and_joins_the_others() {
    let child = started(start_family);
    ends_in_order(|| child.is_alive().expect("it is ours"));
    assert_eq!(joined(&child), 0);
}

fn b032_a_child_that_exits_ends_daemons_and_joins_the_others() {
    let child = started(|| {
        start_family();
        std::process::exit(7)
    });
    ends_in_order(|| child.is_alive().expect("it is ours"));
    assert_eq!(joined(&child), 7);
}

fn main_leaves_deaf_daemons() {
    let names: Vec<_> = (0..5).map(|number| format!("deaf {number}")).collect();
    for name in &names {
        let daemon = Process::new(|| {
            on_signal(Signal::SIGTERM, SigHandler::SigIgn);
            tell(name, current_process().pid());
            sleep_for_ever();
        });
        let daemon = daemon.with_daemon(true);
        daemon.start().expect("it can be started");
    }
    for name in &names {
        told::<i32>(name);
    }
}

fn b032_daemons_that_do_not_listen_are_killed() {
    let mut program = program("main_leaves_deaf_daemons");
    let status = program.status().expect("it can be spawned");
    assert!(status.success(), "{status}");
    for number in 0..5 {
        assert!(!alive(told(&format!("deaf {number}"))));
    }
}

fn the_children_of_a_program_that_ended_are_not_joined_by_a_child() {
    let sibling = started(|| sleep_for_ever());
    let exits = started(|| std::process::exit(4));
    assert_eq!(joined(&exits), 4);
    assert_eq!(sibling.is_alive().ok(), Some(true));
    assert_eq!(sibling.join_timeout(Duration::ZERO).ok(), Some(false));
    sibling.kill().expect("it can be killed");
}

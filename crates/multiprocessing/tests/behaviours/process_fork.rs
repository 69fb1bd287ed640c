//! One call that returns in two processes.

use std::process::exit;
use std::thread;
use std::time::Duration;

use multiprocessing::{
    Error, ForkResult, Lock, Process, active_children, current_process, fork,
    parent_process,
};

use crate::harness::{Test, list};
use crate::support::{
    SOON, eventually, is_told, program, sleep_for_ever, started, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    a_fork_returns_on_both_sides,
    a_forked_child_is_a_child_as_any_other,
    a_forked_child_goes_on_to_the_end_of_main,
    a_forked_child_has_no_children_and_releases_no_lock,
    a_forked_child_dies_with_its_parent,
    a_fork_with_threads_is_refused,
    a_daemon_may_not_fork,
];

pub(crate) const PROGRAMS: &[Test] = list![forks_and_ends];

fn a_fork_returns_on_both_sides() {
    let main = current_process().pid();
    match fork().expect("there is room") {
        ForkResult::Child => {
            tell("child", current_process().pid());
            exit(7);
        }
        ForkResult::Parent { child, pid } => {
            child.join().expect("it can be joined");
            assert_eq!(child.exitcode().expect("it can be asked"), Some(7));
            assert_eq!(pid, told("child"));
            assert_ne!(pid, main);
        }
    }
    assert_eq!(current_process().pid(), main);
}

fn a_forked_child_is_a_child_as_any_other() {
    let main = current_process().pid();
    let ForkResult::Parent { child, pid } = fork().expect("there is room")
    else {
        let parent = parent_process().expect("it has one");
        assert_eq!((parent.pid(), parent.name()), (main, "MainProcess"));
        assert_eq!(current_process().name(), "Process-1");
        assert_eq!(Process::new(|| ()).name(), "Process-1:1");
        sleep_for_ever();
    };
    let listed = active_children();
    let pids = listed.iter().filter_map(|it| it.pid().expect("it is open"));
    assert_eq!(child.pid().expect("it is open"), Some(pid));
    assert_eq!(pids.collect::<Vec<_>>(), [pid]);
    assert!(child.is_alive().expect("it can be asked"));
    child.terminate().expect("it can be terminated");
    child.join().expect("it can be joined");
    assert_eq!(child.exitcode().expect("it can be asked"), Some(-15));
    assert!(active_children().is_empty());
}

fn a_forked_child_goes_on_to_the_end_of_main() {
    let output = program("forks_and_ends").output();
    let output = output.expect("it can be started");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    // What stdout's buffer held at the fork comes once; and each of the two
    // waits at its end for the child that it has started.
    assert_eq!(text.matches("begin; ").count(), 1, "{text}");
    let text = text.replace("begin; ", "");
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["child", "of child", "of parent", "parent"]);
}

fn forks_and_ends() {
    print!("begin; ");
    let (here, of_here) = match fork().expect("there is room") {
        ForkResult::Parent { .. } => ("parent", "of parent"),
        ForkResult::Child => ("child", "of child"),
    };
    println!("{here}");
    started(|| {
        thread::sleep(Duration::from_millis(50));
        println!("{of_here}");
    });
}

fn a_forked_child_has_no_children_and_releases_no_lock() {
    let lock = Lock::new().expect("there is room");
    let sleeper = started(|| sleep_for_ever());
    let guard = lock.guard().expect("it is free");
    let ForkResult::Parent { child, .. } = fork().expect("there is room")
    else {
        assert!(active_children().is_empty());
        assert!(matches!(sleeper.join(), Err(Error::NotCreator { .. })));
        drop(guard);
        assert!(!lock.try_acquire().expect("its owner lives"));
        exit(0);
    };
    child.join().expect("it can be joined");
    assert_eq!(child.exitcode().expect("it can be asked"), Some(0));
    drop(guard);
    assert!(lock.try_acquire().expect("it is free"));
    sleeper.kill().expect("it can be killed");
}

fn a_forked_child_dies_with_its_parent() {
    let parent = started(|| match fork().expect("there is room") {
        ForkResult::Parent { .. } => sleep_for_ever(),
        ForkResult::Child => {
            tell("child", current_process().pid());
            sleep_for_ever();
        }
    });
    let child = told("child");
    parent.kill().expect("it can be killed");
    eventually(SOON, || !crate::procfs::alive(child));
}

fn a_fork_with_threads_is_refused() {
    thread::scope(|scope| {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || ended.recv());
        let refused = fork();
        drop(end);
        assert!(matches!(refused, Err(Error::MultiThreaded { .. })));
    });
}

fn a_daemon_may_not_fork() {
    let daemon = Process::new(|| {
        let refused = fork();
        assert!(matches!(refused, Err(Error::DaemonicChild { .. })));
        tell("refused", "yes");
    });
    let daemon = daemon.with_daemon(true);
    daemon.start().expect("it can be started");
    daemon.join().expect("it can be joined");
    assert!(is_told("refused"));
}

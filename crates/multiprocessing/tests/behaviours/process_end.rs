//! How a process ends, and how its parent learns of it.

use std::cell::OnceCell;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use multiprocessing::{Child, Error, Process, Sentinel, active_children};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::ptrace;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::harness::{Test, list};
use crate::support::{
    SOON, eventually, in_child, is_told, joined, killed, sleep_for_ever,
    started, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    b010_a_join_of_no_time_leaves_the_child_alive,
    b011_terminate_is_told_as_minus_sigterm,
    b012_kill_is_told_as_minus_sigkill,
    b013_to_signal_who_has_ended_is_no_error,
    b017_the_sentinel_is_readable_after_the_end,
    b018_close_is_refused_while_it_runs_and_final_after_it,
    b018_who_was_closed_is_not_started,
    b019_a_hundred_children_end_with_0_or_minus_sigterm,
    b034_debug_tells_the_state,
    b035_join_with_a_limit_waits_as_long_and_may_be_repeated,
    only_the_creator_may_join_or_signal,
    a_process_may_not_join_or_signal_itself,
    a_thread_may_join_while_main_joins,
    a_real_time_signal_is_told,
    a_traced_child_is_joined_when_its_tracer_lets_go,
];

fn b010_a_join_of_no_time_leaves_the_child_alive() {
    let child = started(|| sleep_for_ever());
    assert_eq!(child.join_timeout(Duration::ZERO).ok(), Some(false));
    assert_eq!(child.is_alive().ok(), Some(true));
    child.kill().expect("it can be killed");
}

fn b011_terminate_is_told_as_minus_sigterm() {
    let child = started(|| sleep_for_ever());
    child.terminate().expect("it can be terminated");
    assert_eq!(joined(&child), -15);
    assert_eq!(child.is_alive().ok(), Some(false));
    assert!(active_children().is_empty());
}

fn b012_kill_is_told_as_minus_sigkill() {
    let child = started(|| sleep_for_ever());
    child.kill().expect("it can be killed");
    assert_eq!(joined(&child), -9);
}

fn b013_to_signal_who_has_ended_is_no_error() {
    let child = started(|| ());
    wait_for(&child.sentinel().expect("it has been started"));
    // A zombie first, then one who has been waited for.
    for _ in 0..2 {
        child.terminate().expect("terminate is no error");
        child.kill().expect("kill is no error");
        assert_eq!(joined(&child), 0);
    }
}

fn b017_the_sentinel_is_readable_after_the_end() {
    let child = Process::new(|| sleep_for_ever());
    assert!(matches!(child.sentinel(), Err(Error::NotStarted { .. })));
    child.start().expect("it can be started");
    let sentinel = child.sentinel().expect("it has been started");
    assert!(!readable(&sentinel, PollTimeout::ZERO));
    child.kill().expect("it can be killed");
    wait_for(&sentinel);
    assert_eq!(joined(&child), -9);
    child.close().expect("it has ended");
    assert!(readable(&sentinel, PollTimeout::ZERO), "it is our own copy");
}

fn b018_close_is_refused_while_it_runs_and_final_after_it() {
    let child = started(|| sleep_for_ever());
    assert!(matches!(child.close(), Err(Error::StillRunning { .. })));
    assert_eq!(child.is_alive().ok(), Some(true), "nothing has changed");
    child.kill().expect("it can be killed");
    child.join().expect("it can be joined");
    child.close().expect("it has ended");
    for refused in [
        child.is_alive().map(drop),
        child.exitcode().map(drop),
        child.pid().map(drop),
        child.sentinel().map(drop),
        child.join(),
        child.join_timeout(Duration::ZERO).map(drop),
        child.terminate(),
        child.kill(),
    ] {
        assert!(matches!(refused, Err(Error::Closed { .. })));
    }
    child.close().expect("a second close is fine");
    assert_eq!(child.name(), "Process-1");
}

fn b018_who_was_closed_is_not_started() {
    let child = Process::new(|| ());
    child.close().expect("what has not begun does not run");
    assert!(matches!(child.start(), Err(Error::Closed { .. })));
    assert!(active_children().is_empty());
}

fn b019_a_hundred_children_end_with_0_or_minus_sigterm() {
    let nap = || std::thread::sleep(Duration::from_millis(10));
    let children: Vec<_> = (0..100).map(|_| started(nap)).collect();
    assert!(children.iter().all(|child| joined(child) == 0));

    let terminated = || {
        let child = started(|| sleep_for_ever());
        child.terminate().expect("it can be terminated");
        child
    };
    let children: Vec<_> = (0..100).map(|_| terminated()).collect();
    assert!(children.iter().all(|child| joined(child) == -15));
    assert!(active_children().is_empty());
}

fn b034_debug_tells_the_state() {
    let us = nix::unistd::getpid();
    let daemon = Process::new(|| sleep_for_ever()).with_daemon(true);
    let text = || format!("{daemon:?}");
    let start = "<Process name='Process-1'";
    assert_eq!(text(), format!("{start} parent={us} initial daemon>"));

    daemon.start().expect("it can be started");
    let pid = daemon.pid().ok().flatten().expect("it has been started");
    let start = format!("{start} pid={pid} parent={us}");
    assert_eq!(text(), format!("{start} started daemon>"));
    let elsewhere = format!("{start} unknown daemon>");
    assert_eq!(in_child(|| assert_eq!(text(), elsewhere)), 0);

    daemon.terminate().expect("it can be terminated");
    daemon.join().expect("it can be joined");
    let end = "stopped exitcode=-SIGTERM daemon>";
    assert_eq!(text(), format!("{start} {end}"));
    daemon.close().expect("it has ended");
    assert!(text().ends_with(&format!("parent={us} closed daemon>")));

    for code in [0, 3] {
        let child = started(|| code);
        assert_eq!(joined(&child), code);
        let end = format!("parent={us} stopped exitcode={code}>");
        assert!(format!("{child:?}").ends_with(&end));
    }
}

fn b035_join_with_a_limit_waits_as_long_and_may_be_repeated() {
    let child = started(|| sleep_for_ever());
    let limit = Duration::from_millis(120);
    let start = Instant::now();
    assert_eq!(child.join_timeout(limit).ok(), Some(false));
    assert!(start.elapsed() >= limit);
    assert_eq!(child.exitcode().ok(), Some(None));
    child.terminate().expect("it can be terminated");
    assert_eq!(child.join_timeout(Duration::MAX).ok(), Some(true));
    assert_eq!(child.exitcode().ok(), Some(Some(-15)));
}

fn only_the_creator_may_join_or_signal() {
    let sibling = started(|| sleep_for_ever());
    let exitcode = in_child(|| {
        for refused in [
            sibling.join(),
            sibling.join_timeout(Duration::ZERO).map(drop),
            sibling.is_alive().map(drop),
            sibling.exitcode().map(drop),
            sibling.terminate(),
            sibling.kill(),
            sibling.close(),
        ] {
            assert!(matches!(refused, Err(Error::NotCreator { .. })));
        }
    });
    assert_eq!(exitcode, 0);
    assert_eq!(sibling.is_alive().ok(), Some(true));
    sibling.kill().expect("its creator may");
    assert_eq!(joined(&sibling), -9);
}

/// Its copy of the handle dates from before the start; it must not be told to
/// start itself.
fn a_process_may_not_join_or_signal_itself() {
    let own = OnceCell::<Child>::new();
    let child = Process::new(|| {
        let own = own.get().expect("set before the start");
        for refused in [own.join(), own.terminate(), own.kill()] {
            assert!(matches!(refused, Err(Error::NotCreator { .. })));
        }
    });
    own.get_or_init(|| Child::clone(&child));
    child.start().expect("it starts");
    assert_eq!(joined(&child), 0);
}

fn a_thread_may_join_while_main_joins() {
    for _ in 0..50 {
        let child = started(|| 7);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let handle = multiprocessing::Child::clone(&child);
                scope.spawn(move || {
                    handle.join().expect("it can be joined");
                    assert_eq!(handle.exitcode().ok(), Some(Some(7)));
                });
            }
            assert_eq!(joined(&child), 7);
        });
    }
}

#[allow(unsafe_code)]
fn a_real_time_signal_is_told() {
    let signal = libc::SIGRTMIN() + 1;
    let child = started(|| {
        // SAFETY: it only sends this process a signal.
        unsafe { libc::raise(signal) };
    });
    assert_eq!(joined(&child), -signal);
    let end = format!("stopped exitcode={}>", -signal);
    assert!(format!("{child:?}").ends_with(&end));
}

fn readable(sentinel: &Sentinel, limit: PollTimeout) -> bool {
    let mut fds = [PollFd::new(sentinel.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, limit).expect("it can be waited for") == 1
}

fn wait_for(sentinel: &Sentinel) {
    assert!(readable(sentinel, PollTimeout::NONE));
}

fn a_traced_child_is_joined_when_its_tracer_lets_go() {
    let child = started(|| sleep_for_ever());
    let pid = child.pid().expect("it is open").expect("it was started");
    let tracer = started(|| {
        let pid = Pid::from_raw(pid);
        let seized = ptrace::seize(pid, ptrace::Options::empty());
        tell("seized", seized.is_ok());
        eventually(SOON, || is_told("go"));
        waitpid(pid, None).map(drop)
    });
    if !told::<bool>("seized") {
        println!("not tested: this machine does not let one trace another");
        tell("go", "");
        return killed(&child);
    }
    child.kill().expect("it can be killed");
    let sentinel = child.sentinel().expect("it was started");
    wait_for(&sentinel);
    let limit = Duration::from_millis(20);
    assert_eq!(child.join_timeout(limit).ok(), Some(false));
    assert_eq!(child.exitcode().ok(), Some(None));
    tell("go", "");
    assert_eq!(joined(&child), -9);
    assert_eq!(joined(&tracer), 0);
}

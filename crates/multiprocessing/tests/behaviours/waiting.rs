//! What a process waits for, so that a test can strike at the right moment.

use std::fs;

use multiprocessing::Process;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{SOON, eventually};

/// Waits until `child` waits in a system call, a number as in
/// `libc::SYS_read`; its pid.
#[track_caller]
pub(crate) fn once_in(call: i64, child: &Process<'_>) -> i32 {
    let pid = child.pid().expect("it is open").expect("it was started");
    eventually(SOON, || is_in(call, pid));
    pid
}

/// Whether a process waits in a system call now.
pub(crate) fn is_in(call: i64, pid: i32) -> bool {
    let line = fs::read_to_string(format!("/proc/{pid}/syscall"));
    let line = line.expect("it runs, and is ours");
    line.split(' ').next() == Some(call.to_string().as_str())
}

/// Lets `child` do nothing more until it is sent on, or killed.
#[track_caller]
pub(crate) fn stopped(child: &Process<'_>) -> Pid {
    let pid = child.pid().expect("it is open").expect("it was started");
    kill(Pid::from_raw(pid), Signal::SIGSTOP).expect("it is ours");
    eventually(SOON, || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.expect("it is ours").contains(") T ")
    });
    Pid::from_raw(pid)
}

/// Lets a child that was stopped go on.
pub(crate) fn sent_on(pid: Pid) {
    kill(pid, Signal::SIGCONT).expect("it is ours");
}

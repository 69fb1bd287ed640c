//! What a process waits for, so that a test can strike at the right moment.

use std::{fs, thread};

use multiprocessing::Process;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{SOON, eventually};

/// Waits until `child` waits in a system call, a number as in
/// `libc::SYS_recvmsg`; its pid.
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

/// Whether a process, or thread, sleeps in the kernel.
pub(crate) fn is_asleep(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| stat.contains(") S "))
}

/// Waits until all of them sleep or have ended, and nobody has run between two
/// looks.
pub(crate) fn settle(pids: &[i32]) {
    let look = || -> Option<Vec<String>> {
        pids.iter().map(|&pid| at_rest(pid)).collect()
    };
    let mut before = None;
    loop {
        let now = look();
        if now.is_some() && now == before {
            return;
        }
        before = now;
        thread::yield_now();
    }
}

/// How often a process has gone to sleep; none: it is awake.
fn at_rest(pid: i32) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    let Ok(status) = status else {
        return Some("it is gone".into());
    };
    let field = |name| status.lines().find(|line| line.starts_with(name));
    let state = field("State:")?.chars().nth(7)?;
    let times = field("voluntary_ctxt_switches:")?;
    "SZXTt".contains(state).then(|| times.into())
}

//! What a process waits for, so that a test can strike at the right moment.

use std::fs;

use multiprocessing::Process;

use crate::support::{SOON, eventually};

/// Waits until `child` waits in a system call, a number as in
/// `libc::SYS_read`; its pid.
#[track_caller]
pub(crate) fn once_in(call: i64, child: &Process<'_>) -> i32 {
    let pid = child.pid().expect("it is open").expect("it was started");
    eventually(SOON, || {
        let line = fs::read_to_string(format!("/proc/{pid}/syscall"));
        let line = line.expect("it runs, and is ours");
        line.split(' ').next() == Some(call.to_string().as_str())
    });
    pid
}

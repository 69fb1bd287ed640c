//! The writer of a message that is not there as a whole: the rest comes only
//! while he lives.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::set_socket_passcred;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::error::Result;
use crate::process::wait;

/// Where there is no descriptor left to watch a writer, one looks so often.
const LOOK: Duration = Duration::from_millis(100);

/// Lets the kernel tell whose the bytes are that come through `socket`.
pub(super) fn ask_for_writers(socket: BorrowedFd<'_>) {
    // A network tells it to nobody.
    let _ = set_socket_passcred(socket, true);
}

/// Waits until there is something, and tells whether there is: not if the
/// writer, of that pid if it is told, has ended, and nothing of it is left.
pub(super) fn once_there(
    socket: BorrowedFd<'_>,
    writer: Option<i32>,
) -> Result<bool> {
    let there = |limit| wait::readable(socket, limit);
    let Some(writer) = writer.and_then(Pid::from_raw) else {
        return there(None);
    };
    match pidfd_open(writer, PidfdFlags::empty()) {
        Ok(end) => {
            wait::ready([socket, end.as_fd()], None)?;
            there(Some(Duration::ZERO))
        }
        Err(Errno::SRCH) => there(Some(Duration::ZERO)),
        Err(_) => there(Some(LOOK)).map(|_| true),
    }
}

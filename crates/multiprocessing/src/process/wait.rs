//! Waiting for a descriptor, with a time limit that holds.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::error::{Error, Result};
use crate::sys::mutex::remaining;

/// Waits until `fd` is readable or at its end; no limit: for ever. Tells
/// whether it is. Signals do not shorten the wait.
pub(crate) fn readable(
    fd: BorrowedFd<'_>,
    limit: Option<Duration>,
) -> Result<bool> {
    let start = Instant::now();
    loop {
        let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
        match poll(&mut fds, timeout(remaining(start, limit))) {
            Ok(0) if limit.is_some_and(|limit| start.elapsed() < limit) => {}
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::system("wait", errno)),
        }
    }
}

/// In whole milliseconds, rounded up, so that nobody wakes too early.
pub(crate) fn timeout(limit: Option<Duration>) -> PollTimeout {
    let Some(limit) = limit else {
        return PollTimeout::NONE;
    };
    let millis = limit.as_nanos().div_ceil(1_000_000);
    i32::try_from(millis)
        .ok()
        .and_then(|millis| PollTimeout::try_from(millis).ok())
        .unwrap_or(PollTimeout::MAX)
}

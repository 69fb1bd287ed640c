//! Waiting for descriptors, with a time limit that holds.

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
    any_of(&mut [PollFd::new(fd, PollFlags::POLLIN)], limit)
}

/// As [`readable`], until one can write, or sees that nobody reads.
pub(crate) fn writable(
    fd: BorrowedFd<'_>,
    limit: Option<Duration>,
) -> Result<bool> {
    any_of(&mut [PollFd::new(fd, PollFlags::POLLOUT)], limit)
}

/// Whether a socket that listened has been shut down.
pub(crate) fn is_shut_down(fd: BorrowedFd<'_>) -> Result<bool> {
    // What happens to it is told without being asked for.
    any_of(
        &mut [PollFd::new(fd, PollFlags::empty())],
        Some(Duration::ZERO),
    )
}

/// As [`readable`], for many: the places of those that are, in their order.
pub(crate) fn ready<'a>(
    fds: impl IntoIterator<Item = BorrowedFd<'a>>,
    limit: Option<Duration>,
) -> Result<Vec<usize>> {
    let fds = fds.into_iter();
    let mut fds: Vec<_> =
        fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    any_of(&mut fds, limit)?;
    let fds = fds.iter().enumerate();
    let happened = |fd: &PollFd<'_>| fd.any().unwrap_or(true);
    Ok(fds.filter(|(_, fd)| happened(fd)).map(|(i, _)| i).collect())
}

fn any_of(fds: &mut [PollFd<'_>], limit: Option<Duration>) -> Result<bool> {
    let start = Instant::now();
    loop {
        match poll(fds, timeout(remaining(start, limit))) {
            Ok(0) if limit.is_some_and(|limit| start.elapsed() < limit) => {}
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(refused(fds.len(), errno)),
        }
    }
}

/// Why one cannot wait for `count` descriptors. The kernel calls it an invalid
/// argument if they are more than a process may have, as after its limit was
/// lowered.
pub(crate) fn refused(count: usize, errno: Errno) -> Error {
    let errno = match errno {
        Errno::EINVAL => Errno::EMFILE,
        errno => errno,
    };
    Error::system(format!("wait for {count} descriptors at once"), errno)
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

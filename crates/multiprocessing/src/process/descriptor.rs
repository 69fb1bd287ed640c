//! Descriptors of the library's own.
//!
//! A program may have closed its stdin, stdout or stderr, and the lowest free
//! number is what a new descriptor gets. Ours keep clear of these three, or
//! the next `println!` would go into one of them.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

const FIRST: i32 = 3;

/// A descriptor that stands for the process, and is readable once that has
/// ended.
pub(super) fn pidfd(pid: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or(Errno::SRCH)?;
    keep_clear(pidfd_open(pid, PidfdFlags::empty())?)
}

/// `/dev/null`, for reading.
pub(super) fn null() -> io::Result<OwnedFd> {
    keep_clear(File::open("/dev/null")?.into())
}

/// The same, under a number that is none of the three.
pub(crate) fn keep_clear(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    if descriptor.as_raw_fd() >= FIRST {
        return Ok(descriptor);
    }
    Ok(fcntl_dupfd_cloexec(descriptor, FIRST)?)
}

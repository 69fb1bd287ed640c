//! Descriptors that a process has inherited and gives up, though their owners
//! are still there.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use rustix::fs::{Mode, OFlags};

/// What stands in the place of a descriptor that was given up: each operation
/// on it fails with EBADF.
pub(crate) struct Nothing(OwnedFd);

impl Nothing {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let null = rustix::fs::open("/dev/null", flags, Mode::empty())?;
        Ok(Self(null))
    }

    /// Puts it in the place of `descriptor`, which must be open.
    pub(crate) fn replace(&self, descriptor: RawFd) {
        let nothing = self.0.as_raw_fd();
        // SAFETY: dup3 touches no memory. Were the number closed, the next
        // file that is opened would get it, and whoever in this process owns
        // it still, in a static say, would write there or close it. So it
        // stays open: to its owner, all that fails which can fail.
        unsafe { libc::dup3(nothing, descriptor, libc::O_CLOEXEC) };
    }
}

//! Descriptors by which one process sees the end of another.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::epoll::EventFlags;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use rustix::time::Timespec;

/// What tells of an end.
#[derive(Clone, Copy)]
pub(super) enum Sentinel<'a> {
    /// A pidfd: when the process ends.
    Process(BorrowedFd<'a>),
    /// A stream socket: when nobody has the other end any more.
    Stream(BorrowedFd<'a>),
}

impl Sentinel<'_> {
    /// Whether the end has come; also if nobody can tell any more.
    pub(super) fn is_over(self) -> bool {
        let events = match self {
            Self::Process(_) => PollFlags::IN,
            // What was sent and not read yet is no end.
            Self::Stream(_) => PollFlags::RDHUP,
        };
        let now = Timespec::default();
        let mut fds = [PollFd::from_borrowed_fd(self.as_fd(), events)];
        retry_on_intr(|| poll(&mut fds, Some(&now))) != Ok(0)
    }

    /// What to watch it for; errors are told in any case.
    pub(super) fn events(self) -> EventFlags {
        match self {
            Self::Process(_) => EventFlags::IN,
            Self::Stream(_) => EventFlags::RDHUP,
        }
    }
}

impl AsFd for Sentinel<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Process(fd) | Self::Stream(fd) => *fd,
        }
    }
}

//! Descriptors by which one process sees the end of another.

use std::iter;
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

/// Whether one of these ends has come; also if nobody can tell any more.
pub(super) fn any_is_over<'a>(
    sentinels: impl Iterator<Item = Sentinel<'a>>,
) -> bool {
    let now = Timespec::default();
    let mut fds: Vec<_> = sentinels.map(Sentinel::to_poll).collect();
    retry_on_intr(|| poll(&mut fds, Some(&now))) != Ok(0)
}

impl<'a> Sentinel<'a> {
    pub(super) fn is_over(self) -> bool {
        any_is_over(iter::once(self))
    }

    fn to_poll(self) -> PollFd<'a> {
        let (fd, events) = match self {
            Self::Process(fd) => (fd, PollFlags::IN),
            // What was sent and not read yet is no end.
            Self::Stream(fd) => (fd, PollFlags::RDHUP),
        };
        PollFd::from_borrowed_fd(fd, events)
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

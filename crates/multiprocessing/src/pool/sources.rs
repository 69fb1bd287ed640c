//! What the dispatcher's thread waits for.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::crew::Crew;
use super::member::End;
use crate::error::Result;
use crate::process::wait::refused;

/// A descriptor, and what it means.
pub(super) enum Source {
    /// Somebody wants the thread to look at the pool's state.
    Wake,
    Zygote,
    Socket {
        socket: Arc<OwnedFd>,
        sending: bool,
    },
    End {
        pid: i32,
        end: End,
    },
}

impl Source {
    pub(super) fn all(crew: &mut Crew, zygote_lives: bool) -> Vec<Self> {
        let mut sources = vec![Self::Wake];
        if zygote_lives {
            sources.push(Self::Zygote);
        }
        for worker in &mut crew.workers {
            if worker.watch() {
                sources.push(Self::Socket {
                    socket: Arc::clone(worker.line.socket()),
                    sending: worker.line.is_sending(),
                });
            }
            // The zygote tells the end of its workers, as long as it lives.
            if worker.is_own() || !zygote_lives {
                sources.push(Self::End {
                    pid: worker.pid,
                    end: Arc::clone(&worker.end),
                });
            }
        }
        sources
    }

    pub(super) fn watch<'a>(
        &'a self,
        wake: &'a impl AsFd,
        zygote: &'a impl AsFd,
    ) -> PollFd<'a> {
        let mut events = PollFlags::POLLIN;
        let fd = match self {
            Self::Wake => wake.as_fd(),
            Self::Zygote => zygote.as_fd(),
            Self::Socket { socket, sending } => {
                events.set(PollFlags::POLLOUT, *sending);
                socket.as_fd()
            }
            Self::End { end, .. } => end.as_fd(),
        };
        PollFd::new(fd, events)
    }
}

/// Waits until something happens at one of `fds`; only looks, if there is
/// something `at_hand`.
pub(super) fn sleep(fds: &mut [PollFd<'_>], at_hand: bool) -> Result<()> {
    let limit = match at_hand {
        true => PollTimeout::ZERO,
        false => PollTimeout::NONE,
    };
    loop {
        match poll(fds, limit) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(refused(fds.len(), errno)),
        }
    }
}

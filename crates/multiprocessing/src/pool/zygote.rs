//! The zygote: a process with a single thread that forks new workers in the
//! place of those that have died or have had all their tasks.
//!
//! The pool's own process cannot: it has a thread (the dispatcher) by then. The
//! zygote is forked before that thread, together with the first workers, and
//! does nothing until it is asked; then it makes a worker and passes the pool's
//! end of its socket over. It waits for its workers, since only a parent learns
//! how its children end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::SockType;
use serde::{Deserialize, Serialize};

use super::worker::{self, Initializer};
use crate::error::{Error, Result};
use crate::pipe::pair;
use crate::process::{Child, Sentinel, start_worker};
use crate::seat::Seats;
use crate::{codec, pass};

/// What the zygote tells the pool.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// A worker is there, in the seat with this number; with the message come
    /// the pool's end of its socket and its pidfd.
    Born { pid: i32, seat: Option<usize> },
    /// No worker could be made for this seat.
    Failed { reason: String, seat: Option<usize> },
    /// A worker has ended.
    Died { pid: i32, exitcode: i32 },
}

/// Asks for a new worker, in the seat with this number.
pub(super) fn ask(control: &OwnedFd, seat: Option<usize>) -> Result<()> {
    pass::send(control.as_fd(), &codec::encode(&seat)?, &[])
}

/// Waits for the next message of the zygote, and what comes with it.
pub(super) fn hear(control: &OwnedFd) -> Result<(News, Option<[OwnedFd; 2]>)> {
    let (message, descriptors) = pass::recv(control.as_fd())?;
    Ok((codec::decode(&message)?, descriptors.try_into().ok()))
}

/// The body of the zygote process.
pub(super) fn run(
    control: OwnedFd,
    seats: Option<Arc<Seats>>,
    initializer: Option<&Initializer<'_>>,
) -> i32 {
    let mut zygote = Zygote {
        control: Some(control),
        seats,
        initializer,
        workers: Vec::new(),
    };
    // It ends when the pool has gone; there is nobody to tell.
    while zygote.turn().is_ok() {}
    // Who sleeps in a seat does not see it; and where the pool's process has
    // become another program, the kernel ends nobody.
    zygote
        .seats
        .iter()
        .flat_map(Seats::all)
        .for_each(|seat| seat.call_to_socket());
    0
}

struct Zygote<'a> {
    /// None in a worker that was just forked.
    control: Option<OwnedFd>,
    seats: Option<Arc<Seats>>,
    /// Of the workers.
    initializer: Option<&'a Initializer<'a>>,
    workers: Vec<(Child, Sentinel)>,
}

impl Zygote<'_> {
    /// Waits for a request or a death, and deals with it.
    fn turn(&mut self) -> Result<()> {
        let sentinels = self.workers.iter().map(|(_, end)| end.as_fd());
        let fds = std::iter::once(self.control()?).chain(sentinels);
        let mut fds: Vec<_> =
            fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(()),
            Err(errno) => return Err(Error::system("wait", errno)),
        }
        let asked = fds[0].any().unwrap_or(false);
        self.tell_deaths()?;
        if asked {
            let (order, _) = pass::recv(self.control()?)?;
            let seat = codec::decode(&order)?;
            if let Err(error) = self.make_worker(seat) {
                let reason = error.to_string();
                self.tell(&News::Failed { reason, seat }, &[])?;
            }
        }
        Ok(())
    }

    fn tell_deaths(&mut self) -> Result<()> {
        for (worker, sentinel) in std::mem::take(&mut self.workers) {
            match (worker.pid()?, worker.exitcode()?) {
                (Some(pid), Some(exitcode)) => {
                    self.tell(&News::Died { pid, exitcode }, &[])?;
                }
                _ => self.workers.push((worker, sentinel)),
            }
        }
        Ok(())
    }

    fn make_worker(&mut self, number: Option<usize>) -> Result<()> {
        let seats = self.seats.as_ref();
        let seat = seats.zip(number).and_then(|(all, it)| all.seat(it));
        let (ours, theirs) = pair(SockType::Stream)?;
        let mut ours = Some(ours);
        let worker = start_worker(worker::NAME, || {
            // A worker that kept these open would hide the zygote's end from
            // the pool, and the pool's end from itself.
            self.control = None;
            ours = None;
            worker::run(&theirs, seat.as_ref(), self.initializer)
        })?;
        let sentinel = worker.sentinel()?;
        if let (Some(pid), Some(ours)) = (worker.pid()?, ours) {
            let descriptors = [ours.as_fd(), sentinel.as_fd()];
            let news = News::Born { pid, seat: number };
            self.tell(&news, &descriptors).inspect_err(|_| {
                // The seat will be another's.
                let _ = worker.kill().and_then(|()| worker.join());
            })?;
        }
        self.workers.push((worker, sentinel));
        Ok(())
    }

    fn tell(&self, news: &News, descriptors: &[BorrowedFd<'_>]) -> Result<()> {
        pass::send(self.control()?, &codec::encode(news)?, descriptors)
    }

    fn control(&self) -> Result<BorrowedFd<'_>> {
        self.control
            .as_ref()
            .map(AsFd::as_fd)
            .ok_or(Error::Disconnected)
    }
}

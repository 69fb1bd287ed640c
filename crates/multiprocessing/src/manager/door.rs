//! How a client comes to a connection with the server.
//!
//! The door is a pair of sockets from before the server's fork: one end is the
//! server's, copies of the other are with the whole family. A client makes a
//! pair of its own and hands one end in through the door, as a descriptor in a
//! message (`SCM_RIGHTS`). So there is nothing in the file system, and nothing
//! on a network, where a stranger could knock. A manager that is to be found by
//! strangers has a [`Listener`](crate::connection::Listener) besides.

use std::iter;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;

use nix::sys::socket::{SockType, getsockopt, sockopt};
use rustix::net::{Shutdown, shutdown};
use rustix::process::{PidfdFlags, getpid, pidfd_open};

use super::line::Line;
use super::sentinel::{Sentinel, any_is_over};
use crate::error::{Error, Result};
use crate::seat::{Seat, Seats};
use crate::{pass, pipe};

const CONNECT: u8 = b'c';
const SHUT_DOWN: u8 = b's';

/// So many clients at once are served by shared memory, the others by sockets.
const SEATS: usize = 32;

/// The family's end.
pub(super) struct Outside {
    socket: OwnedFd,
    seats: Option<Arc<Seats>>,
}

/// The server's end. When the last copy is closed, every client knows.
pub(super) struct Inside {
    socket: OwnedFd,
    seats: Option<Arc<Seats>>,
}

/// What comes in through the door.
pub(super) enum Knock {
    Client(Client),
    ShutDown,
    /// Something that is no client: there was no room for its descriptors.
    Nobody,
}

/// A client as the server has it.
pub(super) struct Client {
    pub(super) stream: OwnedFd,
    /// None: it has come by an address.
    pub(super) kin: Option<Kin>,
    /// What its errors call it; 0: unknown.
    pub(super) pid: i32,
}

/// Proof that a client has come through the door: it is a fork of the process
/// that made the manager, as the server is.
///
/// Its pidfd tells when it ends, even if its end of the stream has copies.
pub(crate) struct Kin(OwnedFd);

pub(super) fn new() -> Result<(Outside, Inside)> {
    // Packets, so that clients cannot mix up what they hand in.
    let (outside, inside) = pipe::pair(SockType::SeqPacket)?;
    // Where there is no room for them, all goes by sockets.
    let seats = Seats::new(SEATS).ok();
    let outside = Outside {
        socket: outside,
        seats: seats.clone(),
    };
    let inside = Inside {
        socket: inside,
        seats,
    };
    Ok((outside, inside))
}

impl Outside {
    /// A new connection with the server.
    pub(super) fn connect(&self) -> Result<Line> {
        let (ours, theirs) = pipe::pair(SockType::Stream)?;
        pipe::ask_for_room([&ours, &theirs]);
        let process =
            pidfd_open(getpid(), PidfdFlags::empty()).map_err(|error| {
                Error::system("open a pidfd of this process", error)
            })?;
        // Our copy of the server's end goes away here: with it, we would not
        // see the server die.
        self.knock(CONNECT, &[theirs.as_fd(), process.as_fd()])?;
        Ok(Line::of_kin(ours, self.seats.clone()))
    }

    /// Asks the server to end.
    pub(super) fn shut_down(&self) -> Result<()> {
        self.knock(SHUT_DOWN, &[])
    }

    fn knock(&self, what: u8, descriptors: &[BorrowedFd<'_>]) -> Result<()> {
        pass::send(self.socket.as_fd(), &[what], descriptors)
    }
}

impl Inside {
    /// What clients can be given.
    pub(super) fn seats(&self) -> Vec<Seat> {
        self.seats.iter().flat_map(Seats::all).collect()
    }

    /// Waits for the next who knocks; [`Error::Disconnected`] when nobody is
    /// left who could.
    pub(super) fn accept(&self) -> Result<Knock> {
        let (message, descriptors) = pass::recv(self.socket.as_fd())?;
        let mut descriptors = descriptors.into_iter();
        Ok(
            match (&message[..], descriptors.next(), descriptors.next()) {
                ([CONNECT], Some(stream), Some(process)) => {
                    Knock::Client(Client::new(stream, Some(Kin(process))))
                }
                ([SHUT_DOWN], ..) => Knock::ShutDown,
                _ => Knock::Nobody,
            },
        )
    }
}

impl AsFd for Inside {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Outside {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl Client {
    /// Without `kin`, it has come by an address.
    pub(super) fn new(stream: OwnedFd, kin: Option<Kin>) -> Self {
        // Who made the socket's other end; another machine's has no pid here.
        let maker = getsockopt(&stream, sockopt::PeerCredentials);
        Self {
            stream,
            kin,
            pid: maker.map_or(0, |maker| maker.pid()),
        }
    }

    /// What tells of its end.
    pub(super) fn sentinels(&self) -> impl Iterator<Item = Sentinel<'_>> {
        let process = self.kin.iter().map(|Kin(process)| process.as_fd());
        iter::once(Sentinel::Stream(self.stream.as_fd()))
            .chain(process.map(Sentinel::Process))
    }

    /// Whether nobody waits for a reply any more.
    pub(super) fn is_gone(&self) -> bool {
        any_is_over(self.sentinels())
    }

    /// Whoever reads from the stream or writes to it sees its end.
    pub(super) fn hang_up(&self) {
        // Refused only if there is no other end any more.
        let _ = shutdown(&self.stream, Shutdown::Both);
    }
}

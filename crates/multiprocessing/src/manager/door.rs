//! How a client comes to a connection with the server.
//!
//! The door is a pair of sockets from before the server's fork: one end is the
//! server's, copies of the other are with the whole family. A client makes a
//! pair of its own and hands one end in through the door, as a descriptor in a
//! message (`SCM_RIGHTS`). So there is nothing in the file system, and nothing
//! on a network, where a stranger could knock.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::sys::socket::SockType;
use rustix::process::{PidfdFlags, getpid, pidfd_open};

use crate::error::{Error, Result};
use crate::process::wait::readable;
use crate::{pass, pipe};

const CONNECT: u8 = b'c';
const SHUT_DOWN: u8 = b's';

/// The family's end.
pub(super) struct Outside(OwnedFd);

/// The server's end. When the last copy is closed, every client knows.
pub(super) struct Inside(OwnedFd);

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
    /// The client's pidfd. Its end of the stream may have copies, in children
    /// that outlive it.
    pub(super) process: OwnedFd,
}

pub(super) fn new() -> Result<(Outside, Inside)> {
    // Packets, so that clients cannot mix up what they hand in.
    let (outside, inside) = pipe::pair(SockType::SeqPacket)?;
    Ok((Outside(outside), Inside(inside)))
}

impl Outside {
    /// A new connection with the server.
    pub(super) fn connect(&self) -> Result<OwnedFd> {
        let (ours, theirs) = pipe::pair(SockType::Stream)?;
        let process =
            pidfd_open(getpid(), PidfdFlags::empty()).map_err(|error| {
                Error::system("open a pidfd of this process", error)
            })?;
        // Our copy of the server's end goes away here: with it, we would not
        // see the server die.
        self.knock(CONNECT, &[theirs.as_fd(), process.as_fd()])?;
        Ok(ours)
    }

    /// The number of the socket, of which the family has copies.
    pub(super) fn inode(&self) -> Result<u64> {
        let socket = rustix::fs::fstat(&self.0).map_err(|error| {
            Error::system("look at the manager's socket", error)
        })?;
        Ok(socket.st_ino)
    }

    /// Asks the server to end.
    pub(super) fn shut_down(&self) -> Result<()> {
        self.knock(SHUT_DOWN, &[])
    }

    fn knock(&self, what: u8, descriptors: &[BorrowedFd<'_>]) -> Result<()> {
        pass::send(self.0.as_fd(), &[what], descriptors)
    }
}

impl Inside {
    /// Waits for the next who knocks; [`Error::Disconnected`] when nobody is
    /// left who could.
    pub(super) fn accept(&self) -> Result<Knock> {
        let (message, descriptors) = pass::recv(self.0.as_fd())?;
        let mut descriptors = descriptors.into_iter();
        Ok(
            match (&message[..], descriptors.next(), descriptors.next()) {
                ([CONNECT], Some(stream), Some(process)) => {
                    Knock::Client(Client { stream, process })
                }
                ([SHUT_DOWN], ..) => Knock::ShutDown,
                _ => Knock::Nobody,
            },
        )
    }
}

impl AsRawFd for Inside {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Client {
    /// Whether nobody waits for the reply any more. To be asked between a
    /// request and its reply, when a client has nothing to say.
    pub(super) fn is_gone(&self) -> bool {
        let over = |fd: &OwnedFd| readable(fd.as_fd(), Some(Duration::ZERO));
        over(&self.stream).unwrap_or(true)
            || over(&self.process).unwrap_or(true)
    }
}

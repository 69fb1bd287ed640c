//! The entrance of a listener: those who have come and have not shown yet that
//! they know the key.
//!
//! One thread deals with them all: it waits until somebody comes, or says
//! something, or somebody's time is over, and never for one of them alone.
//! There is room for [`MOST`]. While it is taken, nobody may stay for longer
//! than a moment, and who comes then waits in the kernel's queue meanwhile.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{
    RecvFlags, SendFlags, Shutdown, SocketFlags, accept_with, getpeername,
    recv, send, shutdown,
};

use super::address::Address;
use super::handshake::{ANSWER, Challenge, Key, PROOF, REFUSAL, WELCOME};
use super::socket;
use crate::error::{Error, Result};
use crate::pipe::Connection;
use crate::process::descriptor::keep_clear;
use crate::process::pid;
use crate::process::wait::{is_shut_down, ready};

/// How many may be at the entrance.
const MOST: usize = 64;

/// How long one may stay while all places are taken.
const MOMENT: Duration = Duration::from_secs(1);

pub(super) struct Entrance {
    /// A forked child has copies of its parent's newcomers, which it must not
    /// speak to.
    owner: i32,
    newcomers: Vec<Newcomer>,
    admitted: VecDeque<Admitted>,
    refused: u64,
}

/// Who knows the key, and from where it came.
pub(super) type Admitted = (Connection, Option<Address>);

impl Entrance {
    pub(super) fn new() -> Self {
        Self {
            owner: pid(),
            newcomers: Vec::new(),
            admitted: VecDeque::new(),
            refused: 0,
        }
    }

    /// How many have been sent away.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn next(&mut self) -> Option<Admitted> {
        if self.owner != pid() {
            *self = Self::new();
        }
        self.admitted.pop_front()
    }

    /// Waits until something happens, and deals with it.
    pub(super) fn turn(
        &mut self,
        door: &Door<'_>,
        patience: Duration,
    ) -> Result<()> {
        let is_full = self.newcomers.len() >= MOST;
        let patience = match is_full {
            true => patience.min(MOMENT),
            false => patience,
        };
        self.wait(door, patience)?;
        // Heard first, sent away then: perhaps nobody has listened to them for
        // long.
        for newcomer in std::mem::take(&mut self.newcomers) {
            match newcomer.hear(door) {
                Heard::Silence(newcomer) if newcomer.age() < patience => {
                    self.newcomers.push(newcomer);
                }
                Heard::Silence(newcomer) | Heard::Nonsense(newcomer) => {
                    self.refuse(newcomer);
                }
                Heard::Key(connection, peer) => {
                    self.admitted.push_back((connection, peer));
                }
            }
        }
        while self.newcomers.len() < MOST {
            match door.accept()? {
                None => break,
                Some(newcomer) if newcomer.is_challenged(door) => {
                    self.newcomers.push(newcomer);
                }
                Some(newcomer) => self.refuse(newcomer),
            }
        }
        Ok(())
    }

    fn wait(&self, door: &Door<'_>, patience: Duration) -> Result<()> {
        let room = self.newcomers.len() < MOST;
        let sockets = self.newcomers.iter().map(|it| it.socket.as_fd());
        let sockets = sockets.chain(room.then_some(door.socket));
        let oldest = self.newcomers.iter().map(Newcomer::age).max();
        ready(sockets, oldest.map(|age| patience.saturating_sub(age)))?;
        Ok(())
    }

    fn refuse(&mut self, newcomer: Newcomer) {
        self.refused += 1;
        newcomer.dismiss();
    }

    /// Sends everybody away.
    pub(super) fn close(&mut self) {
        if self.owner == pid() {
            self.newcomers.drain(..).for_each(Newcomer::dismiss);
        }
    }
}

/// Where they come in, and what they must know.
pub(super) struct Door<'a> {
    pub(super) socket: BorrowedFd<'a>,
    pub(super) address: &'a Address,
    pub(super) key: &'a Key,
}

impl Door<'_> {
    /// The next in the kernel's queue, if there is one.
    fn accept(&self) -> Result<Option<Newcomer>> {
        let failed =
            |error| Error::system(format!("accept at {}", self.address), error);
        let closed =
            || Error::closed(format!("the listener at {}", self.address));
        let socket = loop {
            match accept_with(self.socket, SocketFlags::CLOEXEC) {
                Ok(socket) => break socket,
                // Somebody has shut it down, perhaps in another process.
                Err(Errno::INVAL) => return Err(closed()),
                // Of a Unix socket the same is told as if nobody had come.
                Err(Errno::AGAIN) if is_shut_down(self.socket)? => {
                    return Err(closed());
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(errno) if is_of_the_client(errno) => {}
                Err(errno) => return Err(failed(errno.into())),
            }
        };
        let socket = keep_clear(socket).map_err(failed)?;
        socket::prepare(socket.as_fd(), self.address);
        Newcomer::new(socket).map(Some)
    }
}

/// Whether the error says that a client has gone, or its network: Linux tells
/// the next who accepts.
fn is_of_the_client(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::INTR
            | Errno::CONNABORTED
            | Errno::PROTO
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NOPROTOOPT
            | Errno::OPNOTSUPP
    )
}

/// Somebody of whom nothing is known.
pub(super) struct Newcomer {
    socket: OwnedFd,
    since: Instant,
    challenge: Challenge,
    answer: [u8; ANSWER],
    /// So many bytes of the answer have come.
    come: usize,
}

pub(super) enum Heard {
    Silence(Newcomer),
    Nonsense(Newcomer),
    Key(Connection, Option<Address>),
}

impl Newcomer {
    pub(super) fn new(socket: OwnedFd) -> Result<Self> {
        Ok(Self {
            socket,
            since: Instant::now(),
            challenge: Challenge::new()?,
            answer: [0; ANSWER],
            come: 0,
        })
    }

    fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Sends the challenge, if it is one of this user's.
    pub(super) fn is_challenged(&self, door: &Door<'_>) -> bool {
        let stranger = socket::stranger(self.socket.as_fd(), door.address);
        stranger.is_none() && self.say(&self.challenge.bytes())
    }

    /// Takes what has come of the answer, and judges it when it is whole.
    pub(super) fn hear(mut self, door: &Door<'_>) -> Heard {
        let place = &mut self.answer[self.come..];
        match recv(&self.socket, place, RecvFlags::DONTWAIT) {
            Ok((come @ 1.., _)) => self.come += come,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Ok(_) | Err(_) => return Heard::Nonsense(self),
        }
        if self.come < ANSWER {
            return Heard::Silence(self);
        }
        match self.challenge.judge(door.key, &self.answer) {
            Some(proof) if self.welcome(proof) => {
                let peer = getpeername(&self.socket).ok().flatten();
                let peer = peer.and_then(|it| it.try_into().ok());
                let connection = Connection::from_socket(self.socket);
                Heard::Key(connection, peer.map(Address::Tcp))
            }
            _ => {
                self.say(&[REFUSAL]);
                Heard::Nonsense(self)
            }
        }
    }

    fn welcome(&self, proof: [u8; PROOF]) -> bool {
        let mut welcome = [WELCOME; 1 + PROOF];
        welcome[1..].copy_from_slice(&proof);
        self.say(&welcome)
    }

    /// Whether there was room for all of `bytes`; for the few that are said
    /// here there is, unless somebody is up to no good.
    fn say(&self, bytes: &[u8]) -> bool {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        send(&self.socket, bytes, flags) == Ok(bytes.len())
    }

    /// Ends the connection, of which forked children may have copies.
    fn dismiss(self) {
        let _ = shutdown(&self.socket, Shutdown::Both);
    }
}

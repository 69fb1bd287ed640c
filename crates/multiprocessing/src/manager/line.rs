//! A client's connection with the server.
//!
//! Each thread has its own, so that calls neither wait for each other nor get
//! each other's replies, and so that the server knows the thread that owns a
//! lock.

use std::cell::RefCell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use serde::de::DeserializeOwned;

use super::protocol::{Reply, Welcome};
use super::sentinel::Sentinel;
use crate::codec;
use crate::error::{Error, Result};
use crate::patience::read_patiently;
use crate::pipe::frame;
use crate::process::pid;
use crate::seat::{Seat, Seats, talk};

pub(super) struct Line {
    stream: OwnedFd,
    place: Place,
}

/// Where messages may lie.
enum Place {
    /// The server will say first which of these is ours, if any.
    Unknown(Option<Arc<Seats>>),
    Seat(Seat),
    /// All goes by the stream.
    None,
}

impl Place {
    fn seat(&self) -> Option<&Seat> {
        match self {
            Self::Seat(seat) => Some(seat),
            Self::Unknown(_) | Self::None => None,
        }
    }
}

impl Line {
    /// Of one who has come through the door.
    pub(super) fn of_kin(stream: OwnedFd, seats: Option<Arc<Seats>>) -> Self {
        let place = Place::Unknown(seats);
        Self { stream, place }
    }

    /// Of one who has come by an address, and shares no memory.
    pub(super) fn of_a_stranger(stream: OwnedFd) -> Self {
        let place = Place::None;
        Self { stream, place }
    }

    /// Sends a message and waits for the reply.
    pub(super) fn ask<R: DeserializeOwned>(
        &mut self,
        message: &[u8],
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<Reply<R>> {
        let orders = self.place.seat().map(Seat::orders);
        match talk::send(self.stream.as_fd(), orders, message, descriptors) {
            // A server that has no room for us closes the stream, and has told
            // us before.
            Ok(()) | Err(Error::Disconnected) => {}
            Err(error) => return Err(error),
        }
        if let Place::Unknown(seats) = &self.place {
            match welcome(self.stream.as_fd(), seats.as_ref())? {
                Ok(place) => self.place = place,
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        let answers = self.place.seat().map(Seat::answers);
        let (reply, _) = talk::recv(self.stream.as_fd(), answers)?;
        codec::decode(&reply)
    }
}

/// Takes what the server says first.
fn welcome(
    stream: BorrowedFd<'_>,
    seats: Option<&Arc<Seats>>,
) -> Result<Reply<Place>> {
    let welcome = read_patiently(stream, || frame::recv(stream))?;
    let welcome: Reply<Welcome> = codec::decode(&welcome)?;
    Ok(welcome.map(|Welcome { seat }| {
        let ours = seats.zip(seat);
        let ours = ours.and_then(|(seats, number)| seats.seat(number));
        ours.map_or(Place::None, Place::Seat)
    }))
}

/// The calling thread's connection with `server`, if it has one.
pub(super) fn take(server: &Arc<()>) -> Option<Line> {
    let own = pid();
    let taken = IDLE.try_with(|idle| {
        let mut idle = idle.borrow_mut();
        idle.retain(|it| it.owner == own && it.server.strong_count() > 0);
        let found = idle.iter().position(|it| it.is_with(server));
        if found.is_none() {
            // Servers that have ended leave their connections behind.
            idle.retain(|it| !it.is_closed());
        }
        found.map(|index| idle.swap_remove(index).line)
    });
    // A thread at its end has none any more, and takes a new one for each call.
    taken.ok().flatten()
}

/// Keeps it for the next call.
pub(super) fn keep(server: &Arc<()>, line: Line) {
    let idle = Idle {
        server: Arc::downgrade(server),
        owner: pid(),
        line,
    };
    IN_USE.store(true, Relaxed);
    let _ = IDLE.try_with(|all| all.borrow_mut().push(idle));
}

/// In a forked child: closes the copies of its parent's connections. The server
/// would take the parent to be there as long as one of them is open.
pub(crate) fn forget_connections() {
    if IN_USE.load(Relaxed) {
        let _ = IDLE.try_with(|idle| idle.borrow_mut().clear());
    }
}

/// Whether there was ever any: where there was not, a child does without what a
/// thread's first look at its own memory takes, some five page faults.
static IN_USE: AtomicBool = AtomicBool::new(false);

thread_local! {
    static IDLE: RefCell<Vec<Idle>> = const { RefCell::new(Vec::new()) };
}

/// A connection between two calls.
struct Idle {
    server: Weak<()>,
    /// A forked child has copies of its parent's, which it must not use.
    owner: i32,
    line: Line,
}

impl Idle {
    fn is_with(&self, server: &Arc<()>) -> bool {
        self.server.as_ptr() == Arc::as_ptr(server)
    }

    fn is_closed(&self) -> bool {
        Sentinel::Stream(self.line.stream.as_fd()).is_over()
    }
}

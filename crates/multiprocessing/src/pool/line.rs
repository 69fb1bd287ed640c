//! The pool's end of a worker's line: its seat, for short messages, and its
//! socket, for the others, for the worker's bell, and to see its end. Nothing here waits:
//! as much of a message is sent or received as the kernel has room for or has,
//! so a worker that is stopped holds up nobody but itself.

use std::mem;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, Shutdown, recv, send, shutdown};

use crate::error::{Error, Result};
use crate::pipe::frame;
use crate::seat::{Post, Seat, fits};

/// The length of the body, before it: the form that [`frame`] reads.
const HEADER: usize = size_of::<u32>();

/// How much is asked of the kernel at once.
const PIECE: usize = 256 * 1024;

/// A message, ready to be sent.
pub(super) struct Message(Vec<u8>);

impl Message {
    /// With the body that `write` appends.
    pub(super) fn new(
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<Self> {
        let mut whole = vec![0; HEADER];
        write(&mut whole)?;
        let (len, max) = (whole.len() - HEADER, frame::MAX);
        match u32::try_from(len) {
            Ok(header) if len <= max => {
                whole[..HEADER].copy_from_slice(&header.to_be_bytes());
                Ok(Self(whole))
            }
            _ => Err(Error::TooLong { len, max }),
        }
    }

    fn body(&self) -> &[u8] {
        &self.0[HEADER..]
    }
}

pub(super) struct Line {
    socket: Arc<OwnedFd>,
    seat: Option<Seat>,
    state: State,
    /// Of the message that goes out.
    sent: usize,
    /// Of the message that comes in.
    received: Vec<u8>,
}

/// What is known of the other end.
#[derive(PartialEq, Eq)]
enum State {
    Open,
    /// Closed: the worker has died, or is about to.
    Closed,
    /// Closed before the worker had read all that was sent.
    Unread,
}

impl Line {
    pub(super) fn new(socket: OwnedFd, seat: Option<Seat>) -> Self {
        Self {
            socket: Arc::new(socket),
            seat,
            state: State::Open,
            sent: 0,
            received: Vec::new(),
        }
    }

    pub(super) fn socket(&self) -> &Arc<OwnedFd> {
        &self.socket
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// The seat of a worker that has ended.
    pub(super) fn into_seat(self) -> Option<Seat> {
        self.seat
    }

    /// Lets the worker send a bell when it has put something into its seat, or
    /// not.
    pub(super) fn want_bell(&self, wanted: bool) {
        if let Some(seat) = &self.seat {
            seat.answers().want_bell(wanted);
        }
    }

    pub(super) fn has_seat(&self) -> bool {
        self.seat.is_some()
    }

    /// Whether a message may be here that no bell tells of.
    pub(super) fn may_have_come(&self) -> bool {
        let seat = self.seat.as_ref();
        seat.is_none_or(|seat| seat.answers().has_one())
    }

    /// Begins to send `message`; [`Line::go_on`] sends the rest.
    pub(super) fn begin(&mut self, message: &Message) {
        self.sent = 0;
        if let Some(seat) = &self.seat {
            // There can be none yet.
            seat.answers().note_taken();
            if seat.orders().put(message.body()) {
                self.sent = message.0.len();
            }
            seat.orders().wake();
        }
        self.go_on(message);
    }

    pub(super) fn go_on(&mut self, message: &Message) {
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        while self.is_open() && self.sent < message.0.len() {
            let rest = &message.0[self.sent..];
            match send(self.socket.as_raw_fd(), rest, flags) {
                Ok(sent) => self.sent += sent,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                Err(_) => {
                    // Half a message is no use to a worker that still lives.
                    self.shut();
                    self.state = State::Closed;
                }
            }
        }
    }

    pub(super) fn has_sent(&self, message: &Message) -> bool {
        self.sent == message.0.len()
    }

    /// Whether the worker has, or had, all of `message`.
    pub(super) fn has_delivered(&self, message: &Message) -> bool {
        if let Some(seat) = &self.seat
            && fits(message.body().len())
        {
            return !seat.orders().has_one();
        }
        self.has_sent(message) && self.state != State::Unread
    }

    /// Receives what there is; gives the body of a message that is whole.
    pub(super) fn recv(&mut self) -> Option<Vec<u8>> {
        let answers = self.seat.as_ref().map(Seat::answers);
        if let Some(message) = answers.and_then(Post::take) {
            return Some(message);
        }
        loop {
            let message = self.recv_by_socket()?;
            let Some(seat) = &self.seat else {
                return Some(message);
            };
            if !message.is_empty() {
                seat.answers().note_taken();
                return Some(message);
            }
            // A bell, of what has been taken.
        }
    }

    fn recv_by_socket(&mut self) -> Option<Vec<u8>> {
        while self.is_open() {
            let whole = self.whole();
            if whole > HEADER + frame::MAX {
                // It is no message, and nobody can tell where one begins.
                self.shut();
                self.state = State::Closed;
                return None;
            }
            let missing = whole - self.received.len();
            if missing == 0 {
                let mut body = mem::take(&mut self.received);
                body.drain(..HEADER);
                return Some(body);
            }
            let before = self.received.len();
            self.received.resize(before + missing.min(PIECE), 0);
            let place = &mut self.received[before..];
            let flags = MsgFlags::MSG_DONTWAIT;
            let come = recv(self.socket.as_raw_fd(), place, flags);
            self.received.truncate(before + come.unwrap_or(0));
            match come {
                Ok(1..) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return None,
                // The kernel resets a connection whose other end was closed
                // with something unread.
                Err(Errno::ECONNRESET) => self.state = State::Unread,
                Ok(0) | Err(_) => self.state = State::Closed,
            }
        }
        None
    }

    /// How many bytes the header has, or else the whole message.
    fn whole(&self) -> usize {
        match self.received.first_chunk() {
            Some(header) => HEADER + u32::from_be_bytes(*header) as usize,
            None => HEADER,
        }
    }

    /// Sends no more; the worker sees it, and ends.
    pub(super) fn shut(&self) {
        if let Some(seat) = &self.seat {
            seat.orders().put_elsewhere();
            seat.orders().wake();
        }
        // If it fails, the worker has ended already.
        let _ = shutdown(self.socket.as_raw_fd(), Shutdown::Write);
    }
}

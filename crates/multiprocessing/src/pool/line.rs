//! The pool's end of a worker's line: its seat, for short messages, and its
//! socket, for the others, for waking the thread, and to see its end. Nothing
//! here waits: as much of a message is sent or received as the kernel has room
//! for or has, so a worker that is stopped holds up nobody but itself.

use std::mem;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, Shutdown, recv, send, shutdown};

use super::message::Message;
use crate::pipe::frame::{self, HEADER};
use crate::seat::{Post, Seat};

/// How much is asked of the kernel at once.
const PIECE: usize = 256 * 1024;

pub(super) struct Line {
    socket: Arc<OwnedFd>,
    seat: Option<Seat>,
    state: State,
    /// How much of the message that goes out by the socket is sent; none: all.
    sent: Option<usize>,
    /// Of the message that comes in by the socket.
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
            sent: None,
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

    /// Lets the worker send an empty message when it has put something into its
    /// seat, or not.
    pub(super) fn want_wake_up(&self, wanted: bool) {
        if let Some(seat) = &self.seat {
            seat.answers().sleep_at_socket(wanted);
        }
    }

    pub(super) fn has_seat(&self) -> bool {
        self.seat.is_some()
    }

    /// Whether an answer lies in the seat.
    pub(super) fn has_answer(&self) -> bool {
        let seat = self.seat.as_ref();
        seat.is_some_and(|seat| seat.answers().is_here())
    }

    /// Whether a message may be here, or a part of it.
    pub(super) fn may_have_come(&self) -> bool {
        let seat = self.seat.as_ref();
        seat.is_none_or(|seat| seat.answers().has_one())
    }

    /// Whether a message would lie in the seat, behind those that lie there.
    pub(super) fn has_room(&self, message: Message<'_>) -> bool {
        let seat = self.seat.as_ref();
        seat.is_some_and(|it| it.orders().has_room(message.body().len()))
    }

    /// As [`Self::send`], to a worker that has no job: no answer can be there
    /// yet.
    pub(super) fn begin(&mut self, message: Message<'_>) -> Option<u32> {
        if let Some(seat) = &self.seat {
            seat.answers().skip_all();
        }
        self.send(message)
    }

    /// Begins to send a message; tells where it lies in the seat, if it does, or
    /// else [`Line::go_on`] sends the rest.
    pub(super) fn send(&mut self, message: Message<'_>) -> Option<u32> {
        let seat = self.seat.as_ref();
        let place = seat.and_then(|seat| {
            let place = seat.orders().put(message.body());
            // A worker with a seat sleeps there, never at its socket.
            let _ = seat.orders().wake();
            place
        });
        if place.is_none() {
            self.sent = Some(0);
            self.go_on(message);
        }
        place
    }

    pub(super) fn go_on(&mut self, message: Message<'_>) {
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let message = message.whole();
        while self.is_open()
            && let Some(sent) = self.sent
        {
            match send(self.socket.as_raw_fd(), &message[sent..], flags) {
                Ok(more) => {
                    let sent = sent + more;
                    self.sent = (sent < message.len()).then_some(sent);
                }
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

    /// Whether a part of a message is still to be sent.
    pub(super) fn is_sending(&self) -> bool {
        self.is_open() && self.sent.is_some()
    }

    /// Takes the last messages back that the worker has not taken, at most
    /// `most`; tells how many. The next one will lie where the first of these
    /// did: see [`Self::take_back_to`].
    pub(super) fn take_back(&self, most: usize) -> usize {
        let seat = self.seat.as_ref();
        seat.map_or(0, |seat| seat.orders().take_back(most))
    }

    pub(super) fn take_back_to(&self, place: u32) {
        if let Some(seat) = &self.seat {
            seat.orders().take_back_to(place);
        }
    }

    /// Of so many messages, how many a worker that has died did not take.
    pub(super) fn untaken(&self, of: usize) -> usize {
        if self.sent.is_some() || self.state == State::Unread {
            return of;
        }
        let seat = self.seat.as_ref();
        seat.map_or(0, |seat| seat.orders().count().min(of))
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
            // It only woke, for what has been taken.
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
            let _ = seat.orders().wake();
        }
        // If it fails, the worker has ended already.
        let _ = shutdown(self.socket.as_raw_fd(), Shutdown::Write);
    }
}

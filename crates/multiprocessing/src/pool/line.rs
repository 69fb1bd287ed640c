//! The pool's end of a worker's line: its seat, for short messages, and its
//! socket, for the others, for waking the thread, and to see its end. Nothing
//! here waits: as much of a message is sent or received as the kernel has room
//! for or has, so a worker that is stopped holds up nobody but itself.

use std::collections::VecDeque;
use std::mem;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, Shutdown, recv, send, shutdown};

use super::answer::Reply;
use super::message::Message;
use crate::pipe::frame::{self, HEADER};
use crate::seat::{Batch, Seat};

/// How much is asked of the kernel at once.
const PIECE: usize = 256 * 1024;

pub(super) struct Line {
    socket: Arc<OwnedFd>,
    seat: Option<Seat>,
    state: State,
    /// Somebody sleeps at the socket, also while the seat is heard.
    wants_wake_up: bool,
    /// How much of the message that goes out by the socket is sent; none: all.
    sent: Option<usize>,
    /// Written into the seat, and not to be seen yet.
    batch: Option<Batch>,
    /// Answers that were taken out of the seat, and not received yet.
    taken: VecDeque<Reply>,
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
            wants_wake_up: false,
            sent: None,
            batch: None,
            taken: VecDeque::new(),
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
    pub(super) fn want_wake_up(&mut self, wanted: bool) {
        self.wants_wake_up = wanted;
        if let Some(seat) = &self.seat {
            seat.answers().sleep_at_socket(wanted);
        }
    }

    pub(super) fn has_seat(&self) -> bool {
        self.seat.is_some()
    }

    /// Whether an answer has come by the seat.
    pub(super) fn has_answer(&self) -> bool {
        let seat = self.seat.as_ref();
        !self.taken.is_empty()
            || seat.is_some_and(|seat| seat.answers().is_here())
    }

    /// How many answers have come by the seat.
    pub(super) fn answers(&self) -> usize {
        let seat = self.seat.as_ref();
        self.taken.len() + seat.map_or(0, |seat| seat.answers().count())
    }

    /// Whether a message may be here, or a part of it.
    pub(super) fn may_have_come(&self) -> bool {
        self.seat.is_none() || self.answers() > 0
    }

    /// Whether a message would lie in the seat, behind those that lie there.
    pub(super) fn has_room(&self, message: Message<'_>) -> bool {
        let len = message.body().len();
        match (&self.batch, &self.seat) {
            (Some(batch), _) => batch.has_room(len),
            (None, Some(seat)) => seat.orders().has_room(len),
            (None, None) => false,
        }
    }

    /// As [`Self::send`], to a worker that has no job: no answer can be there
    /// yet.
    pub(super) fn begin(&mut self, message: Message<'_>) -> Option<u32> {
        if let Some(seat) = &self.seat {
            seat.answers().skip_all();
        }
        self.taken.clear();
        let place = self.send(message);
        self.flush();
        place
    }

    /// Begins to send a message. Tells where it lies in the seat, if it does, to be
    /// seen after [`Self::flush`]; or else [`Self::go_on`] sends the rest.
    pub(super) fn send(&mut self, message: Message<'_>) -> Option<u32> {
        let seat = self.seat.as_ref();
        let place = seat.and_then(|seat| {
            let orders = seat.orders();
            let batch = self.batch.get_or_insert_with(|| orders.begin());
            orders.write(message.body(), batch)
        });
        self.sent = place.is_none().then_some(0);
        if self.sent.is_some() {
            self.flush();
            self.go_on(message);
        }
        place
    }

    /// Lets the worker see what lies in the seat.
    pub(super) fn flush(&mut self) {
        if let (Some(batch), Some(seat)) = (self.batch.take(), &self.seat) {
            seat.orders().show(&batch);
            // A worker with a seat sleeps there, never at its socket.
            let _ = seat.orders().wake();
        }
    }

    /// Goes on to send this message by the socket, if it is to go there.
    pub(super) fn go_on(&mut self, message: Message<'_>) {
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let message = message.whole();
        while self.is_open()
            && let Some(sent) = self.sent
        {
            let rest = message.get(sent..).unwrap_or_default();
            match send(self.socket.as_raw_fd(), rest, flags) {
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
        // Behind what a line that was shut had lies the note of that.
        let open = self.seat.as_ref().filter(|_| self.is_open());
        let Some(seat) = open else {
            return 0;
        };
        let back = seat.orders().take_back(most);
        // With these before it, the worker may have left it to a later answer to
        // ring, which does not come now.
        if back > 0 && self.answers() > 0 {
            seat.bell().ring(|| true);
        }
        back
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
    pub(super) fn recv(&mut self) -> Option<Reply> {
        loop {
            if let Some(message) = self.taken.pop_front() {
                return Some(message);
            }
            if let Some(seat) = &self.seat {
                let keep = |it: &_| self.taken.push_back(Reply::from_slice(it));
                seat.answers().take_all(keep);
                if !self.taken.is_empty() {
                    continue;
                }
            }
            if !self.has_whole() {
                return None;
            }
            if let Some(seat) = &self.seat {
                // Who sleeps at the socket may find nothing there any more.
                if self.wants_wake_up {
                    seat.answers().sleep_at_socket(true);
                }
                // What was put before it is to be seen now, and comes first.
                if seat.answers().is_here() {
                    continue;
                }
            }
            let mut body = mem::take(&mut self.received);
            body.drain(..HEADER);
            match &self.seat {
                Some(_) if body.is_empty() => {}
                Some(seat) => {
                    seat.answers().note_taken();
                    return Some(Reply::from_vec(body));
                }
                None => return Some(Reply::from_vec(body)),
            }
        }
    }

    /// Whether a message has come by the socket as a whole.
    fn has_whole(&mut self) -> bool {
        loop {
            let whole = self.whole();
            let missing = whole - self.received.len();
            if missing == 0 {
                return true;
            }
            if !self.is_open() {
                return false;
            }
            if whole > HEADER + frame::MAX {
                // It is no message, and nobody can tell where one begins.
                self.shut();
                self.state = State::Closed;
                return false;
            }
            let before = self.received.len();
            self.received.resize(before + missing.min(PIECE), 0);
            let place = &mut self.received[before..];
            let flags = MsgFlags::MSG_DONTWAIT;
            let come = recv(self.socket.as_raw_fd(), place, flags);
            self.received.truncate(before + come.unwrap_or(0));
            match come {
                Ok(1..) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return false,
                // The kernel resets a connection whose other end was closed
                // with something unread.
                Err(Errno::ECONNRESET) => self.state = State::Unread,
                Ok(0) | Err(_) => self.state = State::Closed,
            }
        }
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
            seat.call_to_socket();
        }
        // If it fails, the worker has ended already.
        let _ = shutdown(self.socket.as_raw_fd(), Shutdown::Write);
    }
}

#[cfg(test)]
mod tests;

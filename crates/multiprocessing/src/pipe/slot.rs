//! Where a message is handed to a receiver who looks out for it, in memory that
//! both ends share, without a call of the kernel.
//!
//! The socket has all messages, so that it tells whoever polls it; but a
//! receiver that waits looks here for a moment before it sleeps there. While it
//! does, and while the socket is empty, a sender may hand it one message. (If the
//! receiver is killed in that moment, the message stays here: the next `recv` and
//! the next `poll` find it, a poll of the socket alone does not.) A word tells
//! how it stands:
//!
//! - `IDLE`: messages go by the socket.
//! - `LOOKING`: a receiver looks, until the moment that the word tells as well.
//!   One that was killed meanwhile is not taken to be there for longer.
//! - `WRITING`: a sender has seen that, and writes the message.
//! - `FULL`: the message is here, until it has been read as a whole.
//! - `ABANDONED`: the receiver has gone to the socket, since the sender had not
//!   come to its end: it may be killed, or stopped. If it goes on, it finds its
//!   message not to have been sent, and sends it by the socket; until then, or
//!   for ever, the slot is of no use.
//!
//! Whoever receives looks here before he does at the socket. So messages come in
//! their order if nobody writes one here while the socket has any: all who send
//! by the socket count that before, and who takes from it counts it after. A
//! kill between the two leaves the counts unequal, and the slot of no use.

use crate::sys::machine::AtomicU64;
use crate::sys::machine::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use crate::sys::region::shared_struct;
use crate::words::{self, WORD};

/// Two slots, and their counts, are a page.
const WORDS: usize = (4096 / 2 - 128 - 3 * WORD) / WORD;

const IDLE: u64 = 0;
const LOOKING: u64 = 1;
const WRITING: u64 = 2;
const FULL: u64 = 3;
const ABANDONED: u64 = 4;

/// The bits of the state; above are a time, or the number of a message.
const STATE: u64 = 7;
const ABOVE: u32 = 3;

/// More than any count comes to.
const MANY: u64 = 1 << 62;

/// How often a receiver looks whether a sender has come to its end.
const LOOKS: u32 = 100;

shared_struct! {
    #[repr(align(128))]
    struct Counts {
        sent: AtomicU64,
        taken: AtomicU64,
    }
}

shared_struct! {
    #[repr(align(128))]
    struct Letter {
        state: AtomicU64,
        /// Of the last message.
        number: AtomicU64,
        len: AtomicU64,
        words: [AtomicU64; WORDS],
    }
}

shared_struct! {
    pub(super) struct Slot {
        /// Of what goes by the socket.
        counts: Counts,
        letter: Letter,
    }
}

/// What a receiver sees who looks.
pub(super) enum Sight {
    /// A message is here.
    Message,
    /// One is in the socket, or about to be.
    Elsewhere,
    Nothing,
}

/// For senders.
impl Slot {
    /// Whether somebody looks out for a message.
    pub(super) fn is_looked_at(&self) -> bool {
        self.letter.state.load(Relaxed) & STATE == LOOKING
    }

    /// Hands a message over, if somebody looks out for it; `now` in
    /// microseconds.
    pub(super) fn hand_over(
        &self,
        message: &[u8],
        now: impl FnOnce() -> u64,
    ) -> bool {
        let state = &self.letter.state;
        let seen = state.load(Relaxed);
        if seen & STATE != LOOKING
            || message.len() > WORDS * WORD
            || !self.is_socket_empty()
        {
            return false;
        }
        if now() > seen >> ABOVE {
            let _ = state.compare_exchange(seen, IDLE, Relaxed, Relaxed);
            return false;
        }
        let claimed = state.compare_exchange(seen, WRITING, AcqRel, Relaxed);
        if claimed.is_err() {
            return false;
        }
        words::write(&self.letter.words, message);
        self.letter.len.store(message.len() as u64, Relaxed);
        let number = self.letter.number.fetch_add(1, Relaxed);
        let full = FULL | number << ABOVE;
        let done = state.compare_exchange(WRITING, full, AcqRel, Relaxed);
        if done.is_err() {
            // It was abandoned, and nobody else writes.
            state.store(IDLE, SeqCst);
        }
        done.is_ok()
    }

    /// A message is about to be sent by the socket.
    pub(super) fn count_sent(&self) {
        self.counts.sent.fetch_add(1, SeqCst);
    }

    /// And was not sent after all.
    pub(super) fn count_unsent(&self) {
        self.counts.sent.fetch_sub(1, SeqCst);
    }

    /// From now on all goes by the socket.
    pub(super) fn close(&self) {
        self.counts.sent.fetch_or(MANY, SeqCst);
    }
}

/// For receivers.
impl Slot {
    /// Looks for a message, and lets senders know until when one looks, in
    /// microseconds.
    pub(super) fn look(&self, until: impl FnOnce() -> u64) -> Sight {
        let state = &self.letter.state;
        let seen = state.load(Acquire);
        if seen & STATE == FULL {
            return Sight::Message;
        }
        if !self.is_socket_empty() {
            return Sight::Elsewhere;
        }
        if seen == IDLE {
            let looking = LOOKING | until() << ABOVE;
            let _ = state.compare_exchange(seen, looking, AcqRel, Relaxed);
        }
        Sight::Nothing
    }

    /// Looks no more: takes the message, if it is here, or else lets the next
    /// one come by the socket.
    pub(super) fn end_look(&self) -> Option<Vec<u8>> {
        let state = &self.letter.state;
        while let Some(full) = self.stop() {
            let message = self.message();
            // If not, somebody else has taken it.
            let taken = state.compare_exchange(full, IDLE, AcqRel, Relaxed);
            if taken.is_ok() {
                return Some(message);
            }
        }
        None
    }

    /// Ends the look of whoever looks, who may have been killed: the next message
    /// comes by the socket. Tells whether one is here already.
    pub(super) fn stop_look(&self) -> bool {
        self.stop().is_some()
    }

    /// Lets nobody write here any more; the state, if it is `FULL`.
    fn stop(&self) -> Option<u64> {
        let state = &self.letter.state;
        let mut looks = 0;
        loop {
            let seen = state.load(Acquire);
            let next = match seen & STATE {
                FULL => return Some(seen),
                LOOKING => IDLE,
                WRITING if looks < LOOKS => {
                    looks += 1;
                    std::hint::spin_loop();
                    continue;
                }
                WRITING => ABANDONED,
                _ => return None,
            };
            if state.compare_exchange(seen, next, AcqRel, Relaxed).is_ok() {
                return None;
            }
        }
    }

    /// A message has come by the socket.
    pub(super) fn count_taken(&self) {
        self.counts.taken.fetch_add(1, SeqCst);
    }
}

impl Slot {
    fn message(&self) -> Vec<u8> {
        let len = self.letter.len.load(Relaxed);
        let len = usize::try_from(len).unwrap_or(0);
        let mut message = Vec::new();
        words::read(&self.letter.words, len, &mut message);
        message
    }

    fn is_socket_empty(&self) -> bool {
        self.counts.sent.load(SeqCst) == self.counts.taken.load(SeqCst)
    }
}

//! A place for one message in shared memory.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};

use crate::futex;
use crate::sys::region::shared_struct;
use crate::words::{self, WORD};

/// The longest message that lies in a seat: with what is beside it, a page.
const WORDS: usize = 4096 / WORD - 16;

/// Whoever takes the messages is awake.
const NOWHERE: u32 = 0;
/// He sleeps at the socket, until a bell comes.
const AT_SOCKET: u32 = 1;
/// He sleeps here, until the count of messages changes.
const AT_COUNT: u32 = 2;

shared_struct! {
    /// A place for one message.
    #[repr(align(128))]
    pub(crate) struct Post {
        /// How many messages were ever put here, and taken.
        put: AtomicU32,
        taken: AtomicU32,
        /// Of the last one; more than there is room for: it goes by the socket.
        len: AtomicU32,
        /// Where who takes them sleeps: [`NOWHERE`], [`AT_SOCKET`] or
        /// [`AT_COUNT`].
        sleeper: AtomicU32,
        words: [AtomicU64; WORDS],
    }
}

/// What is left to do to wake who takes a message.
#[derive(PartialEq, Eq)]
pub(crate) enum Wake {
    Done,
    /// A bell has to be sent by the socket.
    ByBell,
}

/// Whether a message of this length lies in a seat.
pub(crate) fn fits(len: usize) -> bool {
    len <= WORDS * WORD
}

impl Post {
    /// Puts a message, or the note that it goes by the socket; tells whether
    /// it lies here.
    pub(crate) fn put(&self, message: &[u8]) -> bool {
        let fits = fits(message.len());
        if fits {
            words::write(&self.words, message);
        }
        self.note(u32::try_from(message.len()).unwrap_or(u32::MAX));
        fits
    }

    /// Puts the note that a message goes by the socket.
    pub(crate) fn put_elsewhere(&self) {
        self.note(u32::MAX);
    }

    fn note(&self, len: u32) {
        self.len.store(len, Relaxed);
        // SeqCst, as that of the mark: who puts a message and sees no mark is
        // seen by who leaves one and looks for a message.
        self.put.fetch_add(1, SeqCst);
    }

    /// Takes the message that lies here; none if there is none, or if it comes
    /// by the socket.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        // Once, and not before it is known to be there: another process that is
        // out of its mind may change it.
        let len = self.has_one().then(|| self.len());
        let len = len.filter(|len| fits(*len))?;
        let message = words::read(&self.words, len);
        self.note_taken();
        Some(message)
    }

    /// Whether a message lies here.
    pub(crate) fn is_here(&self) -> bool {
        self.has_one() && fits(self.len())
    }

    /// The message has been taken.
    pub(crate) fn note_taken(&self) {
        self.taken.store(self.put.load(SeqCst), SeqCst);
    }

    /// Whether there is a message, here or by the socket.
    pub(crate) fn has_one(&self) -> bool {
        self.put.load(SeqCst) != self.taken.load(SeqCst)
    }

    /// Leaves the mark that who takes the messages sleeps at the socket, or
    /// removes it.
    pub(crate) fn want_bell(&self, wanted: bool) {
        let place = if wanted { AT_SOCKET } else { NOWHERE };
        self.sleeper.store(place, SeqCst);
    }

    /// Whether a bell has to be sent, once a message is there; wakes who sleeps
    /// here instead.
    pub(crate) fn wake(&self) -> Wake {
        match self.sleeper.load(SeqCst) {
            AT_SOCKET => Wake::ByBell,
            AT_COUNT => {
                futex::wake_all(&self.put);
                Wake::Done
            }
            _ => Wake::Done,
        }
    }

    /// Sleeps until there may be a message, here or by the socket. Nobody but
    /// who puts it wakes who sleeps so.
    pub(crate) fn sleep(&self) {
        self.sleeper.store(AT_COUNT, SeqCst);
        let put = self.put.load(SeqCst);
        if put == self.taken.load(SeqCst) {
            futex::wait(&self.put, put, None);
        }
        self.sleeper.store(NOWHERE, SeqCst);
    }

    fn len(&self) -> usize {
        usize::try_from(self.len.load(Relaxed)).unwrap_or(usize::MAX)
    }

    pub(super) fn clear(&self) {
        self.want_bell(false);
        self.note_taken();
    }
}

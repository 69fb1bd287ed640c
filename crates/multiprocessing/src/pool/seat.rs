//! A seat: memory that a worker and the pool share, where short messages lie
//! instead of going through the kernel.
//!
//! There is a place for one message each way, since a worker has one job at a
//! time. Who puts one there writes its bytes and its length, and then the
//! number of the message, by one store: a message is there as a whole or not at
//! all. Who has taken it stores the number, too, so that the pool knows whether
//! a worker that died has had its job.
//!
//! A message that is too long goes by the socket, and its length here says so.
//! The other side may sleep at the socket; it has left a mark then, and an empty
//! message by the socket is the bell.
//!
//! The workers' memory is made before they are forked. A new one takes a seat
//! whose last worker has ended; if there is none, all goes by the socket.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};

use crate::error::Result;
use crate::sys::region::{Region, shared_struct};

const WORD: usize = size_of::<u64>();
/// The longest message that lies in a seat: with what is beside it, a page.
const WORDS: usize = 4096 / WORD - 16;

shared_struct! {
    /// A place for one message.
    #[repr(align(128))]
    pub(super) struct Post {
        /// How many messages were ever put here, and taken.
        put: AtomicU32,
        taken: AtomicU32,
        /// Of the last one; more than there is room for: it goes by the socket.
        len: AtomicU32,
        /// Who takes them sleeps at the socket.
        asleep: AtomicU32,
        words: [AtomicU64; WORDS],
    }
}

shared_struct! {
    struct Places {
        orders: Post,
        answers: Post,
    }
}

/// Whether a message of this length lies in a seat.
pub(super) fn fits(len: usize) -> bool {
    len <= WORDS * WORD
}

impl Post {
    /// Puts a message, or the note that it goes by the socket; tells whether
    /// it lies here.
    pub(super) fn put(&self, message: &[u8]) -> bool {
        let fits = fits(message.len());
        if fits {
            let (whole, rest) = message.as_chunks::<WORD>();
            for (to, from) in self.words.iter().zip(whole) {
                to.store(u64::from_ne_bytes(*from), Relaxed);
            }
            if !rest.is_empty() {
                let mut last = [0; WORD];
                last[..rest.len()].copy_from_slice(rest);
                let last = u64::from_ne_bytes(last);
                self.words[whole.len()].store(last, Relaxed);
            }
        }
        let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
        self.len.store(len, Relaxed);
        // SeqCst, as that of the mark: who puts a message and sees no mark is
        // seen by who leaves one and looks for a message.
        self.put.fetch_add(1, SeqCst);
        fits
    }

    /// Takes the message that lies here; none if there is none, or if it comes
    /// by the socket.
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        // Once, and not before it is known to be there: a worker that is out of
        // its mind may change it.
        let len = self.has_one().then(|| self.len());
        let len = len.filter(|len| fits(*len))?;
        let words = &self.words[..len.div_ceil(WORD)];
        let mut message = Vec::with_capacity(words.len() * WORD);
        for word in words {
            message.extend(word.load(Relaxed).to_ne_bytes());
        }
        message.truncate(len);
        self.note_taken();
        Some(message)
    }

    /// Whether a message lies here.
    pub(super) fn is_here(&self) -> bool {
        self.has_one() && fits(self.len())
    }

    /// The message has been taken.
    pub(super) fn note_taken(&self) {
        self.taken.store(self.put.load(SeqCst), SeqCst);
    }

    /// Whether there is a message, here or by the socket.
    pub(super) fn has_one(&self) -> bool {
        self.put.load(SeqCst) != self.taken.load(SeqCst)
    }

    /// Leaves the mark that who takes the messages sleeps, or removes it.
    pub(super) fn mark_asleep(&self, asleep: bool) {
        self.asleep.store(asleep.into(), SeqCst);
    }

    /// Whether a bell has to be sent.
    pub(super) fn is_asleep(&self) -> bool {
        self.asleep.load(SeqCst) != 0
    }

    fn len(&self) -> usize {
        usize::try_from(self.len.load(Relaxed)).unwrap_or(usize::MAX)
    }

    fn clear(&self) {
        self.mark_asleep(false);
        self.note_taken();
    }
}

/// The seats of a pool.
pub(super) struct Seats {
    region: Region,
    count: usize,
}

impl Seats {
    pub(super) fn new(count: usize) -> Result<Arc<Self>> {
        let region = Region::new(count * size_of::<Places>())?;
        Ok(Arc::new(Self { region, count }))
    }

    /// All of them.
    pub(super) fn all(self: &Arc<Self>) -> Vec<Seat> {
        (0..self.count).filter_map(|it| self.seat(it)).collect()
    }

    /// The one with this number, if there is one.
    pub(super) fn seat(self: &Arc<Self>, number: usize) -> Option<Seat> {
        let seats = Arc::clone(self);
        (number < self.count).then_some(Seat { seats, number })
    }
}

/// One of the [`Seats`], for the pool and for a worker.
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: usize,
}

impl Seat {
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// From the pool to the worker.
    pub(super) fn orders(&self) -> &Post {
        &self.places().orders
    }

    /// From the worker to the pool.
    pub(super) fn answers(&self) -> &Post {
        &self.places().answers
    }

    /// Makes it one that nobody has sat in.
    pub(super) fn clear(&self) {
        self.orders().clear();
        self.answers().clear();
    }

    fn places(&self) -> &Places {
        self.seats.region.at(self.number * size_of::<Places>())
    }
}

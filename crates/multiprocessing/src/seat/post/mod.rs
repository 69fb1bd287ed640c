//! A ring buffer of messages in shared memory: one process puts them, another
//! takes them, and who puts may take back the last ones that are not taken.

mod put;
mod take;

pub(crate) use put::{Batch, Wake};
pub(crate) use take::Taken;

use crate::sys::machine::Ordering::{Acquire, Relaxed, SeqCst};
use crate::sys::machine::{AtomicU32, AtomicU64};
use crate::sys::region::shared_struct;
use crate::words::WORD;

/// For the messages and a word before each, its length. They lie one after the
/// other; behind the last word comes the first one again. A seat takes 16 KiB of
/// shared memory for two such places.
pub(super) const WORDS: usize = 1024;

/// So many messages lie here at once, at most.
pub(crate) const MOST_MESSAGES: usize = 256;

/// The length of a message that goes by the socket.
const ELSEWHERE: u64 = u64::MAX;

/// Whoever takes the messages is awake.
const NOWHERE: u32 = 0;
/// He sleeps at the socket, until something comes by it.
const AT_SOCKET: u32 = 1;
/// He sleeps here, until this mark is taken away.
const HERE: u32 = 2;

shared_struct! {
    /// A place for some messages: one puts them, another takes them in their
    /// order.
    #[repr(align(128))]
    pub(crate) struct Post {
        /// How many were ever put here, and taken.
        counts: AtomicU32,
        /// Where who takes them sleeps: [`NOWHERE`], [`AT_SOCKET`] or [`HERE`].
        sleeper: AtomicU32,
        /// How many words were written, by who puts, and read, by who takes.
        written: AtomicU32,
        read: AtomicU32,
        /// Half of how many messages were there after the last was put.
        half: AtomicU32,
        words: [AtomicU64; WORDS],
    }
}

/// Two counts in a word, since a message that is not taken yet may be taken
/// back: whoever comes first has it.
#[derive(Clone, Copy)]
struct Counts {
    put: u16,
    taken: u16,
}

impl Counts {
    fn of(word: u32) -> Self {
        let [put, taken] = [word >> 16, word & 0xffff];
        let count = |half| u16::try_from(half).unwrap_or(0);
        let [put, taken] = [put, taken].map(count);
        Self { put, taken }
    }

    fn word(self) -> u32 {
        u32::from(self.put) << 16 | u32::from(self.taken)
    }

    fn left(self) -> usize {
        self.put.wrapping_sub(self.taken).into()
    }
}

/// So many words a message takes that is so long.
fn words_of(len: usize) -> usize {
    1 + len.div_ceil(WORD)
}

impl Post {
    /// Makes it one that nobody has used; nobody may use it meanwhile.
    pub(super) fn clear(&self) {
        self.counts.store(0, SeqCst);
        for word in [&self.sleeper, &self.written, &self.read, &self.half] {
            word.store(0, SeqCst);
        }
    }

    /// How many messages are not taken.
    pub(crate) fn count(&self) -> usize {
        Counts::of(self.counts.load(SeqCst)).left()
    }

    /// How many words hold messages that are not read.
    fn used(&self) -> usize {
        let read = self.read.load(Acquire);
        let used = self.written.load(Relaxed).wrapping_sub(read);
        usize::try_from(used).unwrap_or(WORDS).min(WORDS)
    }

    fn header(&self, at: u32) -> &AtomicU64 {
        &self.words[place(at)]
    }

    /// The words behind that header, up to the end, and those from the start.
    fn body(&self, at: u32) -> (&[AtomicU64], &[AtomicU64]) {
        let (start, end) = self.words.split_at(place(at) + 1);
        (end, start)
    }
}

fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(0) % WORDS
}

//! A ring buffer of messages in shared memory: one process puts them, another
//! takes them, and who puts may take back the last ones that are not taken.

use crate::futex;
use crate::patience::has_woken;
use crate::sys::machine::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::sys::machine::{AtomicU32, AtomicU64};
use crate::sys::region::shared_struct;
use crate::words::{self, WORD};

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

/// What is left to do to wake who takes a message.
#[derive(PartialEq, Eq)]
#[must_use]
pub(crate) enum Wake {
    Done,
    /// To send an empty message by the socket.
    BySocket,
}

/// Where a message is that was taken.
#[derive(PartialEq, Eq)]
pub(crate) enum Taken {
    /// It lay here.
    Here,
    /// It comes by the socket.
    Elsewhere,
}

/// So many words a message takes that is so long.
fn words_of(len: usize) -> usize {
    1 + len.div_ceil(WORD)
}

/// Of whoever puts messages.
impl Post {
    /// Puts a message, or the note that it goes by the socket; tells where it
    /// lies here, if it does.
    pub(crate) fn put(&self, message: &[u8]) -> Option<u32> {
        if self.count() == 0 && self.used() == 0 {
            // Begin at the start again: the first words share a cache line with
            // the counts. Nobody reads these two before there is a message.
            self.written.store(0, Relaxed);
            self.read.store(0, Relaxed);
        }
        if !self.has_room(message.len()) {
            self.put_elsewhere();
            return None;
        }
        let at = self.written.load(Relaxed);
        self.header(at).store(message.len() as u64, Relaxed);
        let (to, more) = self.body(at);
        let (first, rest) =
            message.split_at(message.len().min(to.len() * WORD));
        words::write(to, first);
        words::write(more, rest);
        self.note(words_of(message.len()));
        Some(at)
    }

    /// Puts the note that a message goes by the socket, for which there is
    /// room always.
    pub(crate) fn put_elsewhere(&self) {
        let at = self.written.load(Relaxed);
        self.header(at).store(ELSEWHERE, Relaxed);
        self.note(1);
    }

    fn note(&self, words: usize) {
        let written = self.written.load(Relaxed);
        let words = u32::try_from(words).unwrap_or(0);
        self.written.store(written.wrapping_add(words), Relaxed);
        // SeqCst, as that of the mark: who puts a message and sees no mark is
        // seen by who leaves one and looks for a message.
        self.counts.fetch_add(1 << 16, SeqCst);
    }

    /// Whether a message of this length would lie here now. A word is kept free
    /// for each of [`MOST_MESSAGES`], so that the note of one that goes by the
    /// socket always has room.
    pub(crate) fn has_room(&self, len: usize) -> bool {
        words_of(len) + self.used() + MOST_MESSAGES <= WORDS
    }

    /// How many messages are not taken.
    pub(crate) fn count(&self) -> usize {
        Counts::of(self.counts.load(SeqCst)).left()
    }

    /// Takes the last of the messages back that are not taken, at most `most`;
    /// tells how many that was. The caller says where the
    /// first of them [lies](Self::take_back_to).
    pub(crate) fn take_back(&self, most: usize) -> usize {
        let mut back = 0;
        let _ = self.counts.fetch_update(SeqCst, SeqCst, |word| {
            let counts = Counts::of(word);
            back = counts.left().min(most);
            let put = counts.put.wrapping_sub(u16::try_from(back).ok()?);
            (back > 0).then_some(Counts { put, ..counts }.word())
        });
        back
    }

    /// The next message will lie where one that was taken back lay.
    pub(crate) fn take_back_to(&self, at: u32) {
        self.written.store(at, Relaxed);
    }

    /// Wakes who sleeps until a message is put; if he sleeps at the socket, that
    /// is left to the caller. It takes the mark away, so he is woken once. If the
    /// caller is killed in between, he is not woken, but told of that death.
    pub(crate) fn wake(&self) -> Wake {
        if self.sleeper.load(SeqCst) == NOWHERE {
            return Wake::Done;
        }
        match self.sleeper.swap(NOWHERE, SeqCst) {
            AT_SOCKET => Wake::BySocket,
            HERE => {
                futex::wake_all(&self.sleeper);
                has_woken();
                Wake::Done
            }
            _ => Wake::Done,
        }
    }

    /// Makes it one that nobody has used; nobody may use it meanwhile.
    pub(super) fn clear(&self) {
        for word in [&self.counts, &self.sleeper, &self.written, &self.read] {
            word.store(0, SeqCst);
        }
    }
}

/// Of whoever takes messages.
impl Post {
    /// Takes the message that lies here; none if there is none, or if it comes
    /// by the socket.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        let mut message = Vec::new();
        let taken = self.is_here().then(|| self.take_next(&mut message))?;
        (taken == Some(Taken::Here)).then_some(message)
    }

    /// Takes the next message, in place of what was in `message`, unless it is
    /// taken back just now.
    pub(crate) fn take_next(&self, message: &mut Vec<u8>) -> Option<Taken> {
        // Before it is read: until then the other may take it back, and put
        // another in its place.
        if !self.count_one_taken() {
            return None;
        }
        message.clear();
        let at = self.read.load(Relaxed);
        let Some(len) = self.len(at) else {
            self.note_read(1);
            return Some(Taken::Elsewhere);
        };
        let (from, more) = self.body(at);
        let first = len.min(from.len() * WORD);
        words::read(from, first, message);
        words::read(more, len - first, message);
        self.note_read(words_of(len));
        Some(Taken::Here)
    }

    /// Whether a message lies here.
    pub(crate) fn is_here(&self) -> bool {
        self.has_one() && self.len(self.read.load(Relaxed)).is_some()
    }

    /// Whether there is a message, here or by the socket.
    pub(crate) fn has_one(&self) -> bool {
        self.count() > 0
    }

    /// The message that went by the socket, if one did, has been taken.
    pub(crate) fn note_taken(&self) {
        if self.count_one_taken() {
            self.note_read(1);
        }
    }

    /// Passes over whatever is here.
    pub(crate) fn skip_all(&self) {
        self.read.store(self.written.load(Relaxed), Release);
        let _ = self.counts.fetch_update(SeqCst, SeqCst, |word| {
            let put = Counts::of(word).put;
            Some(Counts { put, taken: put }.word())
        });
    }

    /// Leaves the mark that who takes the messages sleeps at the socket, or
    /// removes it.
    pub(crate) fn sleep_at_socket(&self, asleep: bool) {
        let place = if asleep { AT_SOCKET } else { NOWHERE };
        self.sleeper.store(place, SeqCst);
    }

    /// Sleeps until there may be a message, here or by the socket. Nobody but
    /// who puts it wakes who sleeps so.
    pub(crate) fn sleep(&self) {
        self.sleeper.store(HERE, SeqCst);
        if self.count() == 0 {
            // Not while the counts are so: a message that was put and taken
            // back has taken the mark away, too.
            futex::wait(&self.sleeper, HERE, None);
        }
        self.sleeper.store(NOWHERE, SeqCst);
    }

    /// The length of the message there, if it lies here. One that has no room
    /// is none: another process that is out of its mind may change it, also
    /// between two looks.
    fn len(&self, at: u32) -> Option<usize> {
        let len = usize::try_from(self.header(at).load(Relaxed)).ok()?;
        (len <= WORDS * WORD && words_of(len) <= WORDS).then_some(len)
    }

    fn count_one_taken(&self) -> bool {
        let taken = self.counts.fetch_update(SeqCst, SeqCst, |word| {
            let counts = Counts::of(word);
            let taken = counts.taken.wrapping_add(1);
            (counts.left() > 0).then_some(Counts { taken, ..counts }.word())
        });
        taken.is_ok()
    }

    fn note_read(&self, words: usize) {
        let words = u32::try_from(words).unwrap_or(0);
        let read = self.read.load(Relaxed).wrapping_add(words);
        self.read.store(read, Release);
    }
}

impl Post {
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

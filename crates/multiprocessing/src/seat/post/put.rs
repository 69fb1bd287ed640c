//! What whoever puts messages does.

use super::{
    AT_SOCKET, Counts, ELSEWHERE, HERE, MOST_MESSAGES, NOWHERE, Post, WORDS,
    words_of,
};
use crate::futex;
use crate::patience::has_woken;
use crate::sys::machine::Ordering::{Relaxed, SeqCst};
use crate::words::{self, WORD};

/// What is left to do to wake who takes a message.
#[derive(PartialEq, Eq)]
#[must_use]
pub(crate) enum Wake {
    Done,
    /// To send an empty message by the socket.
    BySocket,
}

/// Messages that were written, and that nobody sees before they are shown
/// together: until then, whoever puts them need not look at, nor change, what the
/// other looks at and changes with each message.
pub(crate) struct Batch {
    /// Where the next one will lie.
    at: u32,
    /// For so many words there is room, at least.
    room: usize,
    count: u16,
}

impl Batch {
    pub(crate) fn has_room(&self, len: usize) -> bool {
        words_of(len) <= self.room
    }

    fn count_one(&mut self, words: usize) {
        self.at = self.at.wrapping_add(u32::try_from(words).unwrap_or(0));
        self.room = self.room.saturating_sub(words);
        self.count += 1;
    }
}

impl Post {
    /// Puts a message, or the note that it goes by the socket; tells where it
    /// lies here, if it does.
    pub(crate) fn put(&self, message: &[u8]) -> Option<u32> {
        let mut batch = self.begin();
        let at = self.write(message, &mut batch);
        self.show(&batch);
        at
    }

    /// Puts the note that a message goes by the socket, for which there is
    /// room always.
    pub(crate) fn put_elsewhere(&self) {
        let mut batch = self.begin();
        self.write_elsewhere(&mut batch);
        self.show(&batch);
    }

    pub(crate) fn begin(&self) -> Batch {
        if self.count() == 0 && self.used() == 0 {
            // Begin at the start again: the first words share a cache line with
            // the counts. Nobody reads these two before there is a message.
            self.written.store(0, Relaxed);
            self.read.store(0, Relaxed);
        }
        Batch {
            at: self.written.load(Relaxed),
            room: self.room(),
            count: 0,
        }
    }

    /// Writes a message, or the note that it goes by the socket, as
    /// [`put`](Self::put) does.
    pub(crate) fn write(
        &self,
        message: &[u8],
        batch: &mut Batch,
    ) -> Option<u32> {
        if !batch.has_room(message.len()) {
            self.write_elsewhere(batch);
            return None;
        }
        let at = batch.at;
        self.header(at).store(message.len() as u64, Relaxed);
        let (to, more) = self.body(at);
        let (first, rest) =
            message.split_at(message.len().min(to.len() * WORD));
        words::write(to, first);
        words::write(more, rest);
        batch.count_one(words_of(message.len()));
        Some(at)
    }

    fn write_elsewhere(&self, batch: &mut Batch) {
        self.header(batch.at).store(ELSEWHERE, Relaxed);
        batch.count_one(1);
    }

    /// Lets the messages be seen.
    pub(crate) fn show(&self, batch: &Batch) {
        self.written.store(batch.at, Relaxed);
        // SeqCst, as that of the mark: who puts a message and sees no mark is
        // seen by who leaves one and looks for a message.
        let more = u32::from(batch.count) << 16;
        let before = Counts::of(self.counts.fetch_add(more, SeqCst));
        let there = before.left() + usize::from(batch.count);
        self.half
            .store(u32::try_from(there / 2).unwrap_or(0), Relaxed);
    }

    /// Whether a message of this length would lie here now.
    pub(crate) fn has_room(&self, len: usize) -> bool {
        words_of(len) <= self.room()
    }

    /// For how many words there is room. A word is kept free for each of
    /// [`MOST_MESSAGES`], so that the note of one that goes by the socket always
    /// has room.
    fn room(&self) -> usize {
        (WORDS - MOST_MESSAGES).saturating_sub(self.used())
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

    /// Whether half of the room is used.
    pub(crate) fn is_half_full(&self) -> bool {
        2 * self.room() <= WORDS - MOST_MESSAGES
    }
}

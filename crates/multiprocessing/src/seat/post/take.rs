//! What whoever takes messages does.

use super::{
    AT_SOCKET, Counts, HERE, MOST_MESSAGES, NOWHERE, Post, WORDS, words_of,
};
use crate::futex;
use crate::sys::machine::Ordering::{Relaxed, Release, SeqCst};
use crate::words::{self, WORD};

/// Where a message is that was taken.
#[derive(PartialEq, Eq)]
pub(crate) enum Taken {
    /// It lay here.
    Here,
    /// It comes by the socket.
    Elsewhere,
}

impl Post {
    /// Takes the message that lies here; none if there is none, or if it comes
    /// by the socket.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        let mut message = Vec::new();
        let taken = self.is_here().then(|| self.take_next(&mut message))?;
        (taken == Some(Taken::Here)).then_some(message)
    }

    /// Takes all messages that lie here, up to one that comes by the socket; not
    /// where the other may take some back.
    pub(crate) fn take_all(&self, mut each: impl FnMut(&[u8])) {
        let count = self.count().min(MOST_MESSAGES);
        let (mut taken, mut words) = (0, 0);
        let start = self.read.load(Relaxed);
        let mut message = Vec::new();
        for _ in 0..count {
            message.clear();
            let at = start.wrapping_add(words);
            let Some(more) = self.read_at(at, &mut message) else {
                break;
            };
            each(&message);
            taken += 1;
            words += more;
        }
        if taken > 0 && self.count_taken(taken) {
            self.note_read(words);
        }
    }

    /// Takes the next message, in place of what was in `message`, unless it is
    /// taken back just now.
    pub(crate) fn take_next(&self, message: &mut Vec<u8>) -> Option<Taken> {
        // Before it is read: until then the other may take it back, and put
        // another in its place.
        if !self.count_taken(1) {
            return None;
        }
        message.clear();
        let words = self.read_at(self.read.load(Relaxed), message);
        self.note_read(words.unwrap_or(1));
        Some(match words {
            Some(_) => Taken::Here,
            None => Taken::Elsewhere,
        })
    }

    /// Appends the message that lies there to `message`; gives how many words it
    /// takes, if it lies here.
    fn read_at(&self, at: u32, message: &mut Vec<u8>) -> Option<u32> {
        let len = self.len(at)?;
        let (from, more) = self.body(at);
        let first = len.min(from.len() * WORD);
        words::read(from, first, message);
        words::read(more, len - first, message);
        u32::try_from(words_of(len)).ok()
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
        if self.count_taken(1) {
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

    /// Counts so many as taken, if they are there.
    fn count_taken(&self, messages: u16) -> bool {
        let taken = self.counts.fetch_update(SeqCst, SeqCst, |word| {
            let counts = Counts::of(word);
            let taken = counts.taken.wrapping_add(messages);
            (counts.left() >= messages.into())
                .then_some(Counts { taken, ..counts }.word())
        });
        taken.is_ok()
    }

    fn note_read(&self, words: u32) {
        let read = self.read.load(Relaxed).wrapping_add(words);
        self.read.store(read, Release);
    }

    /// Whether at most half of the messages are left that were there when the last
    /// was put.
    pub(crate) fn is_half_empty(&self) -> bool {
        let half = usize::try_from(self.half.load(Relaxed)).unwrap_or(0);
        self.count() <= half
    }
}

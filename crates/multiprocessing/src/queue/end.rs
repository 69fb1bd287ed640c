//! The two ends of a queue, where messages go in and where they come out.
//!
//! Each end has a lock of its own, so that who puts and who gets do not wait
//! for each other, and counts the messages that have passed. The count is the
//! one word that makes a message part of the queue or ends that: a process
//! may be killed between any two instructions, and its message is there whole
//! or not at all.
//!
//! Who finds nothing to do sleeps on the count of the other end, and leaves a
//! mark in it. Where there is a mark, the kernel counts and wakes in one call:
//! who is killed there has done both or nothing. All are woken, not one, who
//! might be killed before it acts.

use std::mem::offset_of;
use std::time::Duration;

use super::chain::{Place, PlaceWords};
use crate::error::Result;
use crate::futex;
use crate::monitor::Monitor;
use crate::patience::{Pace, patiently_at};
use crate::sys::machine::{
    AtomicU32, Instant,
    Ordering::{Relaxed, SeqCst},
};
use crate::sys::mutex::{Held, RobustMutex, remaining};
use crate::sys::region::shared_struct;

shared_struct! {
    /// Of two cache lines: one for those who pass here, and one with the count,
    /// which the other end looks at.
    #[repr(align(128))]
    pub(super) struct End {
        pub(super) lock: RobustMutex,
        /// What the owner of the lock has last seen of the other end's count.
        seen: AtomicU32,
        /// Where the next message begins: the first for an even number of
        /// messages, the other for an odd one. So what is written for the next
        /// number is nothing before the count says that number.
        places: [PlaceWords; 2],
        /// Fills the first line.
        unused: AtomicU32,
        /// Twice the number of messages that have passed; one more if somebody
        /// may sleep until another one has.
        count: AtomicU32,
    }
}

const CACHE_LINE: usize = 64;
const _: () = assert!(offset_of!(End, count) == CACHE_LINE);

/// In the count: somebody may sleep on it.
const ASLEEP: u32 = 1;
/// In the count: a message.
const MESSAGE: u32 = 2;
/// What makes of a count with the mark the next one without it.
const MESSAGE_FOR_MARK: u16 = 1;

impl End {
    /// For the first message.
    pub(super) fn begin(&self, place: Place) {
        self.places[0].store(place);
    }

    /// Where the next message begins, by the owner of the lock.
    pub(super) fn place(&self, _held: &Held<'_>) -> Place {
        self.places[parity(self.count())].load()
    }

    /// The same, by anybody.
    pub(super) fn look(&self) -> Place {
        loop {
            let count = self.count();
            let place = self.places[parity(count)].load();
            // It is written anew for the next message but one, and the count
            // is another by then.
            if self.count() == count {
                return place;
            }
        }
    }

    /// Counts a message, after which the next one begins at `place`.
    pub(super) fn pass(&self, _held: &Held<'_>, place: Place) {
        let before = self.count.load(SeqCst) & !ASLEEP;
        let after = before.wrapping_add(MESSAGE);
        self.places[parity(after / MESSAGE)].store(place);
        let passed = self.count.compare_exchange(before, after, SeqCst, SeqCst);
        if passed.is_err() {
            // Others only set the mark, and nobody else removes it.
            futex::add_and_wake_all(&self.count, MESSAGE_FOR_MARK);
        }
    }

    /// How many messages have passed: up to 2³¹, and then from 0 again.
    pub(super) fn count(&self) -> u32 {
        self.count.load(SeqCst) / MESSAGE
    }

    /// How many more messages have passed here than at the other end, when the
    /// owner of the lock has last looked there: there are no more now.
    pub(super) fn ahead(&self, _held: &Held<'_>) -> u32 {
        distance(self.count(), self.seen.load(Relaxed))
    }

    /// Whether the other end was no further, when the owner of the lock has
    /// last looked there.
    pub(super) fn is_level(&self, _held: &Held<'_>) -> bool {
        self.count() == self.seen.load(Relaxed)
    }

    /// Looks at the other end, and tells its count with the mark.
    fn see(&self, _held: &Held<'_>, other: &Self) -> u32 {
        let word = other.count.load(SeqCst);
        self.seen.store(word / MESSAGE, Relaxed);
        word
    }

    /// Sleeps while the count is `seen`.
    fn sleep(&self, seen: u32, limit: Option<Duration>) {
        let marked = seen | ASLEEP;
        let change = self.count.compare_exchange(seen, marked, SeqCst, SeqCst);
        match change {
            Err(other) if other != marked => {}
            _ => futex::wait(&self.count, marked, limit),
        }
    }

    /// Tries `action` under the lock until it works: by what was last seen of
    /// `other`, then by what is there now; sleeps until `other` has moved on.
    /// None if it took too long.
    pub(super) fn attempt<T>(
        &self,
        other: &Self,
        limit: Option<Duration>,
        mut action: impl FnMut(&Held<'_>, Option<Duration>) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let start = limit.map(|_| Instant::now());
        loop {
            let left = start.and_then(|start| remaining(start, limit));
            let Some(held) = self.hold(left)? else {
                return Ok(None);
            };
            if let Some(done) = action(&held, left)? {
                return Ok(Some(done));
            }
            let seen = self.see(&held, other);
            if let Some(done) = action(&held, left)? {
                return Ok(Some(done));
            }
            drop(held);
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            let has_come = || other.count.load(Relaxed) != seen;
            let look = || has_come().into();
            patiently_at(Pace::Stream, look, || other.sleep(seen, left));
        }
    }
}

impl Monitor for End {
    fn lock(&self) -> &RobustMutex {
        &self.lock
    }

    fn recover(&self, _held: &Held<'_>) {
        // A message is counted by one word, and what is not counted is nothing.
    }
}

/// How far count `a` is ahead of `b`.
pub(super) fn distance(a: u32, b: u32) -> u32 {
    a.wrapping_sub(b) & (u32::MAX / MESSAGE)
}

fn parity(count: u32) -> usize {
    usize::from(count % 2 == 1)
}

//! Mutexes that others watch: they sleep until an owner leaves such a mutex or
//! dies, and do not want it for themselves.

use libc::{FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS};

use super::RobustMutex;
use crate::futex::Word;
use crate::sys::machine::Ordering::{Relaxed, SeqCst};

impl RobustMutex {
    /// Lets each end of an ownership, by a release or by death, wake one of
    /// those who sleep on the mutex's word. To be called before anybody uses it;
    /// nobody may wait to acquire such a mutex: he and the sleepers would take
    /// each other's wake-ups.
    pub(crate) fn let_be_watched(&self) {
        self.word_when_free.store(FUTEX_WAITERS, SeqCst);
        self.word.store(FUTEX_WAITERS, SeqCst);
    }

    /// The pid of the owner of a mutex that is watched, if it died as such and
    /// nobody has acquired the mutex since; 0 as in [`FromTheDead`](super::Acquired::FromTheDead).
    pub(crate) fn dead_owner(&self) -> Option<i32> {
        let died = self.word.load(SeqCst) & FUTEX_OWNER_DIED != 0;
        died.then(|| self.owner.load(Relaxed))
    }

    /// The word to sleep on until an owner leaves it or dies, who may come
    /// later; none if the last one is dead already.
    pub(crate) fn watch(&self) -> Option<Word<'_>> {
        let (word, value) = self.glance();
        (value & FUTEX_OWNER_DIED == 0).then_some((word, value))
    }

    /// The word as it is now, whoever the owner is or was.
    pub(crate) fn glance(&self) -> Word<'_> {
        (&self.word, self.word.load(SeqCst))
    }

    /// As [`watch`](Self::watch), if there is an owner now.
    pub(crate) fn watch_owner(&self) -> Option<Word<'_>> {
        let owned = |(_, value): &Word<'_>| value & FUTEX_TID_MASK != 0;
        self.watch().filter(owned)
    }
}

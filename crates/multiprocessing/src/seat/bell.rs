//! A bell for who waits for the answers of several seats.

use std::time::Duration;

use crate::futex;
use crate::patience::has_woken;
use crate::sys::machine::{AtomicU32, Ordering::SeqCst};
use crate::sys::region::shared_struct;

/// The mark while nobody sleeps here.
const NOBODY: u32 = 0;

/// What somebody sleeps for, and the mark of it.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Until {
    /// The next answer.
    Next = 1,
    /// An answer after which it is pressing to take what has come, and to send
    /// more.
    Pressing = 2,
}

shared_struct! {
    #[repr(align(128))]
    pub(crate) struct Bell {
        mark: AtomicU32,
    }
}

/// Of who waits: one at a time.
impl Bell {
    /// Leaves the mark of who is about to look and [sleep](Self::sleep) then.
    pub(crate) fn mark(&self, until: Until) {
        self.mark.store(until as u32, SeqCst);
    }

    /// Sleeps while the mark is there, `limit` at most; may wake before.
    pub(crate) fn sleep(&self, until: Until, limit: Option<Duration>) {
        futex::wait(&self.mark, until as u32, limit);
    }

    pub(crate) fn remove_mark(&self) {
        self.mark.store(NOBODY, SeqCst);
    }
}

/// Of who has sent something.
impl Bell {
    /// Wakes who sleeps here, if it is pressing or he sleeps until the next
    /// answer. To remove the mark and to wake is one call, which no kill divides:
    /// he is woken once, by whoever sees the mark.
    pub(crate) fn ring(&self, is_pressing: impl FnOnce() -> bool) {
        let mark = self.mark.load(SeqCst);
        let is_for_all = mark != Until::Pressing as u32;
        if mark != NOBODY && (is_for_all || is_pressing()) {
            futex::store_and_wake_one(&self.mark, false);
            has_woken();
        }
    }
}

//! A bell for who waits for the answers of several seats.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crate::futex;
use crate::patience::has_woken;
use crate::sys::region::shared_struct;

shared_struct! {
    #[repr(align(128))]
    pub(crate) struct Bell {
        /// How often it was rung.
        rung: AtomicU32,
        /// Somebody sleeps beside it.
        wanted: AtomicU32,
    }
}

impl Bell {
    /// Says whether somebody sleeps here, or is about to look and sleep then.
    pub(crate) fn want(&self, wanted: bool) {
        self.wanted.store(wanted.into(), SeqCst);
    }

    /// How often it was rung: whoever asks before he looks, and sees nothing,
    /// [sleeps](Self::sleep) until it was rung since.
    pub(crate) fn rung(&self) -> u32 {
        self.rung.load(SeqCst)
    }

    /// Wakes who sleeps here, after something has come.
    pub(crate) fn ring(&self) {
        if self.wanted.load(SeqCst) != 0 {
            self.rung.fetch_add(1, SeqCst);
            futex::wake_all(&self.rung);
            has_woken();
        }
    }

    /// Sleeps until it has been rung more often than so, `limit` at most; may
    /// wake before.
    pub(crate) fn sleep(&self, rung: u32, limit: Option<Duration>) {
        futex::wait(&self.rung, rung, limit);
    }
}

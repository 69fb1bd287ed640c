//! A line that two processes share: one writes a number, the other answers.

use std::hint::spin_loop;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release, SeqCst};

use super::{Shareable, futex_wait, futex_wake};

/// How often one looks before one sleeps.
const LOOKS: u32 = 2000;

/// Two words, each in a cache line of its own, and who sleeps on them.
#[repr(C, align(128))]
pub(crate) struct Doorbell {
    there: Word,
    back: Word,
}

#[repr(C, align(128))]
struct Word {
    value: AtomicU32,
    sleeps: AtomicU32,
}

// SAFETY: atomics; zero is a value.
unsafe impl Shareable for Doorbell {}

impl Doorbell {
    /// Asks, and waits for the answer.
    pub(crate) fn ask(&self, number: u32, looks: bool) {
        self.there.set(number);
        self.back.wait_for(number, looks);
    }

    /// Waits for the question with this number, and answers.
    pub(crate) fn answer(&self, number: u32, looks: bool) {
        self.there.wait_for(number, looks);
        self.back.set(number);
    }

    /// Asks, does something, too, and waits for the answer.
    pub(crate) fn ask_while(&self, number: u32, work: impl FnOnce()) {
        self.there.set(number);
        work();
        self.back.wait_for(number, true);
    }

    /// As [`answer`](Self::answer), after something was done.
    pub(crate) fn answer_with(&self, number: u32, work: impl FnOnce()) {
        self.there.wait_for(number, true);
        work();
        self.back.set(number);
    }
}

impl Word {
    fn set(&self, number: u32) {
        self.value.store(number, SeqCst);
        if self.sleeps.load(SeqCst) != 0 {
            futex_wake(&self.value);
        }
    }

    fn wait_for(&self, number: u32, looks: bool) {
        for _ in 0..if looks { LOOKS } else { 0 } {
            if self.value.load(Acquire) == number {
                return;
            }
            spin_loop();
        }
        self.sleeps.store(1, SeqCst);
        loop {
            let seen = self.value.load(SeqCst);
            if seen == number {
                break;
            }
            futex_wait(&self.value, seen);
        }
        self.sleeps.store(0, Release);
    }
}

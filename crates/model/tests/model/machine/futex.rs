//! In the place of the library's `futex.rs`.

use std::time::Duration;

use super::kernel;
use super::words::AtomicU32;

/// A word, and the value while there is nothing to look at.
pub(crate) type Word<'a> = (&'a AtomicU32, u32);

pub(crate) const MOST_WORDS: usize = 128;

pub(crate) fn wait(word: &AtomicU32, expected: u32, limit: Option<Duration>) {
    kernel::sleep(&[(word.address(), expected)], limit.is_some());
}

pub(crate) fn wait_any(words: &[Word<'_>], limit: Option<Duration>) {
    let words: Vec<_> = words
        .iter()
        .take(MOST_WORDS)
        .map(|(word, expected)| (word.address(), *expected))
        .collect();
    kernel::sleep(&words, limit.is_some());
}

pub(crate) fn wake_all(word: &AtomicU32) {
    kernel::wake(word.address(), usize::MAX);
}

pub(crate) fn add_and_wake_all(word: &AtomicU32, by: u16) {
    let add = |it: u32| it.wrapping_add(by.into());
    kernel::change_and_wake(word.address(), add, usize::MAX);
}

pub(crate) fn store_and_wake_one(word: &AtomicU32, marked: bool) {
    let mark = if marked { libc::FUTEX_WAITERS } else { 0 };
    kernel::change_and_wake(word.address(), |_| mark, 1);
}

pub(crate) fn wake_one(word: &AtomicU32) {
    kernel::wake(word.address(), 1);
}

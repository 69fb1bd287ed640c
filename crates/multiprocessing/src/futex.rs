//! The futex: sleep while a shared word has a value, wake those who sleep.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rustix::thread::futex::{self, Flags};
use rustix::time::Timespec;

/// Who waits for something that others give up looks again after this time at
/// the latest: the one who should wake it may be killed before it does.
pub(crate) const NAP: Duration = Duration::from_millis(50);

/// Sleeps while `word` is `expected`, `limit` at most; no limit: for ever. May
/// wake for no reason: the caller looks again.
pub(crate) fn wait(word: &AtomicU32, expected: u32, limit: Option<Duration>) {
    let limit = limit.map(|limit| Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    });
    // Whatever it returns (woken, changed, late, interrupted), the caller
    // looks again.
    let _ = futex::wait(word, Flags::empty(), expected, limit.as_ref());
}

/// Wakes all who sleep on `word`. Not one: the one might be killed before it
/// acts, and nobody would act in its place.
pub(crate) fn wake_all(word: &AtomicU32) {
    let _ = futex::wake(word, Flags::empty(), i32::MAX.cast_unsigned());
}

//! The futex: sleep while a shared word has a value, wake those who sleep.

use std::time::Duration;

use libc::FUTEX_WAITERS;
use rustix::io::Errno;
use rustix::thread::futex::{
    self, Flags, WaitFlags, WaitPtr, WaitvFlags, WakeOp, WakeOpCmp,
};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::sys::machine::{AtomicU32, Ordering::SeqCst};

/// A word, and the value while there is nothing to look at.
pub(crate) type Word<'a> = (&'a AtomicU32, u32);

/// So many words are slept on at once, at most.
pub(crate) const MOST_WORDS: usize = 128;

/// All sleepers, as the kernel counts them.
const ALL: u32 = i32::MAX.cast_unsigned();

/// Where the kernel cannot sleep on several words, one looks so often.
const LOOK: Duration = Duration::from_millis(100);

/// Sleeps while `word` is `expected`, `limit` at most; no limit: for ever. May
/// wake for no reason: the caller looks again.
pub(crate) fn wait(word: &AtomicU32, expected: u32, limit: Option<Duration>) {
    let limit = limit.map(timespec);
    // Whatever it returns (woken, changed, late, interrupted), the caller
    // looks again.
    let _ = futex::wait(word, Flags::empty(), expected, limit.as_ref());
}

/// Sleeps while each of the words has the value that stands beside it, as
/// [`wait`] does for one; words beyond [`MOST_WORDS`] are not looked at.
pub(crate) fn wait_any(words: &[Word<'_>], limit: Option<Duration>) {
    let waits = words.iter().take(MOST_WORDS).map(|(word, expected)| {
        let mut wait = futex::Wait::new();
        wait.val = u64::from(*expected);
        wait.uaddr = WaitPtr::new(word.as_ptr().cast());
        wait.flags = WaitFlags::SIZE_U32;
        wait
    });
    let waits: Vec<_> = waits.collect();
    let (flags, clock) = (WaitvFlags::empty(), ClockId::Monotonic);
    let deadline = limit
        .and_then(|limit| clock_gettime(clock).checked_add(timespec(limit)));
    let slept = futex::waitv(&waits, flags, deadline.as_ref(), clock);
    // Before Linux 5.16, or forbidden by a sandbox.
    if let (Err(Errno::NOSYS | Errno::PERM), [(word, expected), ..]) =
        (slept, words)
    {
        wait(word, *expected, Some(limit.map_or(LOOK, |it| it.min(LOOK))));
    }
}

/// Wakes all who sleep on `word`.
pub(crate) fn wake_all(word: &AtomicU32) {
    let _ = futex::wake(word, Flags::empty(), ALL);
}

/// Adds `by` to the word and wakes all who sleep on it, in one call, which no
/// kill divides: who is killed has done both or nothing.
pub(crate) fn add_and_wake_all(word: &AtomicU32, by: u16) {
    if !change_and_wake(word, WakeOp::Add, by, ALL) {
        word.fetch_add(by.into(), SeqCst);
        wake_all(word);
    }
}

/// The number of the one bit that the mark of a mutex has.
const WAITERS_BIT: u16 = 31;
const _: () = assert!(FUTEX_WAITERS == 1 << WAITERS_BIT);

/// Gives up a mutex: makes its word 0, or the mark, and wakes one who sleeps on
/// it, in one call, as [`add_and_wake_all`] does.
pub(crate) fn store_and_wake_one(word: &AtomicU32, marked: bool) {
    let (op, by) = match marked {
        false => (WakeOp::Set, 0),
        true => (WakeOp::SetShift, WAITERS_BIT),
    };
    if !change_and_wake(word, op, by, 1) {
        // If the caller is killed now, whoever takes the mutex has the mark.
        word.store(FUTEX_WAITERS, SeqCst);
        wake_one(word);
    }
}

/// Changes the word and wakes so many who sleep on it, in one call; not if it is
/// forbidden by a sandbox, or not there on this machine.
fn change_and_wake(word: &AtomicU32, op: WakeOp, by: u16, most: u32) -> bool {
    // The call may wake on a second word, too, by what the first has been.
    let (second, never) = (0, WakeOpCmp::Eq);
    let flags = Flags::empty();
    // The language does not know of what the kernel does to the word: by this,
    // who sees it changed also sees what was written before.
    word.fetch_add(0, SeqCst);
    futex::wake_op(word, flags, most, second, word, op, never, by, 0).is_ok()
}

/// Wakes one who sleeps on `word`.
pub(crate) fn wake_one(word: &AtomicU32) {
    let _ = futex::wake(word, Flags::empty(), 1);
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}

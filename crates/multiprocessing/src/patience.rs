//! Looks for a moment before it sleeps.
//!
//! To wake a process takes the kernel some 30 µs where a processor has to be
//! woken, too; to see what is there already takes less than one. So who waits
//! for an answer that will come soon looks again and again for a moment, and
//! sleeps then. That is of use only while the other side runs on another
//! processor meanwhile. Nobody knows beforehand, so each thread goes by what
//! came last: it looks if its last wait was short, and where it has looked in
//! vain it does without for a while.

use std::cell::Cell;
use std::hint::spin_loop;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::process::cpu_count;
use crate::process::wait::readable;
use crate::sys::point::is_explored;

/// How long one looks.
pub(crate) const MOMENT: Duration = Duration::from_micros(40);

/// A wait that was no longer, two wake-ups included, makes one look the next
/// time: it would have been much shorter if nobody had slept.
pub(crate) const SHORT: Duration = Duration::from_micros(120);

/// After having looked in vain, so many waits go by without.
const WITHOUT: u32 = 100;

/// Pauses between two looks, each of which may be a call of the kernel.
const PAUSES: u32 = 8;

thread_local! {
    /// So many waits are to come before one looks.
    static WAITS: Cell<u32> = const { Cell::new(0) };
}

/// What one sees when one looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// What is waited for has come.
    Come,
    /// Not yet, but something else that it needs.
    Progress,
    Nothing,
}

impl From<bool> for Look {
    fn from(has_come: bool) -> Self {
        match has_come {
            true => Self::Come,
            false => Self::Nothing,
        }
    }
}

/// Calls `sleep`, which waits until there is something to read; before, looks
/// for it for a moment.
pub(crate) fn read_patiently<T>(
    socket: BorrowedFd<'_>,
    sleep: impl FnOnce() -> T,
) -> T {
    // An error is told to who sleeps.
    let has_come = || readable(socket, Some(Duration::ZERO)).unwrap_or(true);
    patiently(|| has_come().into(), sleep)
}

/// Calls `sleep`, which waits until something has come, and may not wait at
/// all; before, calls `look` for a moment, and for another one after each
/// progress.
pub(crate) fn patiently<T>(
    look: impl FnMut() -> Look,
    sleep: impl FnOnce() -> T,
) -> T {
    if WAITS.get() == 0 && is_of_use() {
        WAITS.set(if comes_soon(look) { 0 } else { WITHOUT });
        return sleep();
    }
    let start = Instant::now();
    let found = sleep();
    let short = start.elapsed() <= SHORT;
    WAITS.set(match WAITS.get() {
        0 | 1 => u32::from(!short),
        waits => waits - 1,
    });
    found
}

fn comes_soon(mut look: impl FnMut() -> Look) -> bool {
    let mut start = Instant::now();
    while start.elapsed() < MOMENT {
        match look() {
            Look::Come => return true,
            Look::Progress => start = Instant::now(),
            Look::Nothing => (0..PAUSES).for_each(|_| spin_loop()),
        }
    }
    false
}

/// Not on a single processor; and an explorer lets one task run at a time.
pub(crate) fn is_of_use() -> bool {
    static OF_USE: AtomicU8 = AtomicU8::new(UNKNOWN);
    const UNKNOWN: u8 = 0;
    const NO: u8 = 1;
    const YES: u8 = 2;
    let known = OF_USE.load(Relaxed);
    if known != UNKNOWN {
        return known == YES;
    }
    let of_use = cpu_count() > 1 && !is_explored();
    OF_USE.store(if of_use { YES } else { NO }, Relaxed);
    of_use
}

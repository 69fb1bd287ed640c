//! Looks for a moment before it sleeps.
//!
//! To wake a process takes the kernel some 30 µs where a processor has to be
//! woken, too, and some 4 µs on the same one; to see what is there already takes
//! less than one. So who waits for an answer that will come soon looks again and
//! again for a moment, and sleeps then. If the other side runs on another
//! processor, that is all; else it has to be let run, and to yield to it takes a
//! quarter of a sleep and a wake-up. But a processor that is yielded to somebody
//! who works all the time is away for milliseconds.
//!
//! Nobody knows beforehand how long a wait will be, so each thread goes by its
//! last ones (adaptive spinning). It looks if the last one was short. After a
//! look in vain it sleeps at once for some waits, twice as many each time, and
//! half as many once a look was not in vain. After a yield that took long, it
//! does not yield for a good while.

use std::cell::Cell;
use std::hint::spin_loop;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rustix::thread::sched_yield;

use crate::process::cpu_count;
use crate::process::wait::readable;
use crate::sys::point::is_explored;

/// How long one looks.
pub(crate) const MOMENT: Duration = Duration::from_micros(40);

/// A wait that was no longer, two wake-ups included, makes one look the next
/// time: it would have been much shorter if nobody had slept.
pub(crate) const SHORT: Duration = Duration::from_micros(120);

/// After having looked in vain, so many waits go by without at least, and so
/// many at most: twice as many each time, and half as many when it was not.
const FEWEST: u32 = 2;
const MOST: u32 = 128;

/// Where others had the processor for long, so many waits go by before one
/// yields again.
const WAITS_WITHOUT_YIELD: u32 = 4096;

/// Where others run beside, one yields only after so long; at once, if one has
/// woken somebody, who may have been put on the same processor.
const SPIN: Duration = Duration::from_micros(5);

/// How often one looks.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// For an answer: at once again, almost.
    Answer,
    /// For the next of many that come by themselves, less often: who brings them
    /// has to fetch what one has looked at.
    Stream,
}

impl Pace {
    /// Between two looks the processor pauses so often.
    fn pauses(self) -> u32 {
        match self {
            Self::Answer => 4,
            Self::Stream => 32,
        }
    }
}

thread_local! {
    /// So many waits are to come before one looks.
    static WAITS: Cell<u32> = const { Cell::new(0) };
    /// So many waits go by without when one looks in vain the next time.
    static WITHOUT: Cell<u32> = const { Cell::new(FEWEST) };
    /// So many waits are to come before one yields.
    static DISPLACED: Cell<u32> = const { Cell::new(0) };
    /// Whether one has sent something that woke somebody, since the last wait.
    static HAS_WOKEN: Cell<bool> = const { Cell::new(false) };
}

/// The calling thread has woken somebody, for whom it may wait next.
pub(crate) fn has_woken() {
    HAS_WOKEN.set(true);
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

/// Calls `look` for a moment, and for another one after each progress; then
/// `sleep`, in any case, which takes what has come, and waits only if it has not.
pub(crate) fn patiently<T>(
    look: impl FnMut() -> Look,
    sleep: impl FnOnce() -> T,
) -> T {
    patiently_at(Pace::Answer, look, sleep)
}

/// The same, at another pace.
pub(crate) fn patiently_at<T>(
    pace: Pace,
    look: impl FnMut() -> Look,
    sleep: impl FnOnce() -> T,
) -> T {
    let has_woken = HAS_WOKEN.take();
    let displaced = DISPLACED.get();
    DISPLACED.set(displaced.saturating_sub(1));
    let yields = displaced == 0;
    if WAITS.get() == 0 && is_of_use() && (yields || others_run()) {
        let spins = others_run() && !has_woken;
        let spin_time = if spins { SPIN } else { Duration::ZERO };
        let comes_soon = comes_soon(pace, spin_time, look, yields);
        let (waits, without) = match comes_soon {
            true => (0, (WITHOUT.get() / 2).max(FEWEST)),
            false => (WITHOUT.get(), (WITHOUT.get() * 2).min(MOST)),
        };
        WAITS.set(waits);
        WITHOUT.set(without);
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

fn comes_soon(
    pace: Pace,
    spin_time: Duration,
    mut look: impl FnMut() -> Look,
    mut yields: bool,
) -> bool {
    let mut start = Instant::now();
    let mut now = start;
    while now - start < MOMENT {
        let yields_now = yields && now - start >= spin_time;
        let found = look();
        match found {
            Look::Come => return true,
            Look::Progress => start = now,
            Look::Nothing if yields_now => sched_yield(),
            Look::Nothing => (0..pace.pauses()).for_each(|_| spin_loop()),
        }
        let before = now;
        now = Instant::now();
        let yielded = yields_now && found == Look::Nothing;
        if yielded && now - before > SHORT {
            // It had gone to somebody who works.
            DISPLACED.set(WAITS_WITHOUT_YIELD);
            yields = false;
        }
    }
    look() == Look::Come
}

/// Whether to look is of use: an explorer lets one task run at a time.
pub(crate) fn is_of_use() -> bool {
    surroundings() != EXPLORED
}

/// Whether the other side may run on another processor.
pub(crate) fn others_run() -> bool {
    surroundings() == SEVERAL
}

const UNKNOWN: u8 = 0;
const EXPLORED: u8 = 1;
const ONE: u8 = 2;
const SEVERAL: u8 = 3;

fn surroundings() -> u8 {
    static SURROUNDINGS: AtomicU8 = AtomicU8::new(UNKNOWN);
    let known = SURROUNDINGS.load(Relaxed);
    if known != UNKNOWN {
        return known;
    }
    let surroundings = match cpu_count() {
        _ if is_explored() => EXPLORED,
        1 => ONE,
        _ => SEVERAL,
    };
    SURROUNDINGS.store(surroundings, Relaxed);
    surroundings
}

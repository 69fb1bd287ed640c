//! In the place of the library's `sys/pthread.rs`: the robust mutex of the C
//! library, step by step as glibc takes and gives it (`nptl/pthread_mutex_*`,
//! the parts for `PTHREAD_MUTEX_ROBUST_*`).
//!
//! The word is 0 while the mutex is free; otherwise it is the owner's thread,
//! and a bit that others may sleep. What the kernel makes of the word when the
//! owner dies is in [`death`](super::death).

use std::time::Duration;

use libc::{
    EBUSY, EDEADLK, ENOTRECOVERABLE, EOWNERDEAD, EPERM, ETIMEDOUT,
    FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS, c_int,
};

use super::kernel::{self, Slept};
use super::words::{AtomicU32, Ordering::SeqCst};
use crate::sys::region::shared_struct;

pub(crate) use super::kernel::this;

/// Whether the owner may acquire again.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Plain,
    Recursive,
}

shared_struct! {
    pub(crate) struct Pthread {
        word: AtomicU32,
        recursive: AtomicU32,
        /// How often the owner has acquired it.
        times: AtomicU32,
        state: AtomicU32,
    }
}

const SOUND: u32 = 0;
/// The owner has it from the dead, and has not made it consistent.
const INCONSISTENT: u32 = 1;
/// An owner gave it up as it was.
const LOST: u32 = 2;

impl Pthread {
    pub(crate) fn init(&self, kind: Kind) -> c_int {
        kernel::made(self.word.address());
        let recursive = matches!(kind, Kind::Recursive);
        self.recursive.store(recursive.into(), SeqCst);
        0
    }

    pub(crate) fn try_lock(&self) -> c_int {
        let me = thread();
        kernel::pending(Some(self.address()));
        let mut seen = self.word.load(SeqCst);
        loop {
            if seen & FUTEX_OWNER_DIED != 0 {
                match self.inherit(seen, 0) {
                    Ok(code) => return code,
                    Err(other) => seen = other,
                }
                continue;
            }
            if seen & FUTEX_TID_MASK == me {
                return self.again();
            }
            match self.exchange(0, me) {
                Ok(_) => return self.taken(),
                Err(other) if other & FUTEX_OWNER_DIED == 0 => {
                    kernel::pending(None);
                    return EBUSY;
                }
                Err(other) => seen = other,
            }
        }
    }

    pub(crate) fn lock(&self, limit: Option<Duration>) -> c_int {
        let me = thread();
        kernel::pending(Some(self.address()));
        let mut seen = self.word.load(SeqCst);
        // Whether somebody may sleep who would be forgotten.
        let mut others = 0;
        loop {
            if seen == 0 {
                match self.exchange(0, me | others) {
                    Ok(_) => return self.taken(),
                    Err(other) => seen = other,
                }
            }
            if seen & FUTEX_OWNER_DIED != 0 {
                match self.inherit(seen, others) {
                    Ok(code) => return code,
                    Err(other) => seen = other,
                }
                continue;
            }
            if seen & FUTEX_TID_MASK == me {
                return self.again();
            }
            if seen & FUTEX_WAITERS == 0 {
                if let Err(other) = self.exchange(seen, seen | FUTEX_WAITERS) {
                    seen = other;
                    continue;
                }
                seen |= FUTEX_WAITERS;
            }
            others = FUTEX_WAITERS;
            let word = (self.address(), seen);
            if kernel::sleep(&[word], limit.is_some()) == Slept::TimedOut {
                return ETIMEDOUT;
            }
            seen = self.word.load(SeqCst);
        }
    }

    /// Takes the mutex from a dead owner.
    fn inherit(&self, seen: u32, others: u32) -> Result<c_int, u32> {
        let new = thread() | (seen & FUTEX_WAITERS) | others;
        self.exchange(seen, new)?;
        self.times.set(1);
        self.state.set(INCONSISTENT);
        kernel::owns(self.address());
        Ok(EOWNERDEAD)
    }

    /// The owner acquires it again.
    fn again(&self) -> c_int {
        kernel::pending(None);
        if self.recursive.get() == 0 {
            return EDEADLK;
        }
        self.times.set(self.times.get() + 1);
        0
    }

    fn taken(&self) -> c_int {
        if self.state.get() == LOST {
            self.free();
            return ENOTRECOVERABLE;
        }
        self.times.set(1);
        kernel::owns(self.address());
        0
    }

    pub(crate) fn make_consistent(&self) {
        if self.state.get() == INCONSISTENT {
            self.state.set(SOUND);
        }
    }

    pub(crate) fn unlock(&self) -> c_int {
        if kernel::unwinds() {
            return 0;
        }
        if self.word.load(SeqCst) & FUTEX_TID_MASK != thread() {
            return EPERM;
        }
        self.times.set(self.times.get() - 1);
        if self.times.get() > 0 {
            return 0;
        }
        if self.state.get() == INCONSISTENT {
            self.state.set(LOST);
        }
        kernel::pending(Some(self.address()));
        kernel::disowns(self.address());
        self.free();
        0
    }

    fn free(&self) {
        if self.word.swap(0, SeqCst) & FUTEX_WAITERS != 0 {
            kernel::wake(self.address(), 1);
        }
        kernel::pending(None);
    }

    pub(crate) fn word(&self) -> &AtomicU32 {
        &self.word
    }

    fn exchange(&self, seen: u32, new: u32) -> Result<u32, u32> {
        self.word.compare_exchange(seen, new, SeqCst, SeqCst)
    }

    fn address(&self) -> usize {
        self.word.address()
    }
}

fn thread() -> u32 {
    kernel::pid(kernel::me()).unsigned_abs()
}

pub(crate) fn remember(thread: u32, process: i32) {
    kernel::remember((thread, process));
}

/// No memory is freed while somebody may look at it.
pub(crate) fn belongs(_thread: u32, _process: i32) -> bool {
    false
}

//! The robust, process-shared mutex of the C library: under every lock of the
//! crate.
//!
//! Robust means that the kernel keeps a list of the mutexes that a thread
//! holds and, when the thread ends in whatever way, marks them and wakes the
//! next one in line, who is told so (`EOWNERDEAD`).

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::futex::Word;
use crate::process::pid;
use crate::sys::machine::{AtomicI32, AtomicU32, Instant, Ordering};
use crate::sys::pthread::{Pthread, belongs, remember, this};
use crate::sys::region::{InRegion, shared_struct};

pub(crate) use crate::sys::pthread::Kind;

/// How an acquire ended well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Acquired {
    /// The caller owns the mutex.
    Yes,
    /// The caller owns the mutex, whose last owner `pid` died with it; 0 if it
    /// died in the very moment of taking or releasing it.
    FromTheDead { pid: i32 },
    /// Somebody else owns it, and the time is over.
    No,
}

shared_struct! {
    /// A mutex in shared memory. Zeroed bytes are none yet:
    /// [`RobustMutex::init`].
    pub(crate) struct RobustMutex {
        raw: Pthread,
        /// The pid of the owner; 0 while there is none, so that an owner that
        /// dies before it is noted is not taken for the one before it.
        owner: AtomicI32,
        /// How often the owner has acquired it.
        times: AtomicU32,
        /// How many wait in the kernel; too high after one of them was killed.
        sleepers: AtomicU32,
    }
}

impl RobustMutex {
    /// Makes the mutex. Only the first call does.
    pub(crate) fn init(&self, kind: Kind) -> Result<()> {
        match self.raw.init(kind) {
            0 => Ok(()),
            code => Err(failed("make a lock", code)),
        }
    }

    /// Waits for the mutex, for ever or until `limit` has passed on the
    /// monotonic clock.
    // Inlined, so that what mostly comes out, a bare yes, is compared in
    // registers and no error has to be laid out in memory.
    #[inline]
    pub(crate) fn acquire(&self, limit: Option<Duration>) -> Result<Acquired> {
        match self.raw.try_lock() {
            0 => {
                self.take_over();
                Ok(Acquired::Yes)
            }
            code => self.acquire_otherwise(code, limit),
        }
    }

    /// When the mutex could not simply be taken, for the reason `code`.
    #[cold]
    fn acquire_otherwise(
        &self,
        mut code: i32,
        limit: Option<Duration>,
    ) -> Result<Acquired> {
        if code == libc::EBUSY && limit != Some(Duration::ZERO) {
            self.sleepers.fetch_add(1, Ordering::SeqCst);
            code = self.raw.lock(limit);
            self.sleepers.fetch_sub(1, Ordering::SeqCst);
        }
        match code {
            0 => {
                self.take_over();
                Ok(Acquired::Yes)
            }
            libc::EOWNERDEAD => {
                let pid = self.owner.load(Ordering::Relaxed);
                self.raw.make_consistent();
                self.times.store(0, Ordering::Relaxed);
                self.take_over();
                Ok(Acquired::FromTheDead { pid })
            }
            libc::EBUSY | libc::ETIMEDOUT => Ok(Acquired::No),
            // Who only tries waits for nobody, not even for itself.
            libc::EDEADLK if limit == Some(Duration::ZERO) => Ok(Acquired::No),
            libc::EDEADLK => Err(Error::WouldDeadlock),
            code => Err(failed("acquire a lock", code)),
        }
    }

    /// For the new owner: keeps in mind that others sleep.
    ///
    /// A release wakes one of them, who is to pass the mark on that there are
    /// more. If it is killed before it can, and somebody who was awake takes
    /// the mutex meanwhile, the C library and the kernel have both forgotten
    /// the others, and they would sleep for ever.
    fn remember_sleepers(&self) {
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            self.word().fetch_or(libc::FUTEX_WAITERS, Ordering::SeqCst);
        }
    }

    /// Gives the mutex up; only its owner can.
    #[inline]
    pub(crate) fn release(&self) -> Result<()> {
        if self.is_mine() {
            let times = self.times.load(Ordering::Relaxed).saturating_sub(1);
            self.times.store(times, Ordering::Relaxed);
            if times == 0 {
                self.owner.store(0, Ordering::Relaxed);
            }
        }
        match self.raw.unlock() {
            0 => Ok(()),
            code => Err(not_released(code)),
        }
    }

    /// Gives the mutex up, however often the calling thread has acquired it,
    /// and tells how often that was; 0 if it does not own it.
    pub(crate) fn release_all(&self) -> Result<u32> {
        let mut times = 0;
        while self.is_mine() {
            self.release()?;
            times += 1;
        }
        Ok(times)
    }

    /// Whether the calling thread owns the mutex.
    pub(crate) fn is_mine(&self) -> bool {
        let (thread, _) = this();
        thread != 0 && self.holder() == thread
    }

    /// Whether anybody owns the mutex; the dead do not.
    pub(crate) fn is_held(&self) -> bool {
        self.holder() != 0
    }

    /// Lets each end of an ownership, by a release or by death, wake one of
    /// those who sleep on the mutex's word. Nobody may wait to acquire such a
    /// mutex: he and the sleepers would take each other's wake-ups.
    pub(crate) fn let_be_watched(&self) {
        // As if one always slept, who is to be woken.
        self.sleepers.fetch_add(1, Ordering::SeqCst);
    }

    /// The pid of the owner of a mutex that is watched, if it died as such and
    /// nobody has acquired the mutex since. Who dies while it becomes the
    /// owner, before the kernel would wake anybody, has never been it.
    pub(crate) fn dead_owner(&self) -> Option<i32> {
        let word = self.word().load(Ordering::SeqCst);
        died_watched(word).then(|| self.owner.load(Ordering::Relaxed))
    }

    /// The word to sleep on until an owner leaves it or dies, who may come
    /// later; none if the last one is dead already.
    pub(crate) fn watch(&self) -> Option<Word<'_>> {
        let (word, value) = self.glance();
        (!died_watched(value)).then_some((word, value))
    }

    /// The word as it is now, whoever the owner is or was.
    pub(crate) fn glance(&self) -> Word<'_> {
        let word = self.word();
        (word, word.load(Ordering::SeqCst))
    }

    /// As [`watch`](Self::watch), if there is an owner now.
    pub(crate) fn watch_owner(&self) -> Option<Word<'_>> {
        let owned = |(_, value): &Word<'_>| value & libc::FUTEX_TID_MASK != 0;
        self.watch().filter(owned)
    }

    /// What a new owner does first.
    fn take_over(&self) {
        let thread = self.holder();
        if this().0 != thread {
            remember(thread, pid());
        }
        self.owner.store(this().1, Ordering::Relaxed);
        let times = self.times.load(Ordering::Relaxed) + 1;
        self.times.store(times, Ordering::Relaxed);
        self.remember_sleepers();
    }

    /// The thread that owns the mutex; 0: none.
    fn holder(&self) -> u32 {
        self.word().load(Ordering::Relaxed) & libc::FUTEX_TID_MASK
    }

    /// The word with the owner's thread and the mark that others sleep.
    fn word(&self) -> &AtomicU32 {
        self.raw.word()
    }

    /// Whether a thread of this process owns the mutex.
    fn is_held_here(&self) -> bool {
        let thread = self.holder();
        thread != 0 && belongs(thread, pid())
    }
}

/// A mutex, held. The copy that a forked child has holds nothing.
pub(crate) struct Held<'a>(&'a RobustMutex);

impl RobustMutex {
    /// Of the caller who has just acquired it.
    pub(crate) fn held(&self) -> Held<'_> {
        Held(self)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Ours, and sound: nothing can refuse it.
        let _ = self.0.release();
    }
}

/// A mutex in a region of its own.
///
/// The C library keeps a list of the mutexes that a thread holds, from mutex
/// to mutex. So the memory of one that is dropped while it is held stays.
pub(crate) struct MutexInRegion(ManuallyDrop<InRegion<RobustMutex>>);

impl MutexInRegion {
    pub(crate) fn new(kind: Kind) -> Result<Self> {
        let mutex = InRegion::<RobustMutex>::new()?;
        mutex.init(kind)?;
        Ok(Self(ManuallyDrop::new(mutex)))
    }
}

impl Deref for MutexInRegion {
    type Target = RobustMutex;

    fn deref(&self) -> &RobustMutex {
        &self.0
    }
}

impl Drop for MutexInRegion {
    fn drop(&mut self) {
        if !self.is_held_here() {
            // SAFETY: nobody uses the field after this.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}

/// Whether the word of a mutex says that its owner died, and that the kernel
/// has woken somebody then.
fn died_watched(word: u32) -> bool {
    let both = libc::FUTEX_OWNER_DIED | libc::FUTEX_WAITERS;
    word & both == both
}

#[cold]
fn not_released(code: i32) -> Error {
    match code {
        libc::EPERM => Error::NotOwner,
        code => failed("release a lock", code),
    }
}

#[cold]
fn failed(action: &str, code: i32) -> Error {
    Error::system(action, std::io::Error::from_raw_os_error(code))
}

/// In a forked child, whose one thread is another than its parent's.
pub(crate) fn forget_thread() {
    remember(0, 0);
}

/// What is left of `limit` since `start`; none: no limit.
pub(crate) fn remaining(
    start: Instant,
    limit: Option<Duration>,
) -> Option<Duration> {
    limit.map(|limit| limit.saturating_sub(start.elapsed()))
}

//! The robust mutex between processes: under every lock of the crate.
//!
//! Its word is 0 while it is free, and the owner's thread while it is not. Beside
//! that it may have two marks: that others may sleep on the word, and that the
//! owner died. *Robust* means that the kernel knows which mutexes a thread holds
//! ([`robust`](super::robust)): when the thread ends, in whatever way, the kernel
//! marks the word and wakes one of those who sleep. The next owner is told.
//!
//! Nobody is forgotten who sleeps: the word has the mark then, or somebody who is
//! awake is bound to set it.
//!
//! - Who goes to sleep is counted, and has marked the word of the owner.
//! - Who gives up a word with the mark makes it 0 and wakes one, in one call of
//!   the kernel, which no kill divides. Then he looks whether others are counted,
//!   and sets the mark again. If he is killed before, the one who was woken does.
//! - Who was woken and takes the mutex sets the mark if others are counted. If he
//!   finds another owner he marks that one's word, also if he goes for want of
//!   time. If he is killed before, the kernel wakes another if the mutex is free;
//!   else its owner has the mark, since who gave it up has looked.
//!
//! So one kill leaves nobody asleep beside a free mutex, whenever it comes. Two at
//! once might, of the one who gives it up and of the one who is woken. (Before
//! Linux 6.2 the kernel wakes another in the place of one who was killed only if
//! the word is 0, so also one might, of an heir, behind a death.) To look once in a
//! while, by the clock, would make up for that; but who sleeps without a limit is
//! seen from outside to wait for ever, as in a deadlock.
//!
//! The word and the list are as the C library's, whose mutex wakes by a call of
//! its own, behind the release, and does not count; and knows no pid.

mod watched;

use std::mem::{ManuallyDrop, offset_of};
use std::ops::Deref;
use std::time::Duration;

use libc::{FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS};

use crate::error::{Error, Result};
use crate::futex;
use crate::process::pid;
use crate::sys::machine::{
    AtomicI32, AtomicU32, Instant,
    Ordering::{Relaxed, SeqCst},
};
use crate::sys::region::{InRegion, shared_struct};
use crate::sys::robust::{Link, This, WORD_TO_LINK, belongs, known, this};

/// Whether the owner may acquire again.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Plain,
    Recursive,
}

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
        /// The owner's thread, and the marks that others may sleep and that
        /// the owner died.
        word: AtomicU32,
        /// The pid of the owner; 0 while there is none, so that an owner that
        /// dies before it is noted is not taken for the one before it.
        owner: AtomicI32,
        /// How often the owner has acquired it again.
        again: AtomicU32,
        /// How many wait; too high after one of them was killed, which costs a
        /// call of the kernel and nothing else.
        sleepers: AtomicU32,
        /// Whether the owner may acquire it again.
        recursive: AtomicU32,
        /// The word when it is given up: 0, or the mark if it is watched.
        word_when_free: AtomicU32,
        link: Link,
    }
}

const _: () = assert!(
    offset_of!(RobustMutex, link) + Link::FROM_START
        == offset_of!(RobustMutex, word) + WORD_TO_LINK,
    "the kernel finds the word of a mutex by its link"
);

impl RobustMutex {
    /// Makes the mutex, before anybody uses it.
    pub(crate) fn init(&self, kind: Kind) -> Result<()> {
        self.link.init();
        let recursive = matches!(kind, Kind::Recursive);
        self.recursive.store(recursive.into(), SeqCst);
        me().map(drop)
    }

    /// Waits for the mutex, for ever or until `limit` has passed on the
    /// monotonic clock.
    #[inline]
    pub(crate) fn acquire(&self, limit: Option<Duration>) -> Result<Acquired> {
        match self.acquire_at_once() {
            true => Ok(Acquired::Yes),
            false => self.acquire_slowly(limit),
        }
    }

    /// Acquires the mutex if nothing stands against it; if not,
    /// [`acquire_slowly`](Self::acquire_slowly) is to be called.
    // Small, to be inlined: what mostly comes out is a bare yes, for which no
    // `Result` has to be laid out in memory.
    #[inline]
    pub(crate) fn acquire_at_once(&self) -> bool {
        let me = known();
        match self.holder() {
            0 => me.is_somebody() && self.take_free(me),
            holder => holder == me.thread && self.take_again(),
        }
    }

    /// Takes the mutex, if its word is 0 and nobody is faster.
    #[inline]
    fn take_free(&self, me: This) -> bool {
        me.begins(&self.link);
        let free = self.change(0, me.thread);
        if free {
            self.note_owner(me);
        }
        me.is_done();
        free
    }

    /// Takes it once more, if its owner may.
    #[inline]
    fn take_again(&self) -> bool {
        let again = self.again.load(Relaxed).checked_add(1);
        let again = again.filter(|_| self.recursive.load(Relaxed) != 0);
        if let Some(again) = again {
            self.again.store(again, Relaxed);
        }
        again.is_some()
    }

    /// When the mutex could not simply be taken.
    #[cold]
    pub(crate) fn acquire_slowly(
        &self,
        limit: Option<Duration>,
    ) -> Result<Acquired> {
        let me = me()?;
        if self.holder() != me.thread {
            return Ok(self.wait(me, limit));
        }
        if self.recursive.load(Relaxed) != 0 {
            let too_often = std::io::Error::from_raw_os_error(libc::EAGAIN);
            return Err(Error::system("acquire a lock once more", too_often));
        }
        // Who only tries waits for nobody, not even for itself.
        match limit {
            Some(Duration::ZERO) => Ok(Acquired::No),
            _ => Err(Error::WouldDeadlock),
        }
    }

    fn wait(&self, me: This, limit: Option<Duration>) -> Acquired {
        // From the first `take` until it is done, the kernel looks after the
        // caller, also while he sleeps.
        let acquired = match self.take(me, 0) {
            Acquired::No if limit != Some(Duration::ZERO) => {
                self.sleepers.fetch_add(1, SeqCst);
                let acquired = self.sleep(me, limit);
                self.sleepers.fetch_sub(1, SeqCst);
                acquired
            }
            acquired => acquired,
        };
        me.is_done();
        acquired
    }

    /// Sleeps until the mutex can be taken, `limit` at most, by one who is
    /// counted.
    fn sleep(&self, me: This, limit: Option<Duration>) -> Acquired {
        let start = Instant::now();
        loop {
            match self.take(me, 1) {
                Acquired::No => {}
                acquired => return acquired,
            }
            let seen = self.word.load(SeqCst);
            let marked = seen | FUTEX_WAITERS;
            if seen & FUTEX_TID_MASK == 0 || !self.change(seen, marked) {
                continue;
            }
            // Not before the mark: who goes may have been woken, and the owner
            // is to wake another in his place.
            let left = remaining(start, limit);
            if left == Some(Duration::ZERO) {
                return Acquired::No;
            }
            futex::wait(&self.word, marked, left);
        }
    }

    /// Takes the mutex if nobody owns it, from the dead as well. Of those who
    /// are counted, so many are the caller: one or none.
    fn take(&self, me: This, counted: u32) -> Acquired {
        // If the caller has been woken, and is killed before it acts, the
        // kernel wakes another.
        me.begins(&self.link);
        loop {
            let seen = self.word.load(SeqCst);
            if seen & FUTEX_TID_MASK != 0 {
                return Acquired::No;
            }
            let mark = self.mark_beyond(counted);
            if !self.change(seen, me.thread | mark) {
                continue;
            }
            let pid = self.owner.load(Relaxed);
            self.note_owner(me);
            // Others may have lined up, and the mutex have come and gone, since
            // they were counted.
            if mark == 0 && self.mark_beyond(counted) != 0 {
                self.word.fetch_or(FUTEX_WAITERS, SeqCst);
            }
            if seen & FUTEX_OWNER_DIED == 0 {
                return Acquired::Yes;
            }
            self.again.store(0, Relaxed);
            return Acquired::FromTheDead { pid };
        }
    }

    /// What a new owner does first.
    #[inline]
    fn note_owner(&self, me: This) {
        me.owns(&self.link);
        self.owner.store(me.pid, Relaxed);
    }

    /// What a new owner marks the word with, if more are counted than so many.
    fn mark_beyond(&self, count: u32) -> u32 {
        match self.sleepers.load(SeqCst) > count {
            true => FUTEX_WAITERS,
            false => self.word_when_free.load(Relaxed),
        }
    }

    /// Gives the mutex up; only its owner can.
    #[inline]
    pub(crate) fn release(&self) -> Result<()> {
        if !self.is_mine() {
            return Err(Error::NotOwner);
        }
        let me = known();
        let again = self.again.load(Relaxed);
        if again > 0 {
            self.again.store(again - 1, Relaxed);
            return Ok(());
        }
        self.owner.store(0, Relaxed);
        me.begins(&self.link);
        me.disowns(&self.link);
        if !self.change(me.thread, 0) {
            self.release_to_one();
        }
        me.is_done();
        Ok(())
    }

    /// Gives the mutex up, and wakes one of those who may sleep.
    #[cold]
    fn release_to_one(&self) {
        let marked = self.word_when_free.load(Relaxed) != 0;
        futex::store_and_wake_one(&self.word, marked);
        // Not before: whoever lines up for a word that has the mark already
        // might not have been counted.
        if self.sleepers.load(SeqCst) > 1
            && self.word.fetch_or(FUTEX_WAITERS, SeqCst) & FUTEX_TID_MASK == 0
        {
            // No owner has seen the mark.
            futex::wake_one(&self.word);
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
    #[inline]
    pub(crate) fn is_mine(&self) -> bool {
        let me = known();
        me.is_somebody() && self.holder() == me.thread
    }

    /// Whether anybody owns the mutex; the dead do not.
    pub(crate) fn is_held(&self) -> bool {
        self.holder() != 0
    }

    #[inline]
    fn change(&self, seen: u32, new: u32) -> bool {
        self.word
            .compare_exchange(seen, new, SeqCst, SeqCst)
            .is_ok()
    }

    /// The thread that owns the mutex; 0: none.
    fn holder(&self) -> u32 {
        self.word.load(Relaxed) & FUTEX_TID_MASK
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
/// The list of the mutexes that a thread holds goes from mutex to mutex. So the
/// memory of one that is dropped while it is held stays.
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

/// The calling thread.
fn me() -> Result<This> {
    this().map_err(|error| {
        Error::system("learn where the thread's locks are listed", error)
    })
}

/// What is left of `limit` since `start`; none: no limit.
pub(crate) fn remaining(
    start: Instant,
    limit: Option<Duration>,
) -> Option<Duration> {
    limit.map(|limit| limit.saturating_sub(start.elapsed()))
}

//! The robust, process-shared mutex of the C library: under every lock of the
//! crate.
//!
//! Robust means that the kernel keeps a list of the mutexes that a thread
//! holds and, when the thread ends in whatever way, marks them and wakes the
//! next one in line, who is told so (`EOWNERDEAD`).

use std::cell::{Cell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::futex::Word;
use crate::process::pid;
use crate::sys::region::{InRegion, Shared};

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

/// A mutex in shared memory. Zeroed bytes are none yet: [`RobustMutex::init`].
#[repr(C)]
pub(crate) struct RobustMutex {
    raw: UnsafeCell<libc::pthread_mutex_t>,
    /// The pid of the owner; 0 while there is none, so that an owner that dies
    /// before it is noted is not taken for the one before it.
    owner: AtomicI32,
    /// How many wait in the kernel; too high after one of them was killed.
    sleepers: AtomicU32,
    /// Whether `init` was called.
    made: AtomicU32,
}

thread_local! {
    /// The thread as the mutexes know it, and its process, to save the calls
    /// that ask for them.
    static THIS: Cell<(u32, i32)> = const { Cell::new((0, 0)) };
}

// SAFETY: the C library's mutex is made for concurrent use through one address
// in each process (PTHREAD_PROCESS_SHARED), and is changed by its functions
// alone; the owner's pid is an atomic. Zeroed bytes are a valid (private,
// unlocked) mutex in glibc, so a value exists even before `init`.
unsafe impl Sync for RobustMutex {}
// SAFETY: as above; fixed layout by repr(C).
unsafe impl Shared for RobustMutex {}

// The libc crate does not bind these three of glibc's functions.
unsafe extern "C" {
    fn pthread_mutexattr_setrobust(
        attr: *mut libc::pthread_mutexattr_t,
        robust: libc::c_int,
    ) -> libc::c_int;
    fn pthread_mutex_consistent(
        mutex: *mut libc::pthread_mutex_t,
    ) -> libc::c_int;
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        deadline: *const libc::timespec,
    ) -> libc::c_int;
}

const PTHREAD_MUTEX_ROBUST: libc::c_int = 1;

impl RobustMutex {
    /// Makes the mutex. Only the first call does.
    pub(crate) fn init(&self, kind: Kind) -> Result<()> {
        if self.made.swap(1, Ordering::SeqCst) != 0 {
            return Ok(());
        }
        let kind = match kind {
            Kind::Plain => libc::PTHREAD_MUTEX_ERRORCHECK,
            Kind::Recursive => libc::PTHREAD_MUTEX_RECURSIVE,
        };
        let shared = libc::PTHREAD_PROCESS_SHARED;
        // SAFETY: `attr` is initialised by pthread_mutexattr_init before the
        // other functions see it, and destroyed once. The mutex is initialised
        // once, as `made` says, in the memory that it stays in.
        let codes = unsafe {
            let mut attr = std::mem::MaybeUninit::uninit();
            let attr = attr.as_mut_ptr();
            [
                libc::pthread_mutexattr_init(attr),
                libc::pthread_mutexattr_settype(attr, kind),
                libc::pthread_mutexattr_setpshared(attr, shared),
                pthread_mutexattr_setrobust(attr, PTHREAD_MUTEX_ROBUST),
                libc::pthread_mutex_init(self.raw.get(), attr),
                libc::pthread_mutexattr_destroy(attr),
            ]
        };
        match codes.into_iter().find(|code| *code != 0) {
            None => Ok(()),
            Some(code) => Err(failed("make a lock", code)),
        }
    }

    /// Waits for the mutex, for ever or until `limit` has passed on the
    /// monotonic clock.
    pub(crate) fn acquire(&self, limit: Option<Duration>) -> Result<Acquired> {
        // SAFETY: `raw` is an initialised mutex that lives as long as `self`.
        let mut code = unsafe { libc::pthread_mutex_trylock(self.raw.get()) };
        if code == libc::EBUSY && limit != Some(Duration::ZERO) {
            self.sleepers.fetch_add(1, Ordering::SeqCst);
            code = self.sleep(limit);
            self.sleepers.fetch_sub(1, Ordering::SeqCst);
        }
        match code {
            0 => {
                self.take_over();
                Ok(Acquired::Yes)
            }
            libc::EOWNERDEAD => {
                let pid = self.owner.load(Ordering::Relaxed);
                // SAFETY: EOWNERDEAD says that this thread owns the mutex and
                // that it is to be made consistent.
                unsafe { pthread_mutex_consistent(self.raw.get()) };
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

    /// Waits in the kernel; what the C library says in the end.
    fn sleep(&self, limit: Option<Duration>) -> libc::c_int {
        let mutex = self.raw.get();
        let deadline = limit.map(monotonic_deadline);
        // SAFETY: `mutex` points to an initialised mutex that lives as long
        // as `self`; `deadline` is a local that outlives the call.
        unsafe {
            match &deadline {
                None => libc::pthread_mutex_lock(mutex),
                Some(deadline) => {
                    let clock = libc::CLOCK_MONOTONIC;
                    pthread_mutex_clocklock(mutex, clock, deadline)
                }
            }
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
    pub(crate) fn release(&self) -> Result<()> {
        let pid = THIS.get().1;
        let ours = self.is_mine();
        if ours {
            self.owner.store(0, Ordering::Relaxed);
        }
        // SAFETY: `raw` is an initialised mutex; the C library itself refuses
        // (EPERM) when the calling thread does not own it.
        let code = unsafe { libc::pthread_mutex_unlock(self.raw.get()) };
        if ours && self.is_mine() {
            // It was acquired more than once.
            self.owner.store(pid, Ordering::Relaxed);
        }
        match code {
            0 => Ok(()),
            libc::EPERM => Err(Error::NotOwner),
            code => Err(failed("release a lock", code)),
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
        let (thread, _) = THIS.get();
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
        let word = self.word();
        let value = word.load(Ordering::SeqCst);
        (!died_watched(value)).then_some((word, value))
    }

    /// As [`watch`](Self::watch), if there is an owner now.
    pub(crate) fn watch_owner(&self) -> Option<Word<'_>> {
        let owned = |(_, value): &Word<'_>| value & libc::FUTEX_TID_MASK != 0;
        self.watch().filter(owned)
    }

    /// What a new owner does first.
    fn take_over(&self) {
        let thread = self.holder();
        if THIS.get().0 != thread {
            THIS.set((thread, pid()));
        }
        self.owner.store(THIS.get().1, Ordering::Relaxed);
        self.remember_sleepers();
    }

    /// The thread that owns the mutex; 0: none.
    fn holder(&self) -> u32 {
        self.word().load(Ordering::Relaxed) & libc::FUTEX_TID_MASK
    }

    /// The word with the owner's thread and the mark that others sleep.
    fn word(&self) -> &AtomicU32 {
        // SAFETY: a robust mutex begins with the word that the kernel looks
        // at when its owner dies, which C library and kernel change by atomic
        // instructions alone; it lives as long as `self`.
        unsafe { &*self.raw.get().cast::<AtomicU32>() }
    }

    /// Whether a thread of this process owns the mutex.
    fn is_held_here(&self) -> bool {
        let (process, thread) = (pid(), self.holder());
        // SAFETY: signal 0 only asks whether the thread is one of ours.
        let found =
            unsafe { libc::syscall(libc::SYS_tgkill, process, thread, 0) };
        thread != 0 && found == 0
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

fn failed(action: &str, code: i32) -> Error {
    Error::system(action, std::io::Error::from_raw_os_error(code))
}

fn monotonic_deadline(limit: Duration) -> libc::timespec {
    use rustix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::Monotonic);
    let nanos = now.tv_nsec + i64::from(limit.subsec_nanos());
    let seconds = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
    libc::timespec {
        tv_sec: now
            .tv_sec
            .saturating_add(seconds)
            .saturating_add(nanos / 1_000_000_000),
        tv_nsec: nanos % 1_000_000_000,
    }
}

/// In a forked child, whose one thread is another than its parent's.
pub(crate) fn forget_thread() {
    THIS.set((0, 0));
}

/// What is left of `limit` since `start`; none: no limit.
pub(crate) fn remaining(
    start: Instant,
    limit: Option<Duration>,
) -> Option<Duration> {
    limit.map(|limit| limit.saturating_sub(start.elapsed()))
}

//! The C library's robust, process-shared mutex: its calls, and the word that
//! the kernel looks at. What the crate makes of them is in `mutex`.

use std::cell::{Cell, UnsafeCell};
use std::time::Duration;

use libc::c_int;

use super::machine::{AtomicU32, Ordering};
use super::region::Shared;

/// Whether the owner may acquire again.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Plain,
    Recursive,
}

/// A mutex of the C library. Zeroed bytes are none yet: [`Pthread::init`]. Its
/// calls give the C library's codes: 0, or what went wrong.
#[repr(C)]
pub(super) struct Pthread {
    raw: UnsafeCell<libc::pthread_mutex_t>,
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
// alone. Zeroed bytes are a valid (private, unlocked) mutex in glibc, so a
// value exists even before `init`.
unsafe impl Sync for Pthread {}
// SAFETY: as above; fixed layout by repr(C).
unsafe impl Shared for Pthread {}

// The libc crate does not bind these three of glibc's functions.
unsafe extern "C" {
    fn pthread_mutexattr_setrobust(
        attr: *mut libc::pthread_mutexattr_t,
        robust: c_int,
    ) -> c_int;
    fn pthread_mutex_consistent(mutex: *mut libc::pthread_mutex_t) -> c_int;
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        deadline: *const libc::timespec,
    ) -> c_int;
}

const PTHREAD_MUTEX_ROBUST: c_int = 1;

impl Pthread {
    /// Makes the mutex. Only the first call does.
    pub(super) fn init(&self, kind: Kind) -> c_int {
        if self.made.swap(1, Ordering::SeqCst) != 0 {
            return 0;
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
        codes.into_iter().find(|code| *code != 0).unwrap_or(0)
    }

    pub(super) fn try_lock(&self) -> c_int {
        // SAFETY: `raw` is an initialised mutex that lives as long as `self`.
        unsafe { libc::pthread_mutex_trylock(self.raw.get()) }
    }

    /// Waits, for ever or until `limit` has passed on the monotonic clock.
    pub(super) fn lock(&self, limit: Option<Duration>) -> c_int {
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

    /// For the new owner of a mutex whose last one died: makes it a mutex like
    /// any other.
    pub(super) fn make_consistent(&self) {
        // SAFETY: `raw` is an initialised mutex that lives as long as `self`;
        // one that is consistent already stays as it is.
        unsafe { pthread_mutex_consistent(self.raw.get()) };
    }

    pub(super) fn unlock(&self) -> c_int {
        // SAFETY: `raw` is an initialised mutex; the C library itself refuses
        // (EPERM) when the calling thread does not own it.
        unsafe { libc::pthread_mutex_unlock(self.raw.get()) }
    }

    /// The word with the owner's thread and the mark that others sleep.
    pub(super) fn word(&self) -> &AtomicU32 {
        // SAFETY: a robust mutex begins with the word that the kernel looks
        // at when its owner dies, which C library and kernel change by atomic
        // instructions alone; it lives as long as `self`.
        unsafe { &*self.raw.get().cast::<AtomicU32>() }
    }
}

/// The calling thread and its process, as they were last [remembered](remember);
/// zeroes: never.
pub(super) fn this() -> (u32, i32) {
    THIS.get()
}

/// Keeps in mind which thread and process the calling ones are.
pub(super) fn remember(thread: u32, process: i32) {
    THIS.set((thread, process));
}

/// Whether `thread` is one of `process`.
pub(super) fn belongs(thread: u32, process: i32) -> bool {
    // SAFETY: signal 0 only asks whether there is such a thread.
    unsafe { libc::syscall(libc::SYS_tgkill, process, thread, 0) == 0 }
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

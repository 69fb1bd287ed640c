//! The C library's mutexes and a bare semaphore, in shared memory.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use super::{Shareable, futex_wait, futex_wake};

unsafe extern "C" {
    fn pthread_mutexattr_setrobust(
        attr: *mut libc::pthread_mutexattr_t,
        robust: libc::c_int,
    ) -> libc::c_int;
}

/// A mutex between processes, and a number that it guards.
#[repr(C)]
pub(crate) struct Mutex {
    raw: UnsafeCell<libc::pthread_mutex_t>,
    number: UnsafeCell<u64>,
}

// SAFETY: the C library's mutex is made for it; the number is changed by its
// owner only; zero is a value of both.
unsafe impl Sync for Mutex {}
// SAFETY: as above.
unsafe impl Shareable for Mutex {}

impl Mutex {
    /// Makes it; `robust`: the death of its owner is told.
    pub(crate) fn init(&self, robust: bool) {
        let mut attr = MaybeUninit::uninit();
        let attr = attr.as_mut_ptr();
        // SAFETY: the attributes are initialised before they are used, and the
        // mutex is initialised once, before anybody has it.
        unsafe {
            libc::pthread_mutexattr_init(attr);
            let shared = libc::PTHREAD_PROCESS_SHARED;
            libc::pthread_mutexattr_setpshared(attr, shared);
            pthread_mutexattr_setrobust(attr, i32::from(robust));
            libc::pthread_mutex_init(self.raw.get(), attr);
        }
    }

    /// Adds one to the number, under the mutex.
    pub(crate) fn add_one(&self) {
        // SAFETY: the mutex is initialised; its owner alone has the number.
        unsafe {
            libc::pthread_mutex_lock(self.raw.get());
            let number = self.number.get();
            number.write_volatile(number.read_volatile() + 1);
            libc::pthread_mutex_unlock(self.raw.get());
        }
    }

    /// Locks and unlocks.
    pub(crate) fn pass(&self) {
        // SAFETY: the mutex is initialised.
        unsafe {
            libc::pthread_mutex_lock(self.raw.get());
            libc::pthread_mutex_unlock(self.raw.get());
        }
    }
}

/// A count, and who sleeps because it is zero.
#[repr(C)]
pub(crate) struct Semaphore {
    value: AtomicU32,
    sleepers: AtomicU32,
}

// SAFETY: atomics; zero is a value.
unsafe impl Shareable for Semaphore {}

impl Semaphore {
    pub(crate) fn release(&self) {
        self.value.fetch_add(1, Release);
        if self.sleepers.load(SeqCst) > 0 {
            futex_wake(&self.value);
        }
    }

    pub(crate) fn acquire(&self) {
        loop {
            let value = self.value.load(Relaxed);
            if value == 0 {
                self.sleepers.fetch_add(1, SeqCst);
                futex_wait(&self.value, 0);
                self.sleepers.fetch_sub(1, SeqCst);
                continue;
            }
            let taken =
                self.value
                    .compare_exchange(value, value - 1, Acquire, Relaxed);
            if taken.is_ok() {
                return;
            }
        }
    }
}

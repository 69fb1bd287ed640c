//! The least that the machine needs: the kernel's calls and the processors'
//! instructions, with nothing that makes them safe to use, or safe from kills.

#![allow(
    unsafe_code,
    reason = "the floors are what lies below the safe libraries"
)]

pub(crate) mod coroutine;
pub(crate) mod doorbell;
pub(crate) mod mutex;
pub(crate) mod ring;
pub(crate) mod sheet;

use std::ffi::c_void;
use std::mem::size_of;
use std::num::NonZero;
use std::sync::atomic::AtomicU32;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Memory that lies in a process as well as in its forks. All bits zero must
/// be a value.
///
/// # Safety
/// Sharing it must be sound.
pub(crate) unsafe trait Shareable {}

// SAFETY: an atomic; zero is a value.
unsafe impl Shareable for AtomicU32 {}

/// A zeroed `T` in shared memory, which stays as long as the process.
pub(crate) fn shared<T: Shareable>() -> &'static T {
    let len = NonZero::new(size_of::<T>()).expect("it has a size");
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a new mapping, which nobody unmaps; the pages are zeroed, which
    // is a value of a `Shareable`, and aligned for everything.
    unsafe {
        mmap_anonymous(None, len, access, MapFlags::MAP_SHARED)
            .expect("there is memory")
            .cast::<T>()
            .as_ref()
    }
}

/// A forked process that does `work`, and ends.
pub(crate) struct Child(Pid);

impl Child {
    pub(crate) fn new(work: impl FnOnce()) -> Self {
        // SAFETY: the measurements fork while they have one thread.
        match unsafe { fork() }.expect("there is room for a process") {
            ForkResult::Parent { child } => Self(child),
            ForkResult::Child => {
                work();
                // SAFETY: it only ends the process.
                unsafe { libc::_exit(0) }
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.as_raw().cast_unsigned()
    }

    pub(crate) fn wait(self) {
        waitpid(self.0, None).expect("it is our child");
    }
}

/// Sleeps while `word` is `value`.
pub(crate) fn futex_wait(word: &AtomicU32, value: u32) {
    futex(word, libc::FUTEX_WAIT, value);
}

/// Wakes one who sleeps on `word`.
pub(crate) fn futex_wake(word: &AtomicU32) {
    futex(word, libc::FUTEX_WAKE, 1);
}

fn futex(word: &AtomicU32, operation: i32, value: u32) {
    let none: *const c_void = std::ptr::null();
    // SAFETY: the kernel reads the word, which lives; it has no time limit.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, none);
    }
}

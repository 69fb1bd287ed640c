//! A page that a family of processes shares, without a name or a descriptor.

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::region::Shared;
use crate::error::{Error, Result};

/// Of every machine that Linux runs on, at least.
const SIZE: NonZeroUsize = NonZeroUsize::new(4096).expect("it is not zero");

/// A zeroed `T`, shared with every process forked from now on. It costs no
/// memory until somebody touches it.
pub(crate) struct Page<T> {
    memory: NonNull<T>,
    marker: PhantomData<T>,
}

// SAFETY: a Page is an address, tied to no thread; what lies there is reached
// through shared references only, and `Shared` types are safe to use from
// several threads.
unsafe impl<T: Shared> Send for Page<T> {}
// SAFETY: as above.
unsafe impl<T: Shared> Sync for Page<T> {}

impl<T: Shared> Page<T> {
    pub(crate) fn new() -> Result<Self> {
        const { assert!(size_of::<T>() <= SIZE.get()) };
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED;
        // SAFETY: a new mapping at a place that the kernel chooses touches no
        // memory of ours; it is unmapped once, in `drop`.
        let memory = unsafe { mmap_anonymous(None, SIZE, access, flags) };
        let memory = memory
            .map_err(|errno| Error::system("share a page of memory", errno))?
            .cast();
        Ok(Self {
            memory,
            marker: PhantomData,
        })
    }
}

impl<T: Shared> Deref for Page<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the mapping is as long as a `T` at least, begins on a page,
        // which aligns it, and lives as long as `self`. `Shared` says that
        // zeroed bytes, and what other processes make of them through a `T`,
        // are a valid `T`, and that a shared reference is all that anyone needs.
        unsafe { self.memory.as_ref() }
    }
}

impl<T> Drop for Page<T> {
    fn drop(&mut self) {
        // SAFETY: the range was mapped in `new` and is unmapped once; all
        // references into it are borrows of `self`, which ends.
        let _ = unsafe { munmap(self.memory.cast(), SIZE.get()) };
    }
}

//! What a thread holds, for the kernel: when the thread ends, in whatever way,
//! the kernel goes through a list of its mutexes, writes into the word of each
//! that the owner died, and wakes one who sleeps on it.
//!
//! The list is the kernel's [robust futex]: a head for each thread, which the C
//! library has made, and a link in each mutex. Mutexes of the C library may be
//! in it, too, so the links are as its own: whoever takes one out of the list
//! writes into the links before and behind it. What a mutex is besides is in
//! `mutex`.
//!
//! [robust futex]: https://docs.kernel.org/locking/robust-futex-ABI.html

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::io;
use std::marker::PhantomData;
use std::sync::atomic::{
    AtomicBool, AtomicIsize, AtomicUsize, Ordering, compiler_fence,
};

#[cfg(not(all(target_pointer_width = "64", target_env = "gnu")))]
compile_error!("the list of robust mutexes is that of glibc on 64 bits");

use super::fork::in_forked_children;
use super::region::{Shared, shared_struct};
use crate::process::pid;

/// The kernel finds the word of a mutex so many bytes before its link, and so
/// does the C library in its own.
pub(super) const WORD_TO_LINK: usize = 32;

/// From the `prev` of a link to its `next`, to which all others point.
const PREV_TO_NEXT: usize = size_of::<usize>();

/// The C library marks its mutexes of another sort, those that inherit
/// priorities, by this bit of a pointer.
const PI_BIT: usize = 1;

shared_struct! {
    /// The place of a mutex in the list of its owner, who alone looks at it.
    pub(super) struct Link {
        prev: AtomicUsize,
        next: AtomicUsize,
    }
}

// SAFETY: an atomic integer is valid for any bytes and changes atomically.
unsafe impl Shared for AtomicUsize {}

/// The head of a list, in memory of the C library.
#[repr(C)]
struct Head {
    /// The `next` of the first link; its own address: there is none.
    first: AtomicUsize,
    /// From a link to the word of its mutex.
    to_word: AtomicIsize,
    /// The `next` of a link that is about to be put in or taken out.
    pending: AtomicUsize,
}

/// A thread, and its list.
#[derive(Clone, Copy)]
pub(super) struct This {
    /// As the words name it; 0: of nobody.
    pub(super) thread: u32,
    pub(super) pid: i32,
    list: &'static Head,
    /// It does not leave its thread, with which the list ends.
    here: PhantomData<*const ()>,
}

const NOBODY: This = This {
    thread: 0,
    pid: 0,
    list: &NO_LIST,
    here: PhantomData,
};

static NO_LIST: Head = Head {
    first: AtomicUsize::new(0),
    to_word: AtomicIsize::new(0),
    pending: AtomicUsize::new(0),
};

thread_local! {
    /// The calling thread, to save the calls that ask for it.
    static THIS: Cell<This> = const { Cell::new(NOBODY) };
}

/// The calling thread.
#[inline]
pub(super) fn this() -> io::Result<This> {
    match THIS.get() {
        this if this.thread != 0 => Ok(this),
        _ => ask(),
    }
}

/// The calling thread, if it has ever asked for itself; else nobody, who owns
/// nothing.
#[inline]
pub(super) fn known() -> This {
    THIS.get()
}

#[cold]
fn ask() -> io::Result<This> {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    extern "C" fn forget() {
        THIS.set(NOBODY);
    }
    in_forked_children(forget, &REGISTERED)?;
    let this = This {
        thread: rustix::thread::gettid()
            .as_raw_nonzero()
            .get()
            .unsigned_abs(),
        pid: pid(),
        list: list()?,
        here: PhantomData,
    };
    THIS.set(this);
    Ok(this)
}

/// The head of the calling thread's list, which is not to leave the thread.
fn list() -> io::Result<&'static Head> {
    let mut head: *const Head = std::ptr::null();
    let mut size = 0_usize;
    let (to_head, to_size) = (&raw mut head, &raw mut size);
    let myself = 0;
    // SAFETY: the call writes a pointer and a size to where it is told, both
    // locals that outlive it.
    let code = unsafe {
        libc::syscall(libc::SYS_get_robust_list, myself, to_head, to_size)
    };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: null, or the head that the C library gave to the kernel for this
    // thread, which stays as long as the thread; all of it is atomic.
    let head = unsafe { head.as_ref() };
    let fits = |it: &&Head| {
        let to_word = it.to_word.load(ORDER);
        size == size_of::<Head>() && to_word == -WORD_TO_LINK.cast_signed()
    };
    let unlike = "the C library keeps no list of robust mutexes as glibc does";
    head.filter(fits)
        .ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, unlike))
}

/// The kernel looks at the list when the thread does nothing any more, and
/// others never do: only the compiler must keep the order.
const ORDER: Ordering = Ordering::Relaxed;

impl This {
    /// Whether the thread has asked for itself.
    #[inline]
    pub(super) fn is_somebody(self) -> bool {
        self.thread != 0
    }

    /// Is about to take the mutex with this link, or to give it up: if the
    /// thread ends before [`is_done`](Self::is_done), the kernel looks at the
    /// mutex, too.
    #[inline]
    pub(super) fn begins(self, link: &Link) {
        self.list.pending.store(link.address(), ORDER);
        compiler_fence(Ordering::SeqCst);
    }

    #[inline]
    pub(super) fn is_done(self) {
        compiler_fence(Ordering::SeqCst);
        self.list.pending.store(0, ORDER);
    }

    /// Puts the link of a mutex that the thread has taken into the list. Its
    /// memory is to stay where it is until the mutex is given up.
    #[inline]
    pub(super) fn owns(self, link: &Link) {
        let (first, own) = (self.list.first.load(ORDER), link.address());
        link.next.store(first, ORDER);
        link.prev.store(self.end(), ORDER);
        if let Some(prev) = self.prev_of(first) {
            prev.store(own, ORDER);
        }
        compiler_fence(Ordering::SeqCst);
        self.list.first.store(own, ORDER);
    }

    /// Takes the link of a mutex that the thread owns out of the list.
    #[inline]
    pub(super) fn disowns(self, link: &Link) {
        let (prev, next) = (link.prev.load(ORDER), link.next.load(ORDER));
        if let Some(behind) = self.prev_of(next) {
            behind.store(prev, ORDER);
        }
        // SAFETY: `prev` is the `next` of the link before, or the head's
        // `first`, as in `prev_of`.
        let before = unsafe { word(prev & !PI_BIT) };
        before.store(next, ORDER);
        compiler_fence(Ordering::SeqCst);
    }

    /// The `prev` of the link to whose `next` a pointer of the list leads;
    /// none: it leads to the head.
    #[inline]
    fn prev_of(&self, next: usize) -> Option<&AtomicUsize> {
        let next = next & !PI_BIT;
        // SAFETY: the pointers of the list are written by this module and by
        // the C library only, in this thread, and a mutex stays in its memory
        // as long as it is in the list, as they do of the C library. So this one
        // leads to the `next` of a link, before which its `prev` lies.
        (next != self.end()).then(|| unsafe { word(next - PREV_TO_NEXT) })
    }

    /// What the last pointer of the list leads to.
    #[inline]
    fn end(&self) -> usize {
        std::ptr::from_ref(self.list).expose_provenance()
    }
}

impl Link {
    /// Where it is that the kernel points to.
    pub(super) const FROM_START: usize = PREV_TO_NEXT;

    /// Of no list yet.
    pub(super) fn init(&self) {
        self.prev.store(0, ORDER);
        self.next.store(0, ORDER);
    }

    /// As the list points to it.
    #[inline]
    fn address(&self) -> usize {
        // All of the link, since `prev` is found by it, too.
        std::ptr::from_ref(self).expose_provenance() + Self::FROM_START
    }
}

/// A word of a list.
///
/// # Safety
/// `address` is that of a word of the calling thread's list, which stays as long
/// as the reference is used.
#[inline]
unsafe fn word<'a>(address: usize) -> &'a AtomicUsize {
    // SAFETY: as the caller says; a link was exposed when it was put into the
    // list, those of the C library and the head by it, to foreign code.
    unsafe { &*std::ptr::with_exposed_provenance(address) }
}

/// Whether `thread` is one of `process`.
pub(super) fn belongs(thread: u32, process: i32) -> bool {
    // SAFETY: signal 0 only asks whether there is such a thread.
    unsafe { libc::syscall(libc::SYS_tgkill, process, thread, 0) == 0 }
}

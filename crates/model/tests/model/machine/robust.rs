//! In the place of the library's `sys/robust/mod.rs`: the list of the mutexes that
//! a process holds is the kernel's own. What Linux does with it when the owner
//! dies is in [`death`](super::death).

use super::kernel;
use super::words::AtomicU64;
use crate::sys::region::shared_struct;

/// As in the library.
pub(crate) const WORD_TO_LINK: usize = 32;

shared_struct! {
    pub(crate) struct Link {
        prev: AtomicU64,
        next: AtomicU64,
    }
}

/// A process, which has one thread.
#[derive(Clone, Copy)]
pub(crate) struct This {
    /// 0: it has never asked for itself.
    pub(crate) thread: u32,
    pub(crate) pid: i32,
}

pub(crate) fn this() -> std::io::Result<This> {
    if kernel::unwinds() {
        // The dead do not wait.
        return Err(std::io::ErrorKind::Interrupted.into());
    }
    kernel::ask_for_itself();
    Ok(known())
}

pub(crate) fn known() -> This {
    let pid = kernel::pid(kernel::me());
    let thread = match kernel::knows_itself() {
        true => pid.unsigned_abs(),
        false => 0,
    };
    This { thread, pid }
}

// A process has one list, whoever asks.
#[allow(clippy::unused_self)]
impl This {
    pub(crate) fn is_somebody(self) -> bool {
        self.thread != 0
    }

    pub(crate) fn begins(self, link: &Link) {
        kernel::pending(Some(link.word()));
    }

    pub(crate) fn is_done(self) {
        kernel::pending(None);
    }

    pub(crate) fn owns(self, link: &Link) {
        kernel::owns(link.word());
    }

    pub(crate) fn disowns(self, link: &Link) {
        kernel::disowns(link.word());
    }
}

impl Link {
    pub(crate) const FROM_START: usize = size_of::<AtomicU64>();

    pub(crate) fn init(&self) {
        kernel::made(self.word());
    }

    /// The address of the word of its mutex.
    fn word(&self) -> usize {
        self.next.address() - WORD_TO_LINK
    }
}

/// No memory is freed while somebody may look at it.
pub(crate) fn belongs(_thread: u32, _process: i32) -> bool {
    false
}

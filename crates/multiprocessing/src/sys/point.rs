//! Points: where an explorer may let somebody else run.
//!
//! An explorer runs a program one task at a time, to try the orders in which
//! its tasks may act. It can change who runs when a task makes a system call.
//! But to take a free lock, or to write a shared value, is no system call, and
//! what goes wrong between two of them would never be seen. So each operation
//! on what is shared is a *point*: under an explorer it begins with a call that
//! does nothing and tells its name. The protocol:
//!
//! - The explorer sets the environment variable `EXPLORED` to `1`. A process
//!   reads it once, and its forked children have the answer from it.
//! - The call is `sched_yield`, with three arguments that it does not look at:
//!   the number `0x6578_706c_6f72_6564`, which is "explored" in ASCII; the
//!   address of the operation's name; its length. The name is UTF-8 and stays
//!   where it is: `Queue.put`.
//! - It comes before all else that the operation does, and once, however often
//!   the operation has to wait and look again: the waits are calls of their
//!   own. A slice of a `RawArray` is an operation for each item, since nothing
//!   holds the items together.
//! - Names are Python's, those of an assignment with `=` after them: to read
//!   is `Value.value`, to write `Value.value =`. What the library does for
//!   itself inside of an operation has none.
//!
//! A program that asks again and again, say whether a queue is empty, comes
//! through a point each time, so it cannot keep the others from running.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Tells that the call is a point.
const MARK: u64 = u64::from_be_bytes(*b"explored");

static EXPLORED: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const NO: u8 = 1;
const YES: u8 = 2;

/// The first thing that `operation` does.
#[inline]
pub(crate) fn point(operation: &'static str) {
    if EXPLORED.load(Relaxed) != NO {
        tell(operation);
    }
}

#[cold]
fn tell(operation: &'static str) {
    if !is_explored() {
        return;
    }
    let (name, len) = (operation.as_ptr(), operation.len());
    // SAFETY: sched_yield has no arguments: the kernel looks at none, and
    // touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_sched_yield, MARK, name, len) };
}

/// Whether an explorer decides who runs.
pub(crate) fn is_explored() -> bool {
    if EXPLORED.load(Relaxed) == UNKNOWN {
        let asked = std::env::var_os("EXPLORED").is_some_and(|it| it == "1");
        EXPLORED.store(if asked { YES } else { NO }, Relaxed);
    }
    EXPLORED.load(Relaxed) == YES
}

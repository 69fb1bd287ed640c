//! Whose a value is, of which two processes have copies.
//!
//! What moves into a child is the child's, and the parent drops its own copy.
//! What a fork has merely copied is still the parent's. For most values that
//! makes no difference; but what has a name in the system, as a listener has,
//! takes it away at its end, and only its owner may do so.

use std::cell::Cell;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use super::pid;

/// The last process of this line that a closure was moved into.
static HEIR: AtomicI32 = AtomicI32::new(0);

thread_local! {
    static HANDING_OVER: Cell<bool> = const { Cell::new(false) };
}

/// Whether the value that is being dropped, which the process `maker` has made,
/// ends with it.
///
/// What a child drops has moved into it or was made there: it never comes back
/// to the frames of its parent. Other forks do.
pub(crate) fn ends_here(maker: i32) -> bool {
    let own = pid();
    !HANDING_OVER.get() && (maker == own || HEIR.load(Relaxed) == own)
}

/// In a child: what is moved into it is its own now.
pub(crate) fn to_this_process() {
    HEIR.store(pid(), Relaxed);
}

/// In its parent: drops the value that the child has.
pub(crate) fn to_child<T>(value: T) {
    let _end = End(HANDING_OVER.replace(true));
    drop(value);
}

/// The end, also if a destructor panics.
struct End(bool);

impl Drop for End {
    fn drop(&mut self) {
        HANDING_OVER.set(self.0);
    }
}

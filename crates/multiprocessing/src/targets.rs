//! Whatever takes bytes from another process, as targets of hostile input.
//!
//! They are built for the tests and for `scripts/fuzz` alone. Each lies beside
//! what it aims at, which is private, and stays so.

use std::os::fd::{AsFd, AsRawFd};

use hostile::Target;
use nix::sys::eventfd::EventFd;

use crate::{connection, manager, pipe, pool};

/// All targets of this crate.
#[cfg_attr(test, allow(unreachable_pub))]
pub const TARGETS: &[Target] = &[
    pipe::targets::FRAMES,
    pipe::targets::ITEMS,
    pipe::targets::DESCRIPTORS,
    connection::targets::ANSWERS,
    connection::targets::CHALLENGES,
    manager::targets::REQUESTS,
    manager::targets::REPLIES,
    pool::targets::WORKERS,
];

/// The lowest number that a new descriptor would get: it is the same again
/// once all that were opened since are closed.
pub(crate) fn lowest_free() -> i32 {
    let probe = EventFd::new().expect("a descriptor is left");
    probe.as_fd().as_raw_fd()
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_bytes_are_dealt_with() {
        hostile::replay(super::TARGETS);
    }
}

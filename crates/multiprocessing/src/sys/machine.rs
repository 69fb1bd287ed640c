//! What the algorithms in shared memory ask of the machine: words that change
//! atomically, and the time.
//!
//! These are the standard library's. They have a file of their own because the
//! model (`crates/model`) reads the same algorithms with others in their
//! place, of which each is a step that somebody else may come before.

pub(crate) use std::sync::atomic::{
    AtomicI32, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering,
};
pub(crate) use std::time::Instant;

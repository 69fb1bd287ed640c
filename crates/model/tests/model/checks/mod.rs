//! The checks, object by object.

mod barrier;
mod bell;
mod condition;
mod event;
mod lock;
mod post;
mod queue;
mod semaphore;
mod slot;

use std::time::Duration;

use crate::process::Process;

/// A limit: a test says when it is over.
const LIMIT: Duration = Duration::from_secs(1);

/// Kills who has not ended, at the end of a check.
fn end<T>(process: Process<T>) {
    process.end();
}

/// The bytes of a message: more than a word, so that half of it may be written.
fn bytes_of(message: u32) -> Vec<u8> {
    [message; 4].map(u32::to_ne_bytes).concat()
}

/// The message of which these are the bytes, all of the same.
fn message_of(bytes: &[u8]) -> u32 {
    let parts = bytes.as_chunks().0.iter();
    let parts: Vec<_> = parts.map(|it| u32::from_ne_bytes(*it)).collect();
    assert!(parts.len() == 4 && parts.iter().all(|it| *it == parts[0]));
    parts[0]
}

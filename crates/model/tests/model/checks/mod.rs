//! The checks, object by object.

mod barrier;
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

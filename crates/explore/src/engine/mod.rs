//! The tracer, for x86-64.
//!
//! A program is launched and stopped (`sys`, `tracer`); its system calls have a
//! meaning (`calls`, `limit`, `effects`) and a course (`progress`); time, chance
//! and the terminal are the tracer's (`time`, `clock`, `terminal`); what happens
//! is recorded (`record`). The explorer chooses who goes on (`explorer`,
//! `strategy`, `settle`); the watcher lets everybody go on (`watcher`).

mod calls;
mod clock;
mod effects;
mod explorer;
mod limit;
mod pin;
mod progress;
mod record;
mod settle;
mod strategy;
mod sys;
mod terminal;
mod time;
mod tracee;
mod tracer;
mod watcher;

use std::panic::resume_unwind;
use std::thread::{self, Builder};
use std::time::Duration;

use crate::error::Error;
use crate::program::Program;
use crate::schedule::Schedule;
use crate::trace::Trace;
use explorer::Limits;

pub(crate) fn explore(
    program: &Program,
    schedule: &Schedule,
) -> Result<Trace, Error> {
    apart(|| explorer::explore(program, schedule, Limits::default()))
}

pub(crate) fn watch(
    program: &Program,
    deadline: Duration,
) -> Result<Trace, Error> {
    apart(|| watcher::watch(program, deadline))
}

/// Does it in a thread of its own: a tracer waits for all children of its
/// thread, and those of the caller are not its affair. When the thread ends,
/// the kernel ends whom it traces.
fn apart<T: Send>(
    action: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    thread::scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, action);
        let thread = thread.map_err(|source| Error::System {
            what: "start a thread",
            source,
        })?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

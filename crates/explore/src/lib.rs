//! Runs any program one task at a time, by a seed, on a virtual clock.

mod calls;
mod clock;
mod effects;
mod error;
mod explorer;
mod limit;
mod program;
mod progress;
mod record;
mod schedule;
mod strategy;
mod sys;
mod terminal;
mod time;
mod trace;
mod tracee;
mod tracer;
mod watcher;

use std::time::Duration;

pub use error::Error;
pub use program::Program;
pub use schedule::{Schedule, Strategy};
pub use trace::{
    Blocked, Ended, Ending, Event, Task, TaskId, Trace, Wait, What,
};

/// Runs a program under a schedule.
///
/// # Errors
/// If it cannot be started, or this machine does not allow ptrace.
pub fn explore(
    program: &Program,
    schedule: &Schedule,
) -> Result<Trace, Error> {
    explorer::explore(program, schedule)
}

/// Runs a program as it is, in real time, and notes what it does. It is ended
/// when it takes longer than `deadline`.
///
/// # Errors
/// As [`explore`].
pub fn watch(program: &Program, deadline: Duration) -> Result<Trace, Error> {
    watcher::watch(program, deadline)
}

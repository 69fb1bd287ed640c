//! Runs any program one task at a time, by a seed, on a virtual clock.

mod error;
mod program;
mod schedule;
mod trace;

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
    _program: &Program,
    _schedule: &Schedule,
) -> Result<Trace, Error> {
    unimplemented!()
}

/// Runs a program as it is, in real time, and notes what it does.
///
/// # Errors
/// As [`explore`].
pub fn watch(_program: &Program) -> Result<Trace, Error> {
    unimplemented!()
}

//! Why a program could not be explored.

use std::io;

/// Why a program could not be explored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program cannot be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// This machine does not let one process trace another.
    #[error("this machine does not allow ptrace: {0}")]
    Forbidden(io::Error),
    /// This machine has a processor for which there is no tracer.
    #[error("programs can be traced on x86-64 only")]
    Processor,
    /// A call to the kernel failed that should not.
    #[error("cannot {what}: {source}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}

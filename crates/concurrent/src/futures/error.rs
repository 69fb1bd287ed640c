//! Everything that can go wrong.

use std::io;
use std::sync::Arc;

/// A result whose error is [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a future or an executor can fail with.
///
/// All who ask a future get its error, so it can be cloned.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The future was cancelled. Python: `CancelledError`.
    #[error("the future was cancelled: it has no result")]
    Cancelled,

    /// The time limit passed; the task goes on. Python: `TimeoutError`.
    #[error("the time limit passed before the result was there")]
    TimedOut,

    /// The time limit of [`as_completed_timeout`](super::as_completed_timeout)
    /// passed. Python: `TimeoutError`.
    #[error("{unfinished} (of {total}) futures unfinished")]
    Unfinished {
        /// How many futures have not been handed out.
        unfinished: usize,
        /// How many there were.
        total: usize,
    },

    /// The task panicked, in a thread. Python: the exception itself.
    #[error("the task panicked: {message}")]
    TaskPanicked {
        /// The panic's message.
        message: String,
    },

    /// A result was set where there is one, or for a future that is
    /// cancelled. Python: `InvalidStateError`.
    #[error("the future is done: it cannot have another result")]
    InvalidState,

    /// The executor takes no more tasks. Python: `RuntimeError`.
    #[error("the executor is shut down: it takes no more tasks")]
    ShutDown,

    /// An executor with no workers. Python: `ValueError`.
    #[error("an executor needs at least 1 worker")]
    NoWorkers,

    /// The system refused a thread. Python: `RuntimeError`.
    #[error("cannot start a thread: {0}")]
    NoThread(Arc<io::Error>),

    /// What the pool of processes told. Python: the exception itself, or
    /// `BrokenProcessPool`.
    #[error("{0}")]
    Pool(Arc<multiprocessing::Error>),
}

impl From<multiprocessing::Error> for Error {
    fn from(error: multiprocessing::Error) -> Self {
        Self::Pool(Arc::new(error))
    }
}

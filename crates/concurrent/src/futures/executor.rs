//! `Executor`: what all executors can do.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Result;
use super::future::Future;

/// Runs functions elsewhere: in threads or in processes. Python:
/// `concurrent.futures.Executor`.
///
/// For programs that leave it open which. So a task is what both can take: a
/// function, whose argument and result can be sent to another process.
pub trait Executor {
    /// Lets a worker run `function`, and does not wait. Python:
    /// `submit(function, argument)`.
    ///
    /// # Errors
    /// [`Error::ShutDown`](super::Error::ShutDown),
    /// [`Error::NoThread`](super::Error::NoThread).
    fn submit<A, R>(
        &self,
        function: fn(A) -> R,
        argument: A,
    ) -> Result<Future<R>>
    where
        A: Serialize + DeserializeOwned + Send + 'static,
        R: Serialize + DeserializeOwned + Send + 'static;

    /// Takes no more tasks, and waits until those that are there are done.
    /// Python: `shutdown()`.
    fn shutdown(&self);
}

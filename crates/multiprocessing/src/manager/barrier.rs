//! The proxy of a barrier.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::client::Remote;
use super::protocol::{BarrierCall, Call};
use crate::error::Result;
use crate::sys::point::point;

/// Where a number of parties wait for each other, in a manager's server.
/// Python: what `manager.Barrier(parties)` returns; it has no action here.
///
/// ```
/// use multiprocessing::{Manager, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let barrier = manager.barrier(2)?;
///     let child = Process::new(|| barrier.wait().map(drop));
///     child.start()?;
///     barrier.wait()?;
///     child.join()
/// }
/// ```
///
/// A barrier *breaks* when the time limit of one who waits passes, when
/// somebody calls [`abort`](Self::abort), or when a process dies in `wait`.
/// Then all who wait, and all who come, get
/// [`BrokenBarrier`](crate::Error::BrokenBarrier), until somebody calls
/// [`reset`](Self::reset).
///
/// # Errors
/// To wait can fail with [`BrokenBarrier`](crate::Error::BrokenBarrier). Each
/// call can fail with [`Disconnected`](crate::Error::Disconnected) if the
/// server has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BarrierProxy {
    pub(super) remote: Remote,
}

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
impl BarrierProxy {
    /// Waits until all parties do, and passes; which party the caller was,
    /// from 0 for the first that came. Python: `wait()`.
    pub fn wait(&self) -> Result<usize> {
        self.pass(None)
    }

    /// As [`wait`](Self::wait), `limit` at most: when it passes, the barrier
    /// breaks. Python: `wait(timeout)`, in seconds.
    pub fn wait_timeout(&self, limit: Duration) -> Result<usize> {
        self.pass(Some(limit))
    }

    /// Breaks the barrier. Python: `abort()`.
    pub fn abort(&self) -> Result<()> {
        point("Barrier.abort");
        self.call(BarrierCall::Abort)
    }

    /// Makes the barrier as new. Who waits gets
    /// [`BrokenBarrier`](crate::Error::BrokenBarrier). Python: `reset()`.
    ///
    /// ```
    /// # use multiprocessing::{Error, Manager};
    /// # use std::time::Duration;
    /// # fn main() -> multiprocessing::Result<()> {
    /// let manager = Manager::new()?;
    /// let limit = Duration::from_millis(10);
    /// let barrier = manager.barrier_with_timeout(2, limit)?;
    /// assert!(matches!(barrier.wait(), Err(Error::BrokenBarrier { .. })));
    /// barrier.reset()?;
    /// assert!(barrier.wait_timeout(limit).is_err() && barrier.broken()?);
    /// barrier.reset()?;
    /// barrier.abort()?;
    /// assert_eq!((barrier.n_waiting()?, barrier.parties()?), (0, 2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset(&self) -> Result<()> {
        point("Barrier.reset");
        self.call(BarrierCall::Reset)
    }

    /// How many parties have to wait before they pass. Python: `parties`.
    pub fn parties(&self) -> Result<usize> {
        point("Barrier.parties");
        self.call(BarrierCall::Parties)
    }

    /// How many parties wait now. Python: `n_waiting`.
    pub fn n_waiting(&self) -> Result<usize> {
        point("Barrier.n_waiting");
        self.call(BarrierCall::Waiting)
    }

    /// Whether the barrier is broken. Python: `broken`.
    pub fn broken(&self) -> Result<bool> {
        point("Barrier.broken");
        self.call(BarrierCall::Broken)
    }

    fn pass(&self, limit: Option<Duration>) -> Result<usize> {
        point("Barrier.wait");
        self.call(BarrierCall::Wait { limit })
    }

    fn call<R: DeserializeOwned>(&self, call: BarrierCall) -> Result<R> {
        self.remote.call(Call::Barrier(call))
    }
}

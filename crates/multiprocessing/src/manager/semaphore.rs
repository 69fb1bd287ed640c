//! The proxies of semaphores.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::Remote;
use super::guard::{ProxyGuard, Release, acquired};
use super::protocol::{Call, SemaphoreCall};
use crate::error::Result;
use crate::sys::point::point;

/// A number of units in a manager's server, which processes take and give
/// back. Python: what `manager.Semaphore(value)` returns.
///
/// ```
/// let manager = multiprocessing::Manager::new()?;
/// let semaphore = manager.semaphore(2)?;
/// semaphore.acquire()?;
/// assert_eq!(semaphore.value()?, 1);
/// semaphore.release()?;
/// # Ok::<(), multiprocessing::Error>(())
/// ```
///
/// Anyone may release, also who has not acquired; a unit whose holder is
/// killed is lost.
///
/// # Errors
/// To release can fail with
/// [`ReleasedTooOften`](crate::Error::ReleasedTooOften) over 2³¹ − 1. Each
/// call can fail with [`Disconnected`](crate::Error::Disconnected) if the
/// server has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SemaphoreProxy {
    pub(super) remote: Remote,
}

/// A [`SemaphoreProxy`] that cannot be released above its initial value.
/// Python: what `manager.BoundedSemaphore(value)` returns.
///
/// ```
/// let manager = multiprocessing::Manager::new()?;
/// let semaphore = manager.bounded_semaphore(1)?;
/// assert!(semaphore.release().is_err());
/// # Ok::<(), multiprocessing::Error>(())
/// ```
///
/// # Errors
/// As those of a [`SemaphoreProxy`], above the initial value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BoundedSemaphoreProxy {
    pub(super) remote: Remote,
}

const RELEASE: Call = Call::Semaphore(SemaphoreCall::Release);

fn acquire(limit: Option<Duration>) -> Call {
    Call::Semaphore(SemaphoreCall::Acquire { limit })
}

acquired!(SemaphoreProxy, "Semaphore", acquire, RELEASE);
acquired!(BoundedSemaphoreProxy, "BoundedSemaphore", acquire, RELEASE);

impl SemaphoreProxy {
    /// The units that are free now. Python: `get_value()`.
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected).
    pub fn value(&self) -> Result<u32> {
        point("Semaphore.get_value");
        self.remote.call(Call::Semaphore(SemaphoreCall::Value))
    }
}

impl BoundedSemaphoreProxy {
    /// As [`SemaphoreProxy::value`].
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected).
    pub fn value(&self) -> Result<u32> {
        point("BoundedSemaphore.get_value");
        self.remote.call(Call::Semaphore(SemaphoreCall::Value))
    }
}

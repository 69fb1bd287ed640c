//! The proxy of an event.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::Remote;
use super::protocol::{Call, EventCall};
use crate::error::Result;
use crate::sys::point::point;

/// A flag in a manager's server that processes wait for. Python: what
/// `manager.Event()` returns.
///
/// ```
/// use multiprocessing::{Manager, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let ready = manager.event()?;
///     let child = Process::new(|| ready.wait());
///     child.start()?;
///     ready.set()?;
///     child.join()
/// }
/// ```
///
/// Who waits when the event is set goes on, also if it is cleared at once.
///
/// # Errors
/// Each call can fail with [`Disconnected`](crate::Error::Disconnected) if the
/// server has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventProxy {
    pub(super) remote: Remote,
}

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
impl EventProxy {
    /// Whether the event is set. Python: `is_set()`.
    pub fn is_set(&self) -> Result<bool> {
        point("Event.is_set");
        self.remote.call(Call::Event(EventCall::IsSet))
    }

    /// Sets the event; all who wait go on. Python: `set()`.
    pub fn set(&self) -> Result<()> {
        point("Event.set");
        self.remote.call(Call::Event(EventCall::Set))
    }

    /// Makes the event unset. Python: `clear()`.
    pub fn clear(&self) -> Result<()> {
        point("Event.clear");
        self.remote.call(Call::Event(EventCall::Clear))
    }

    /// Waits until the event is set. Python: `wait()`.
    pub fn wait(&self) -> Result<()> {
        self.sleep(None).map(drop)
    }

    /// Waits until the event is set, `limit` at most, and tells whether it
    /// was. Python: `wait(timeout)`, in seconds.
    ///
    /// ```
    /// # use multiprocessing::Manager;
    /// # use std::time::Duration;
    /// # fn main() -> multiprocessing::Result<()> {
    /// let manager = Manager::new()?;
    /// let event = manager.event()?;
    /// assert!(!event.wait_timeout(Duration::from_millis(10))?);
    /// event.set()?;
    /// assert!(event.is_set()?);
    /// event.clear()
    /// # }
    /// ```
    pub fn wait_timeout(&self, limit: Duration) -> Result<bool> {
        self.sleep(Some(limit))
    }

    fn sleep(&self, limit: Option<Duration>) -> Result<bool> {
        point("Event.wait");
        self.remote.call(Call::Event(EventCall::Wait { limit }))
    }
}

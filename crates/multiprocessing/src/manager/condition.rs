//! The proxy of a condition.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::client::Remote;
use super::guard::{ProxyGuard, Release, acquired};
use super::protocol::{Call, ConditionCall, LockCall};
use crate::error::Result;
use crate::sys::mutex::remaining;
use crate::sys::point::point;

/// A lock in a manager's server, under which a process can wait until another
/// one tells that something has changed. Python: what `manager.Condition()`
/// returns.
///
/// ```
/// use multiprocessing::{Manager, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let (condition, number) = (manager.condition()?, manager.value(0)?);
///     let child = Process::new(|| {
///         let _guard = condition.guard()?;
///         condition.wait_for(|| number.get().is_ok_and(|it| it == 3))
///     });
///     child.start()?;
///     for i in 1..=3 {
///         let _guard = condition.guard()?;
///         number.set(i)?;
///         condition.notify()?;
///     }
///     child.join()
/// }
/// ```
///
/// `wait` gives the lock up, sleeps, and has the lock again when it returns,
/// whatever it returns, as often as before. A waiter that is killed is none any
/// more; if it was notified and had not got the lock yet, its notification goes
/// to another who waited then.
///
/// # Errors
/// To wait and to notify can fail with [`NotOwner`](crate::Error::NotOwner) if
/// the calling thread does not hold the lock. A wait can fail with
/// [`OwnerDied`](crate::Error::OwnerDied) if a process died while it held the
/// lock; unlike after an `acquire`, the caller then holds the lock again. To
/// acquire and release can fail as that of a [`LockProxy`](super::LockProxy).
/// Each call can fail with [`Disconnected`](crate::Error::Disconnected) if the
/// server has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConditionProxy {
    pub(super) remote: Remote,
}

const RELEASE: Call = Call::Condition(ConditionCall::Lock(LockCall::Release));

fn acquire(limit: Option<Duration>) -> Call {
    Call::Condition(ConditionCall::Lock(LockCall::Acquire { limit }))
}

acquired!(ConditionProxy, "Condition", acquire, RELEASE);

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
impl ConditionProxy {
    /// Waits, without the lock, for a notification. Python: `wait()`.
    pub fn wait(&self) -> Result<()> {
        point("Condition.wait");
        self.sleep(None).map(drop)
    }

    /// Waits for a notification, `limit` at most, and tells whether there was
    /// one. To have the lock again may take longer. Python: `wait(timeout)`,
    /// in seconds.
    ///
    /// ```
    /// # use multiprocessing::Manager;
    /// # use std::time::Duration;
    /// # fn main() -> multiprocessing::Result<()> {
    /// let manager = Manager::new()?;
    /// let lock = manager.lock()?;
    /// let condition = manager.condition_with_lock(&lock)?;
    /// let _guard = condition.guard()?;
    /// let limit = Duration::from_millis(10);
    /// assert!(!condition.wait_timeout(limit)?);
    /// assert!(!condition.wait_for_timeout(|| false, limit)?);
    /// condition.notify_n(2)?;
    /// condition.notify_all()?; // nobody waits
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_timeout(&self, limit: Duration) -> Result<bool> {
        point("Condition.wait");
        self.sleep(Some(limit))
    }

    /// Waits until `predicate`, which is asked here, under the lock, after
    /// each notification, is true. Python: `wait_for(predicate)`.
    pub fn wait_for(&self, predicate: impl FnMut() -> bool) -> Result<()> {
        self.sleep_until(predicate, None).map(drop)
    }

    /// Waits until `predicate` is true, `limit` at most, and tells whether it
    /// is. Python: `wait_for(predicate, timeout)`, in seconds.
    pub fn wait_for_timeout(
        &self,
        predicate: impl FnMut() -> bool,
        limit: Duration,
    ) -> Result<bool> {
        self.sleep_until(predicate, Some(limit))
    }

    /// Wakes one of those who wait; the lock becomes theirs after the caller
    /// has released it. Python: `notify()`.
    pub fn notify(&self) -> Result<()> {
        self.notify_n(1)
    }

    /// Wakes `n` of those who wait, or all if there are fewer. Python:
    /// `notify(n)`.
    pub fn notify_n(&self, n: u32) -> Result<()> {
        point("Condition.notify");
        self.call(ConditionCall::Notify(Some(n)))
    }

    /// Wakes all who wait. Python: `notify_all()`.
    pub fn notify_all(&self) -> Result<()> {
        point("Condition.notify_all");
        self.call(ConditionCall::Notify(None))
    }

    fn sleep_until(
        &self,
        mut predicate: impl FnMut() -> bool,
        limit: Option<Duration>,
    ) -> Result<bool> {
        point("Condition.wait_for");
        let () = self.call(ConditionCall::Check)?;
        let start = Instant::now();
        loop {
            if predicate() {
                return Ok(true);
            }
            let left = remaining(start, limit);
            if left == Some(Duration::ZERO) {
                return Ok(false);
            }
            self.sleep(left)?;
        }
    }

    fn sleep(&self, limit: Option<Duration>) -> Result<bool> {
        self.call(ConditionCall::Wait { limit })
    }

    fn call<R: serde::de::DeserializeOwned>(
        &self,
        call: ConditionCall,
    ) -> Result<R> {
        self.remote.call(Call::Condition(call))
    }
}

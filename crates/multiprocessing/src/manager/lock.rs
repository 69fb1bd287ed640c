//! The proxies of locks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::Remote;
use super::guard::{ProxyGuard, Release, acquired};
use super::protocol::{Call, LockCall};
use crate::error::Result;
use crate::sys::point::point;

/// A lock in a manager's server, which one thread of one process holds at a
/// time. Python: what `manager.Lock()` returns, which anybody may release.
///
/// ```
/// use multiprocessing::{Manager, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let (lock, sum) = (manager.lock()?, manager.value(0)?);
///     let add = |number| -> multiprocessing::Result<()> {
///         let _guard = lock.guard()?;
///         sum.set(sum.get()? + number)
///     };
///     let child = Process::new(|| add(1));
///     child.start()?;
///     add(2)?;
///     child.join()?;
///     assert_eq!(sum.get()?, 3);
///     Ok(())
/// }
/// ```
///
/// # Errors
/// To acquire can fail with [`OwnerDied`](crate::Error::OwnerDied), told to
/// one caller: the lock is free again, and the caller does *not* hold it; and
/// with [`WouldDeadlock`](crate::Error::WouldDeadlock) if the calling thread
/// holds it already. To release can fail with
/// [`NotOwner`](crate::Error::NotOwner). Each call can fail with
/// [`Disconnected`](crate::Error::Disconnected) if the server has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LockProxy {
    pub(super) remote: Remote,
}

/// A lock in a manager's server that its owner may acquire again; it is free
/// when it has been released as often. Python: what `manager.RLock()` returns.
///
/// ```
/// let manager = multiprocessing::Manager::new()?;
/// let lock = manager.rlock()?;
/// let _outer = lock.guard()?;
/// let _inner = lock.guard()?;
/// # Ok::<(), multiprocessing::Error>(())
/// ```
///
/// # Errors
/// As those of a [`LockProxy`], which would wait for itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RLockProxy {
    pub(super) remote: Remote,
}

const RELEASE: Call = Call::Lock(LockCall::Release);

fn acquire(limit: Option<Duration>) -> Call {
    Call::Lock(LockCall::Acquire { limit })
}

acquired!(LockProxy, "Lock", acquire, RELEASE);
acquired!(RLockProxy, "RLock", acquire, RELEASE);

impl LockProxy {
    /// Whether anybody holds the lock, which may be over when the caller looks
    /// at the answer. Python: `locked()`.
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected).
    pub fn locked(&self) -> Result<bool> {
        point("Lock.locked");
        self.remote.call(Call::Lock(LockCall::Locked))
    }
}

impl RLockProxy {
    /// As [`LockProxy::locked`].
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected).
    pub fn locked(&self) -> Result<bool> {
        point("RLock.locked");
        self.remote.call(Call::Lock(LockCall::Locked))
    }
}

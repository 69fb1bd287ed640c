//! What proxies of locks and semaphores have in common.

use std::fmt;
use std::marker::PhantomData;

use crate::error::Result;
use crate::process::pid;

/// Holds a lock, or a semaphore's unit, of a manager; gives it back when
/// dropped.
///
/// ```
/// use multiprocessing::{Manager, ProxyGuard};
/// use std::time::Duration;
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let lock = manager.rlock()?;
///     {
///         let _guard: ProxyGuard<'_> = lock.guard()?;
///         assert!(lock.locked()?);
///     }
///     assert!(lock.try_acquire()?);
///     lock.release()?;
///     let unit = manager.semaphore(1)?;
///     unit.acquire()?;
///     assert!(!unit.acquire_timeout(Duration::from_millis(10))?);
///     unit.release()
/// }
/// ```
#[must_use = "it is released when the guard is dropped"]
pub struct ProxyGuard<'a> {
    held: &'a dyn Release,
    owner: i32,
    one_thread: PhantomData<*const ()>,
}

/// What a guard can give back.
pub(super) trait Release {
    fn give_back(&self) -> Result<()>;
}

impl<'a> ProxyGuard<'a> {
    pub(super) fn new(held: &'a dyn Release) -> Self {
        Self {
            held,
            owner: pid(),
            one_thread: PhantomData,
        }
    }
}

impl Drop for ProxyGuard<'_> {
    fn drop(&mut self) {
        // In a forked child the copy of a guard holds nothing.
        if self.owner == pid() {
            let _ = self.held.give_back();
        }
    }
}

impl fmt::Debug for ProxyGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyGuard")
    }
}

/// The calls that acquire and release: `$acquire` makes one of a time limit.
macro_rules! acquired {
    ($proxy:ident, $python:literal, $acquire:expr, $release:expr) => {
        #[expect(
            clippy::missing_errors_doc,
            reason = "the errors of all calls are told once, at the type"
        )]
        impl $proxy {
            /// Acquires it; waits as long as it takes. Python: `acquire()`.
            pub fn acquire(&self) -> Result<()> {
                self.take(None).map(drop)
            }

            /// Acquires it if that needs no wait, and tells whether it did.
            /// Python: `acquire(False)`.
            pub fn try_acquire(&self) -> Result<bool> {
                self.take(Some(Duration::ZERO))
            }

            /// Acquires it; waits `limit` at most, and tells whether it did.
            /// Python: `acquire(timeout=…)`, in seconds.
            pub fn acquire_timeout(&self, limit: Duration) -> Result<bool> {
                self.take(Some(limit))
            }

            /// Gives it back. Python: `release()`.
            pub fn release(&self) -> Result<()> {
                point(concat!($python, ".release"));
                self.remote.call($release)
            }

            /// Acquires it until the guard is dropped, at the end of its
            /// scope, by `?` or by a panic. Python: `with`.
            pub fn guard(&self) -> Result<ProxyGuard<'_>> {
                self.acquire()?;
                Ok(ProxyGuard::new(self))
            }

            fn take(&self, limit: Option<Duration>) -> Result<bool> {
                point(concat!($python, ".acquire"));
                self.remote.call($acquire(limit))
            }
        }

        impl Release for $proxy {
            fn give_back(&self) -> Result<()> {
                self.release()
            }
        }
    };
}
pub(super) use acquired;

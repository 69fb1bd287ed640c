//! `Lock` and `RLock`.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::sys::mutex::{Acquired, Held, Kind, MutexInRegion, RobustMutex};
use crate::sys::point::point;

/// Takes `mutex`, within `limit`; tells whether it did.
#[inline]
pub(super) fn acquire(
    mutex: &RobustMutex,
    limit: Option<Duration>,
) -> Result<bool> {
    match mutex.acquire_at_once() {
        true => Ok(true),
        false => acquire_otherwise(mutex, limit),
    }
}

#[cold]
fn acquire_otherwise(
    mutex: &RobustMutex,
    limit: Option<Duration>,
) -> Result<bool> {
    match mutex.acquire_slowly(limit)? {
        Acquired::Yes => Ok(true),
        Acquired::No => Ok(false),
        Acquired::FromTheDead { pid } => {
            mutex.release()?;
            Err(Error::OwnerDied { pid })
        }
    }
}

/// What both kinds of locks can do; they differ in what happens when the
/// owner acquires again.
macro_rules! lock {
    ($(#[$doc:meta])* $lock:ident, $guard:ident, $kind:expr) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $lock(Arc<MutexInRegion>);

        impl $lock {
            /// A free lock, shared with every process started from now on.
            ///
            /// # Errors
            /// [`Error::System`] if there is no shared memory for it.
            pub fn new() -> Result<Self> {
                Ok(Self(Arc::new(MutexInRegion::new($kind)?)))
            }

            /// Waits until the lock is free, and takes it. Python:
            /// `acquire()`.
            ///
            /// # Errors
            /// [`Error::OwnerDied`], told to one caller: the lock is free
            /// again, and the caller does *not* hold it.
            /// [`Error::WouldDeadlock`] if a `Lock` is acquired twice by one
            /// thread.
            pub fn acquire(&self) -> Result<()> {
                self.take(None).map(drop)
            }

            /// Takes the lock if it is free, and tells whether it was.
            /// Python: `acquire(False)`.
            ///
            /// # Errors
            /// [`Error::OwnerDied`].
            pub fn try_acquire(&self) -> Result<bool> {
                self.take(Some(Duration::ZERO))
            }

            /// Waits for the lock, `limit` at most, and tells whether it got
            /// it. Python: `acquire(timeout=…)`, in seconds.
            ///
            /// # Errors
            /// As [`acquire`](Self::acquire).
            pub fn acquire_timeout(&self, limit: Duration) -> Result<bool> {
                self.take(Some(limit))
            }

            /// Gives the lock up. Only the thread that acquired it can;
            /// Python's `Lock` may be released by anybody: for that, use a
            /// `Semaphore::new(1)`. Python: `release()`.
            ///
            /// # Errors
            /// [`Error::NotOwner`].
            pub fn release(&self) -> Result<()> {
                point(concat!(stringify!($lock), ".release"));
                self.0.release()
            }

            /// Acquires the lock until the guard is dropped, at the end of
            /// its scope, by `?` or by a panic. Python: `with lock:`, and
            /// `try: … finally: lock.release()`.
            ///
            /// # Errors
            /// As [`acquire`](Self::acquire).
            pub fn guard(&self) -> Result<$guard<'_>> {
                self.acquire()?;
                Ok($guard { lock: self, one_thread: PhantomData })
            }

            /// Whether anybody holds the lock, which may be over when the
            /// caller looks at the answer. Python: `locked()`.
            #[must_use]
            pub fn locked(&self) -> bool {
                point(concat!(stringify!($lock), ".locked"));
                self.0.is_held()
            }

            /// The mutex, for a condition.
            pub(super) fn mutex(&self) -> &Arc<MutexInRegion> {
                &self.0
            }

            #[inline]
            fn take(&self, limit: Option<Duration>) -> Result<bool> {
                point(concat!(stringify!($lock), ".acquire"));
                acquire(&self.0, limit)
            }
        }

        impl std::fmt::Debug for $lock {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($lock))
            }
        }

        /// Holds the lock; releases it when dropped.
        #[must_use = "the lock is released when the guard is dropped"]
        #[derive(Debug)]
        pub struct $guard<'a> {
            lock: &'a $lock,
            one_thread: PhantomData<*const ()>,
        }

        impl Drop for $guard<'_> {
            fn drop(&mut self) {
                // In a forked child the copy of a guard owns nothing, and the
                // mutex itself refuses.
                let _ = self.lock.release();
            }
        }
    };
}

lock! {
    /// A lock that one thread of one process holds at a time. Python:
    /// `multiprocessing.Lock`.
    ///
    /// ```
    /// use multiprocessing::Lock;
    ///
    /// let lock = Lock::new()?;
    /// {
    ///     let _guard = lock.guard()?;
    ///     assert!(!lock.try_acquire()?);
    /// }
    /// assert!(lock.try_acquire()?);
    /// assert!(lock.locked());
    /// lock.release()?;
    ///
    /// lock.acquire()?;
    /// lock.release()?;
    /// assert!(lock.acquire_timeout(std::time::Duration::from_secs(1))?);
    /// lock.release()?;
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    Lock, LockGuard, Kind::Plain
}

lock! {
    /// A lock that its owner may acquire again; it is free when it has been
    /// released as often. Python: `multiprocessing.RLock`.
    ///
    /// ```
    /// use multiprocessing::RLock;
    ///
    /// let lock = RLock::new()?;
    /// let _outer = lock.guard()?;
    /// let _inner = lock.guard()?;
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    RLock, RLockGuard, Kind::Recursive
}

impl RLock {
    /// Holds the lock inside of an operation on what it guards.
    pub(crate) fn hold(&self) -> Result<Held<'_>> {
        acquire(&self.0, None)?;
        Ok(self.0.held())
    }
}

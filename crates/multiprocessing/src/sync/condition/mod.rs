//! `Condition`.
//!
//! Under it lies the futex, as under an event; the lock is the one that its
//! users hold. Who waits enters itself, as a number more, reads the word, gives
//! the lock up, and sleeps while the word has that value: a notification in
//! between has changed the word, so that it is not missed. `notify` changes the
//! word and wakes *all* who sleep, and grants that one of them may go. They
//! line up for the lock, which the notifier has until it releases it; the first
//! takes the grant, the others see that there is none left, and sleep again.
//! To wake one alone would be less work, but the one may be killed before it
//! takes the grant, and the others would not know. Who may take a grant is
//! told in `line`.

mod line;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use line::Line;

use super::lock::{Lock, RLock, acquire};
use crate::error::{Error, Result};
use crate::futex;
use crate::sys::machine::Instant;
use crate::sys::mutex::{Acquired, MutexInRegion, remaining};
use crate::sys::point::point;
use crate::sys::region::InRegion;

/// A lock under which a process can wait until another one tells that
/// something has changed. Python: `multiprocessing.Condition`.
///
/// ```
/// use multiprocessing::{Condition, Process, RawValue};
///
/// fn main() -> multiprocessing::Result<()> {
///     let condition = Condition::new()?;
///     let number = RawValue::new(0)?;
///     let child = Process::new(|| {
///         let _guard = condition.guard()?;
///         condition.wait_for(|| number.get() == 3)
///     });
///     child.start()?;
///     for _ in 0..3 {
///         let _guard = condition.guard()?;
///         number.set(number.get() + 1);
///         condition.notify()?;
///     }
///     child.join()?;
///     assert_eq!(child.exitcode()?, Some(0));
///     Ok(())
/// }
/// ```
///
/// `wait` gives the lock up, sleeps, and has the lock again when it returns,
/// whatever it returns, as often as before. A waiter takes a notification
/// when it has the lock again. So of those who are killed:
///
/// - a waiter asleep is no waiter any more: a `notify` wakes another one;
/// - a waiter that was notified and has not got the lock yet leaves the
///   notification to another who waited then;
/// - whoever holds the lock, in whatever call, is told to the next owner, as
///   with any lock ([`Error::OwnerDied`]): also to one who waits.
///
/// In CPython the next `notify` after the death of a waiter waits for it for
/// ever. Who waits for somebody that was killed *before* it notified is not
/// told, since nobody can know who would have: where that can be, use
/// [`wait_timeout`](Self::wait_timeout).
#[derive(Clone)]
pub struct Condition {
    mutex: Arc<MutexInRegion>,
    line: Arc<InRegion<Line>>,
}

impl Condition {
    /// A condition with an [`RLock`] of its own, shared with every process
    /// started from now on. Python: `Condition()`.
    ///
    /// # Errors
    /// [`Error::System`] if there is no shared memory for it.
    pub fn new() -> Result<Self> {
        Self::with_rlock(&RLock::new()?)
    }

    /// A condition under `lock`, which may be that of other conditions, too.
    /// Python: `Condition(lock)`.
    ///
    /// ```
    /// # use multiprocessing::{Condition, Lock};
    /// let lock = Lock::new()?;
    /// let [full, empty] = [Condition::with_lock(&lock)?, Condition::with_lock(&lock)?];
    /// full.acquire()?;
    /// assert!(!empty.try_acquire()?);
    /// full.release()?;
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_lock(lock: &Lock) -> Result<Self> {
        Self::under(lock.mutex())
    }

    /// As [`with_lock`](Self::with_lock), for the other kind of locks.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_rlock(lock: &RLock) -> Result<Self> {
        Self::under(lock.mutex())
    }

    fn under(mutex: &Arc<MutexInRegion>) -> Result<Self> {
        Ok(Self {
            mutex: Arc::clone(mutex),
            line: Arc::new(InRegion::new()?),
        })
    }

    /// Takes the lock. Python: `acquire()`.
    ///
    /// # Errors
    /// As [`RLock::acquire`].
    pub fn acquire(&self) -> Result<()> {
        self.take(None).map(drop)
    }

    /// Takes the lock if it is free, and tells whether it was. Python:
    /// `acquire(False)`.
    ///
    /// # Errors
    /// As [`RLock::try_acquire`].
    pub fn try_acquire(&self) -> Result<bool> {
        self.take(Some(Duration::ZERO))
    }

    /// Waits for the lock, `limit` at most, and tells whether it got it.
    /// Python: `acquire(timeout=…)`, in seconds.
    ///
    /// # Errors
    /// As [`RLock::acquire_timeout`].
    pub fn acquire_timeout(&self, limit: Duration) -> Result<bool> {
        self.take(Some(limit))
    }

    /// Gives the lock up. Python: `release()`.
    ///
    /// # Errors
    /// [`Error::NotOwner`].
    pub fn release(&self) -> Result<()> {
        point("Condition.release");
        self.mutex.release()
    }

    /// Takes the lock until the guard is dropped. Python: `with condition:`.
    ///
    /// # Errors
    /// As [`RLock::acquire`].
    pub fn guard(&self) -> Result<ConditionGuard<'_>> {
        self.acquire()?;
        Ok(ConditionGuard {
            condition: self,
            one_thread: PhantomData,
        })
    }

    /// Waits, without the lock, for a notification. Python: `wait()`.
    ///
    /// A signal handler that runs meanwhile does not end the wait.
    ///
    /// # Errors
    /// [`Error::NotOwner`] if the caller does not hold the lock;
    /// [`Error::OwnerDied`] if a process died while it held the lock. Unlike
    /// after an `acquire`, the caller then holds the lock again; the wait is
    /// over, without a notification.
    pub fn wait(&self) -> Result<()> {
        point("Condition.wait");
        self.sleep(None).map(drop)
    }

    /// Waits for a notification, `limit` at most, and tells whether there was
    /// one. To have the lock again may take longer. Python: `wait(timeout)`,
    /// in seconds.
    ///
    /// ```
    /// # use multiprocessing::{Condition, RLock};
    /// # use std::time::Duration;
    /// let condition = Condition::with_rlock(&RLock::new()?)?;
    /// let limit = Duration::from_millis(10);
    /// assert!(condition.acquire_timeout(limit)?);
    /// assert!(!condition.wait_timeout(limit)?);
    /// assert!(!condition.wait_for_timeout(|| false, limit)?);
    /// condition.release()?;
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_timeout(&self, limit: Duration) -> Result<bool> {
        point("Condition.wait");
        self.sleep(Some(limit))
    }

    /// Waits until `predicate`, which is asked under the lock, after each
    /// notification, is true. Python: `wait_for(predicate)`.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_for(&self, predicate: impl FnMut() -> bool) -> Result<()> {
        self.sleep_until(predicate, None).map(drop)
    }

    /// Waits until `predicate` is true, `limit` at most, and tells whether it
    /// is. Python: `wait_for(predicate, timeout)`, in seconds.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_for_timeout(
        &self,
        predicate: impl FnMut() -> bool,
        limit: Duration,
    ) -> Result<bool> {
        self.sleep_until(predicate, Some(limit))
    }

    /// Wakes one of those who wait; the lock becomes theirs after the caller
    /// has released it. Python: `notify()`.
    ///
    /// # Errors
    /// [`Error::NotOwner`] if the caller does not hold the lock.
    pub fn notify(&self) -> Result<()> {
        self.notify_n(1)
    }

    /// Wakes `n` of those who wait, or all if there are fewer. Python:
    /// `notify(n)`.
    ///
    /// ```
    /// use multiprocessing::{Condition, Process};
    ///
    /// fn main() -> multiprocessing::Result<()> {
    ///     let condition = Condition::new()?;
    ///     let waiters = [(); 3].map(|()| Process::new(|| {
    ///         let _guard = condition.guard()?;
    ///         condition.wait()
    ///     }));
    ///     for waiter in &waiters {
    ///         waiter.start()?;
    ///     }
    ///     while waiters.iter().any(|waiter| waiter.is_alive().unwrap_or(false)) {
    ///         let _guard = condition.guard()?;
    ///         condition.notify_n(2)?; // the third as well, later: notify_all()
    ///     }
    ///     waiters.iter().try_for_each(|waiter| waiter.join())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`notify`](Self::notify).
    pub fn notify_n(&self, n: u32) -> Result<()> {
        point("Condition.notify");
        self.held()?;
        self.line.let_go(n);
        Ok(())
    }

    /// Wakes all who wait. Python: `notify_all()`.
    ///
    /// # Errors
    /// As [`notify`](Self::notify).
    pub fn notify_all(&self) -> Result<()> {
        point("Condition.notify_all");
        self.held()?;
        self.line.let_all_go();
        Ok(())
    }

    fn take(&self, limit: Option<Duration>) -> Result<bool> {
        point("Condition.acquire");
        acquire(&self.mutex, limit)
    }

    fn held(&self) -> Result<()> {
        match self.mutex.is_mine() {
            true => Ok(()),
            false => Err(Error::NotOwner),
        }
    }

    fn sleep_until(
        &self,
        mut predicate: impl FnMut() -> bool,
        limit: Option<Duration>,
    ) -> Result<bool> {
        point("Condition.wait_for");
        self.held()?;
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

    /// Waits for a notification; tells whether there was one.
    fn sleep(&self, limit: Option<Duration>) -> Result<bool> {
        self.held()?;
        let start = Instant::now();
        let came = self.line.join();
        loop {
            let left = remaining(start, limit);
            if let Some(pid) = self.sleep_without_lock(left)? {
                // As if it had been killed itself: see `Line`.
                return Err(Error::OwnerDied { pid });
            }
            if self.line.may_go(came) {
                return Ok(true);
            }
            if remaining(start, limit) == Some(Duration::ZERO) {
                self.line.leave();
                return Ok(false);
            }
        }
    }

    /// Gives the lock up, sleeps until something may have changed, and takes
    /// the lock as often as it was held before. The pid of who died with it
    /// meanwhile, if somebody has.
    fn sleep_without_lock(
        &self,
        limit: Option<Duration>,
    ) -> Result<Option<i32>> {
        let mutex = &**self.mutex;
        let mut times = Ok(0);
        let notified = self.line.notified();
        notified.sleep(
            notified.seen(),
            || times = mutex.release_all(),
            |word, seen| futex::wait(word, seen, limit),
        );
        let acquired = mutex.acquire(None)?;
        for _ in 1..times? {
            mutex.acquire(None)?;
        }
        Ok(match acquired {
            Acquired::FromTheDead { pid } => Some(pid),
            Acquired::Yes | Acquired::No => None,
        })
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition")
    }
}

/// Holds the lock of a [`Condition`]; releases it when dropped.
///
/// ```
/// # use multiprocessing::{Condition, ConditionGuard};
/// let condition = Condition::new()?;
/// let guard: ConditionGuard<'_> = condition.guard()?;
/// condition.notify_all()?; // nobody waits
/// drop(guard);
/// # Ok::<(), multiprocessing::Error>(())
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[derive(Debug)]
pub struct ConditionGuard<'a> {
    condition: &'a Condition,
    one_thread: PhantomData<*const ()>,
}

impl Drop for ConditionGuard<'_> {
    fn drop(&mut self) {
        // In a forked child the copy of a guard owns nothing, and the mutex
        // itself refuses.
        let _ = self.condition.release();
    }
}

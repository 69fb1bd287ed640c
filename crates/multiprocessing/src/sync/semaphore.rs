//! `Semaphore` and `BoundedSemaphore`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::monitor::{Monitor, Signal};
use crate::process::pid;
use crate::sys::machine::{AtomicU32, Ordering::SeqCst};
use crate::sys::mutex::{Held, Kind, RobustMutex};
use crate::sys::point::point;
use crate::sys::region::{InRegion, shared_struct};

shared_struct! {
    /// What lies in shared memory.
    struct Counter {
        lock: RobustMutex,
        units: AtomicU32,
        released: Signal,
    }
}

impl Monitor for Counter {
    fn lock(&self) -> &RobustMutex {
        &self.lock
    }

    fn recover(&self, _held: &Held<'_>) {
        // Its one word is never half changed.
    }
}

/// The greatest value. Python: `SEM_VALUE_MAX`.
pub(crate) const MAX: u32 = i32::MAX.cast_unsigned();

/// Whether a semaphore may have so many units.
pub(crate) fn check_units(value: u32) -> Result<()> {
    if value > MAX {
        return Err(Error::invalid(format!(
            "a semaphore of {value}: at most {MAX} are possible"
        )));
    }
    Ok(())
}

/// A number of units that processes take and give back. Python:
/// `multiprocessing.Semaphore`.
///
/// Anyone may release, also who has not acquired; a unit whose holder is
/// killed is lost.
///
/// ```
/// use multiprocessing::Semaphore;
///
/// let semaphore = Semaphore::new(2)?;
/// semaphore.acquire()?;
/// assert_eq!(semaphore.value(), 1);
/// assert!(semaphore.try_acquire()?);
/// let limit = std::time::Duration::from_millis(10);
/// assert!(!semaphore.acquire_timeout(limit)?);
/// semaphore.release()?;
/// # Ok::<(), multiprocessing::Error>(())
/// ```
#[derive(Clone)]
pub struct Semaphore(Arc<InRegion<Counter>>);

impl Semaphore {
    /// A semaphore with `value` units free.
    ///
    /// # Errors
    /// [`Error::Invalid`] over 2³¹ − 1; [`Error::System`] if there is no
    /// shared memory for it.
    pub fn new(value: u32) -> Result<Self> {
        check_units(value)?;
        let counter = InRegion::<Counter>::new()?;
        counter.lock.init(Kind::Plain)?;
        counter.units.store(value, SeqCst);
        Ok(Self(Arc::new(counter)))
    }

    /// Takes a unit; waits until there is one. Python: `acquire()`.
    ///
    /// # Errors
    /// [`Error::System`] if the lock fails.
    pub fn acquire(&self) -> Result<()> {
        point("Semaphore.acquire");
        self.take(None).map(drop)
    }

    /// Takes a unit if there is one, and tells whether there was. Python:
    /// `acquire(False)`.
    ///
    /// # Errors
    /// [`Error::System`] if the lock fails.
    pub fn try_acquire(&self) -> Result<bool> {
        point("Semaphore.acquire");
        self.take(Some(Duration::ZERO))
    }

    /// Waits for a unit, `limit` at most, and tells whether it got one.
    /// Python: `acquire(timeout=…)`, in seconds.
    ///
    /// # Errors
    /// [`Error::System`] if the lock fails.
    pub fn acquire_timeout(&self, limit: Duration) -> Result<bool> {
        point("Semaphore.acquire");
        self.take(Some(limit))
    }

    /// Gives a unit back. Python: `release()`.
    ///
    /// # Errors
    /// [`Error::ReleasedTooOften`] over 2³¹ − 1.
    pub fn release(&self) -> Result<()> {
        point("Semaphore.release");
        self.give(MAX)
    }

    /// The units that are free now. Python: `get_value()`.
    #[must_use]
    pub fn value(&self) -> u32 {
        point("Semaphore.get_value");
        self.free()
    }

    /// Takes a unit until the guard is dropped, at the end of its scope, by
    /// `?` or by a panic. Python: `with semaphore:`.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub fn guard(&self) -> Result<SemaphoreGuard<'_>> {
        self.acquire()?;
        Ok(SemaphoreGuard {
            semaphore: self,
            bound: MAX,
            release: "Semaphore.release",
            owner: pid(),
        })
    }

    fn free(&self) -> u32 {
        self.0.units.load(SeqCst)
    }

    fn take(&self, limit: Option<Duration>) -> Result<bool> {
        let counter = &**self.0;
        let taken = counter.attempt(&counter.released, limit, |_held| {
            let left = counter.units.load(SeqCst).checked_sub(1);
            Ok(left.map(|left| counter.units.store(left, SeqCst)))
        });
        Ok(taken?.is_some())
    }

    fn give(&self, bound: u32) -> Result<()> {
        let counter = &**self.0;
        let _held = counter.hold(None)?;
        let units = counter.units.load(SeqCst);
        if units >= bound {
            return Err(Error::ReleasedTooOften { bound });
        }
        counter.released.wake();
        counter.units.store(units + 1, SeqCst);
        Ok(())
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Semaphore(value={})", self.free())
    }
}

/// Holds a unit; gives it back when dropped.
///
/// ```
/// # use multiprocessing::{Semaphore, SemaphoreGuard};
/// let semaphore = Semaphore::new(1)?;
/// {
///     let _unit: SemaphoreGuard<'_> = semaphore.guard()?;
///     assert!(!semaphore.try_acquire()?);
/// }
/// assert_eq!(semaphore.value(), 1);
/// # Ok::<(), multiprocessing::Error>(())
/// ```
#[must_use = "the unit is given back when the guard is dropped"]
#[derive(Debug)]
pub struct SemaphoreGuard<'a> {
    semaphore: &'a Semaphore,
    bound: u32,
    release: &'static str,
    owner: i32,
}

impl Drop for SemaphoreGuard<'_> {
    fn drop(&mut self) {
        // In a forked child the copy of a guard has no unit of its own.
        if self.owner == pid() {
            point(self.release);
            let _ = self.semaphore.give(self.bound);
        }
    }
}

/// A semaphore that cannot be released above its initial value. Python:
/// `multiprocessing.BoundedSemaphore`.
///
/// Everything else is as with a [`Semaphore`], which it is underneath.
///
/// ```
/// use multiprocessing::{BoundedSemaphore, Error};
///
/// let semaphore = BoundedSemaphore::new(1)?;
/// {
///     let _unit = semaphore.guard()?;
///     assert_eq!(semaphore.value(), 0);
/// }
/// let error = semaphore.release().expect_err("all units are free");
/// assert!(matches!(error, Error::ReleasedTooOften { .. }));
/// # Ok::<(), multiprocessing::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BoundedSemaphore {
    semaphore: Semaphore,
    bound: u32,
}

impl BoundedSemaphore {
    /// A semaphore with `value` units free, and never more.
    ///
    /// # Errors
    /// As [`Semaphore::new`].
    pub fn new(value: u32) -> Result<Self> {
        Ok(Self {
            semaphore: Semaphore::new(value)?,
            bound: value,
        })
    }

    /// Takes a unit; waits until there is one. Python: `acquire()`.
    ///
    /// # Errors
    /// [`Error::System`] if the lock fails.
    pub fn acquire(&self) -> Result<()> {
        point("BoundedSemaphore.acquire");
        self.semaphore.take(None).map(drop)
    }

    /// Takes a unit if there is one, and tells whether there was. Python:
    /// `acquire(False)`.
    ///
    /// # Errors
    /// [`Error::System`] if the lock fails.
    pub fn try_acquire(&self) -> Result<bool> {
        point("BoundedSemaphore.acquire");
        self.semaphore.take(Some(Duration::ZERO))
    }

    /// Waits for a unit, `limit` at most, and tells whether it got one.
    /// Python: `acquire(timeout=…)`, in seconds.
    ///
    /// # Errors
    /// [`Error::System`] if the lock fails.
    pub fn acquire_timeout(&self, limit: Duration) -> Result<bool> {
        point("BoundedSemaphore.acquire");
        self.semaphore.take(Some(limit))
    }

    /// Gives a unit back. Python: `release()`.
    ///
    /// # Errors
    /// [`Error::ReleasedTooOften`] if all units are free already.
    pub fn release(&self) -> Result<()> {
        point("BoundedSemaphore.release");
        self.semaphore.give(self.bound)
    }

    /// The units that are free now. Python: `get_value()`.
    #[must_use]
    pub fn value(&self) -> u32 {
        point("BoundedSemaphore.get_value");
        self.semaphore.free()
    }

    /// Takes a unit until the guard is dropped. Python: `with semaphore:`.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub fn guard(&self) -> Result<SemaphoreGuard<'_>> {
        self.acquire()?;
        Ok(SemaphoreGuard {
            semaphore: &self.semaphore,
            bound: self.bound,
            release: "BoundedSemaphore.release",
            owner: pid(),
        })
    }
}

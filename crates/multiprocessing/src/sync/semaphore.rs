//! `Semaphore` and `BoundedSemaphore`.
//!
//! All that is to know stands in one word: how many units are free, and
//! whether somebody sleeps because there were none. Who takes a unit changes
//! the word from what he has seen, and so does who gives one back, while nobody
//! sleeps: no call of the kernel, no lock. Where somebody may sleep, the kernel
//! adds the unit and wakes the sleepers in one call: a process that is killed
//! there has done both or nothing. All are woken, not one, who might be killed
//! before he takes it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::futex;
use crate::monitor::Monitor;
use crate::process::pid;
use crate::sys::machine::{AtomicU32, Instant, Ordering::SeqCst};
use crate::sys::mutex::{Held, Kind, RobustMutex, remaining};
use crate::sys::point::point;
use crate::sys::region::{InRegion, shared_struct};

shared_struct! {
    /// What lies in shared memory.
    struct Counter {
        /// Twice the number of free units; one more if somebody may sleep.
        word: AtomicU32,
        /// Of who gives a unit back while somebody may sleep: so nobody else
        /// removes the mark meanwhile, and to add 1 does both.
        waking: RobustMutex,
    }
}

/// In the word: somebody may sleep on it.
const ASLEEP: u32 = 1;
/// In the word: a unit.
const UNIT: u32 = 2;
/// What makes of a word with the mark the one with a unit more and without it.
const UNIT_FOR_MARK: u16 = 1;

impl Monitor for Counter {
    fn lock(&self) -> &RobustMutex {
        &self.waking
    }

    fn recover(&self, _held: &Held<'_>) {
        // Its one word is never half changed.
    }
}

impl Counter {
    fn units(&self) -> u32 {
        self.word.load(SeqCst) / UNIT
    }

    /// Changes the word unless it is not `seen` any more.
    #[inline]
    fn change(&self, seen: u32, new: u32) -> bool {
        let changed = self.word.compare_exchange(seen, new, SeqCst, SeqCst);
        changed.is_ok()
    }

    /// Takes a unit; waits for one, `limit` at most, and tells whether there
    /// was one.
    #[inline]
    fn take(&self, limit: Option<Duration>) -> bool {
        self.try_take() || self.wait_and_take(limit)
    }

    #[cold]
    fn wait_and_take(&self, limit: Option<Duration>) -> bool {
        let start = Instant::now();
        while let left = remaining(start, limit)
            && left != Some(Duration::ZERO)
        {
            // A unit that comes from now on changes the word.
            if self.change(0, ASLEEP) || self.word.load(SeqCst) == ASLEEP {
                futex::wait(&self.word, ASLEEP, left);
            }
            if self.try_take() {
                return true;
            }
        }
        false
    }

    #[inline]
    fn try_take(&self) -> bool {
        loop {
            let seen = self.word.load(SeqCst);
            if seen < UNIT {
                return false;
            }
            if self.change(seen, seen - UNIT) {
                return true;
            }
        }
    }

    /// Gives a unit back if it has less than `bound`.
    #[inline]
    fn give(&self, bound: u32) -> Result<()> {
        loop {
            let seen = self.word.load(SeqCst);
            if seen / UNIT >= bound {
                return Err(Error::ReleasedTooOften { bound });
            }
            let given = match seen & ASLEEP {
                0 => self.change(seen, seen + UNIT),
                _ => self.give_to_sleepers(bound)?,
            };
            if given {
                return Ok(());
            }
        }
    }

    /// The same, if somebody may sleep; tells whether that is so.
    #[cold]
    fn give_to_sleepers(&self, bound: u32) -> Result<bool> {
        let _held = self.hold(None)?;
        // Under the lock nobody removes the mark, or gives a unit back beside
        // it: this can only become less.
        let seen = self.word.load(SeqCst);
        if seen / UNIT >= bound {
            return Err(Error::ReleasedTooOften { bound });
        }
        if seen & ASLEEP == 0 {
            return Ok(false);
        }
        futex::add_and_wake_all(&self.word, UNIT_FOR_MARK);
        Ok(true)
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
        counter.waking.init(Kind::Plain)?;
        counter.word.store(value * UNIT, SeqCst);
        Ok(Self(Arc::new(counter)))
    }

    /// Takes a unit; waits until there is one. Python: `acquire()`.
    ///
    /// # Errors
    /// None; it is a `Result` as with all that waits.
    #[inline]
    pub fn acquire(&self) -> Result<()> {
        point("Semaphore.acquire");
        self.0.take(None);
        Ok(())
    }

    /// Takes a unit if there is one, and tells whether there was. Python:
    /// `acquire(False)`.
    ///
    /// # Errors
    /// None; it is a `Result` as with all that waits.
    pub fn try_acquire(&self) -> Result<bool> {
        point("Semaphore.acquire");
        Ok(self.0.take(Some(Duration::ZERO)))
    }

    /// Waits for a unit, `limit` at most, and tells whether it got one.
    /// Python: `acquire(timeout=…)`, in seconds.
    ///
    /// # Errors
    /// None; it is a `Result` as with all that waits.
    pub fn acquire_timeout(&self, limit: Duration) -> Result<bool> {
        point("Semaphore.acquire");
        Ok(self.0.take(Some(limit)))
    }

    /// Gives a unit back. Python: `release()`.
    ///
    /// # Errors
    /// [`Error::ReleasedTooOften`] over 2³¹ − 1; [`Error::System`] if the lock
    /// of those who wake sleepers fails.
    #[inline]
    pub fn release(&self) -> Result<()> {
        point("Semaphore.release");
        self.0.give(MAX)
    }

    /// The units that are free now. Python: `get_value()`.
    #[must_use]
    pub fn value(&self) -> u32 {
        point("Semaphore.get_value");
        self.0.units()
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
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Semaphore(value={})", self.0.units())
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
            let _ = self.semaphore.0.give(self.bound);
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
    /// None; it is a `Result` as with all that waits.
    #[inline]
    pub fn acquire(&self) -> Result<()> {
        point("BoundedSemaphore.acquire");
        self.semaphore.0.take(None);
        Ok(())
    }

    /// Takes a unit if there is one, and tells whether there was. Python:
    /// `acquire(False)`.
    ///
    /// # Errors
    /// None; it is a `Result` as with all that waits.
    pub fn try_acquire(&self) -> Result<bool> {
        point("BoundedSemaphore.acquire");
        Ok(self.semaphore.0.take(Some(Duration::ZERO)))
    }

    /// Waits for a unit, `limit` at most, and tells whether it got one.
    /// Python: `acquire(timeout=…)`, in seconds.
    ///
    /// # Errors
    /// None; it is a `Result` as with all that waits.
    pub fn acquire_timeout(&self, limit: Duration) -> Result<bool> {
        point("BoundedSemaphore.acquire");
        Ok(self.semaphore.0.take(Some(limit)))
    }

    /// Gives a unit back. Python: `release()`.
    ///
    /// # Errors
    /// [`Error::ReleasedTooOften`] if all units are free already, and as
    /// [`Semaphore::release`].
    #[inline]
    pub fn release(&self) -> Result<()> {
        point("BoundedSemaphore.release");
        self.semaphore.0.give(self.bound)
    }

    /// The units that are free now. Python: `get_value()`.
    #[must_use]
    pub fn value(&self) -> u32 {
        point("BoundedSemaphore.get_value");
        self.semaphore.0.units()
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

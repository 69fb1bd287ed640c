//! `Barrier`.

mod room;
mod state;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use room::Room;

pub(crate) use state::Cause;

use crate::error::Result;
use crate::sys::machine::Instant;
use crate::sys::mutex::remaining;
use crate::sys::point::point;

/// Where a number of parties wait for each other, again and again. Python:
/// `multiprocessing.Barrier`.
///
/// ```
/// use multiprocessing::{Barrier, Process, Result};
///
/// fn main() -> Result<()> {
///     let barrier = Barrier::new(2)?;
///     let work = || -> Result<()> {
///         for step in 0..3 {
///             println!("step {step}");
///             barrier.wait()?; // nobody is a step ahead
///         }
///         Ok(())
///     };
///     let child = Process::new(work);
///     child.start()?;
///     work()?;
///     child.join()
/// }
/// ```
///
/// A barrier *breaks* when one of the parties will not pass: its time limit
/// passes, the action panics, somebody calls [`abort`](Self::abort), or a
/// process dies in `wait`, also while it runs the action. Then all who wait,
/// and all who come, get [`Error::BrokenBarrier`](crate::Error::BrokenBarrier),
/// until somebody calls [`reset`](Self::reset). In CPython the others hang
/// when a process dies in `wait`.
///
/// A process that dies when the others were let pass already, or outside of
/// `wait`, breaks nothing: another one may come in its place. Where none will,
/// those who wait need a time limit.
#[derive(Clone)]
pub struct Barrier {
    room: Arc<Room>,
    action: Option<Arc<dyn Fn() + Send + Sync>>,
    limit: Option<Duration>,
}

impl Barrier {
    /// A barrier that lets pass as soon as `parties` wait, shared with every
    /// process started from now on. Python: `Barrier(parties)`.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for no parties, or more than
    /// 2²²; [`Error::System`](crate::Error::System) if there is no shared
    /// memory for it.
    pub fn new(parties: usize) -> Result<Self> {
        Ok(Self {
            room: Arc::new(Room::new(parties)?),
            action: None,
            limit: None,
        })
    }

    /// Lets the last party that comes call `action` before all pass. A panic
    /// breaks the barrier and goes on in that party. Only before the barrier
    /// is shared. Python: `Barrier(…, action=…)`.
    ///
    /// ```
    /// # use multiprocessing::Barrier;
    /// # use std::time::Duration;
    /// let barrier = Barrier::new(1)?
    ///     .with_action(|| println!("all are here"))
    ///     .with_timeout(Duration::from_secs(1));
    /// assert_eq!(barrier.wait()?, 0);
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    #[must_use]
    pub fn with_action(
        mut self,
        action: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        self.action = Some(Arc::new(action));
        self
    }

    /// Gives each [`wait`](Self::wait) a time limit. Only before the barrier
    /// is shared. Python: `Barrier(…, timeout=…)`, in seconds.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Waits until all parties do, and passes; which party the caller was, from
    /// 0 for the first that came. Python: `wait()`.
    ///
    /// # Errors
    /// [`Error::BrokenBarrier`](crate::Error::BrokenBarrier);
    /// [`Error::Invalid`](crate::Error::Invalid) in the barrier's own action;
    /// [`Error::System`](crate::Error::System) if a lock fails.
    pub fn wait(&self) -> Result<usize> {
        self.pass(self.limit)
    }

    /// As [`wait`](Self::wait), `limit` at most, the time of the action
    /// included: when it passes, the barrier breaks. Python: `wait(timeout)`,
    /// in seconds.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_timeout(&self, limit: Duration) -> Result<usize> {
        self.pass(Some(limit))
    }

    /// Breaks the barrier. Python: `abort()`.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if the lock fails.
    pub fn abort(&self) -> Result<()> {
        point("Barrier.abort");
        self.room.abort()
    }

    /// Makes the barrier as new. Who waits gets
    /// [`Error::BrokenBarrier`](crate::Error::BrokenBarrier). Python:
    /// `reset()`.
    ///
    /// ```
    /// # use multiprocessing::{Barrier, Error};
    /// # use std::time::Duration;
    /// let barrier = Barrier::new(2)?;
    /// let late = barrier.wait_timeout(Duration::from_millis(10));
    /// assert!(matches!(late, Err(Error::BrokenBarrier { .. })));
    /// assert!(barrier.broken());
    /// barrier.reset()?;
    /// assert!(!barrier.broken());
    /// assert_eq!((barrier.n_waiting(), barrier.parties()), (0, 2));
    /// barrier.abort()?;
    /// assert!(barrier.broken());
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if the lock fails.
    pub fn reset(&self) -> Result<()> {
        point("Barrier.reset");
        self.room.reset()
    }

    /// How many parties have to wait before they pass. Python: `parties`.
    #[must_use]
    pub fn parties(&self) -> usize {
        self.room.parties()
    }

    /// How many parties wait now. Python: `n_waiting`.
    #[must_use]
    pub fn n_waiting(&self) -> usize {
        point("Barrier.n_waiting");
        self.room.waiting()
    }

    /// Whether the barrier is broken. Python: `broken`.
    #[must_use]
    pub fn broken(&self) -> bool {
        point("Barrier.broken");
        self.room.is_broken()
    }

    fn pass(&self, limit: Option<Duration>) -> Result<usize> {
        point("Barrier.wait");
        let start = Instant::now();
        let seat = self.room.enter(limit)?;
        if seat.is_last() {
            if let Some(action) = &self.action {
                action();
            }
            seat.open()?;
        } else {
            seat.wait(remaining(start, limit))?;
        }
        Ok(seat.index)
    }
}

impl fmt::Debug for Barrier {
    /// As Python's `repr`, which says how many wait, or `broken`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.room.is_broken() {
            return f.write_str("Barrier(broken)");
        }
        let (waiting, parties) = (self.room.waiting(), self.room.parties());
        write!(f, "Barrier(waiting={waiting}/{parties})")
    }
}

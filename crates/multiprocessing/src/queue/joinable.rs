//! `JoinableQueue`: a queue that knows whether its items have been dealt with.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use super::Queue;
use crate::error::Result;
use crate::sys::point::point;

/// A [`Queue`] whose consumers tell when they are done with an item, so that a
/// producer can wait for it. Python: `multiprocessing.JoinableQueue`.
///
/// ```
/// use multiprocessing::{JoinableQueue, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let queue = JoinableQueue::unbounded()?;
///     let worker = Process::new(|| -> multiprocessing::Result<()> {
///         for _ in 0..3 {
///             println!("item {}", queue.get()?);
///             queue.task_done()?;
///         }
///         Ok(())
///     });
///     worker.start()?;
///     for item in 0..3 {
///         queue.put(item)?;
///     }
///     queue.join()?; // all three have been printed
///     worker.join()
/// }
/// ```
///
/// Everything that a [`Queue`] can do, it can.
pub struct JoinableQueue<T>(Queue<T>);

impl<T> JoinableQueue<T> {
    /// A queue of any number of items. Python: `JoinableQueue()`.
    ///
    /// # Errors
    /// As [`Queue::unbounded`].
    pub fn unbounded() -> Result<Self> {
        Queue::unbounded().map(Self)
    }

    /// A queue of `maxsize` items at most. Python: `JoinableQueue(maxsize)`.
    ///
    /// # Errors
    /// As [`Queue::bounded`].
    pub fn bounded(maxsize: usize) -> Result<Self> {
        Queue::bounded(maxsize).map(Self)
    }

    /// Tells that an item that was got has been dealt with. Python:
    /// `task_done()`.
    ///
    /// # Errors
    /// [`Error::DoneTooOften`](crate::Error::DoneTooOften).
    pub fn task_done(&self) -> Result<()> {
        point("JoinableQueue.task_done");
        self.0.shared.store.note_done()
    }

    /// Waits until every item that was put has been dealt with. Python:
    /// `join()`.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if the lock fails.
    pub fn join(&self) -> Result<()> {
        self.wait(None).map(drop)
    }

    /// As [`join`](Self::join), `limit` at most; tells whether it is so.
    /// Python's `join` has no time limit.
    ///
    /// ```
    /// # use multiprocessing::JoinableQueue;
    /// # use std::time::Duration;
    /// let queue = JoinableQueue::bounded(1)?;
    /// queue.put(7)?;
    /// queue.get()?;
    /// assert!(!queue.join_timeout(Duration::from_millis(10))?);
    /// queue.task_done()?;
    /// assert!(queue.join_timeout(Duration::ZERO)?);
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn join_timeout(&self, limit: Duration) -> Result<bool> {
        self.wait(Some(limit))
    }

    fn wait(&self, limit: Option<Duration>) -> Result<bool> {
        point("JoinableQueue.join");
        self.0.shared.store.wait_done(limit)
    }
}

impl<T> Deref for JoinableQueue<T> {
    type Target = Queue<T>;

    fn deref(&self) -> &Queue<T> {
        &self.0
    }
}

impl<T> Clone for JoinableQueue<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for JoinableQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoinableQueue").field(&self.0).finish()
    }
}

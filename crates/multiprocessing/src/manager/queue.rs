//! The proxies of queues.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::Remote;
use super::protocol::{Call, Encoded, QueueCall};
use crate::error::Result;
use crate::sys::point::point;

/// A queue in a manager's server: first in, first out. Python: what
/// `manager.Queue()` returns.
///
/// A client that is killed while it waits in `get` takes no item with it.
///
/// ```
/// use multiprocessing::{Error, Manager, Process, QueueProxy};
/// use std::time::Duration;
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let queue: QueueProxy<i32> = manager.queue(2)?;
///     let child = Process::new(|| {
///         queue.put(1)?;
///         queue.try_put(2)
///     });
///     child.start()?;
///     child.join()?;
///     let limit = Duration::from_millis(10);
///     assert!(matches!(queue.put_timeout(3, limit), Err(Error::Full)));
///     assert!(queue.full()? && queue.qsize()? == 2);
///     assert_eq!((queue.get()?, queue.try_get()?), (1, 2));
///     assert!(matches!(queue.get_timeout(limit), Err(Error::Empty)));
///     assert!(queue.empty()?);
///     Ok(())
/// }
/// ```
///
/// # Errors
/// Each call can fail with [`Disconnected`](crate::Error::Disconnected) if
/// the server has ended, with [`Encode`](crate::Error::Encode) or
/// [`Decode`](crate::Error::Decode) if serde cannot write or read an item, and
/// with [`TooLong`](crate::Error::TooLong) for 2 GiB and more. Those that do
/// not wait for ever can fail with [`Full`](crate::Error::Full) or
/// [`Empty`](crate::Error::Empty).
pub struct QueueProxy<T> {
    pub(super) remote: Remote,
    types: PhantomData<fn() -> T>,
}

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "items go in by value, as into the collections of std"
)]
impl<T: Serialize + DeserializeOwned> QueueProxy<T> {
    pub(super) fn new(remote: Remote) -> Self {
        Self {
            remote,
            types: PhantomData,
        }
    }

    /// Puts an item at the end; waits while the queue is full. Python:
    /// `q.put(item)`.
    pub fn put(&self, item: T) -> Result<()> {
        self.put_within(&item, None)
    }

    /// Puts an item at the end, if there is room. Python:
    /// `q.put_nowait(item)`.
    pub fn try_put(&self, item: T) -> Result<()> {
        self.put_within(&item, Some(Duration::ZERO))
    }

    /// Puts an item at the end; waits for room, `limit` at most. Python:
    /// `q.put(item, timeout=seconds)`.
    pub fn put_timeout(&self, item: T, limit: Duration) -> Result<()> {
        self.put_within(&item, Some(limit))
    }

    /// Takes the first item out; waits while there is none. Python:
    /// `q.get()`.
    pub fn get(&self) -> Result<T> {
        self.get_within(None)
    }

    /// Takes the first item out, if there is one. Python: `q.get_nowait()`.
    pub fn try_get(&self) -> Result<T> {
        self.get_within(Some(Duration::ZERO))
    }

    /// Takes the first item out; waits for one, `limit` at most. Python:
    /// `q.get(timeout=seconds)`.
    pub fn get_timeout(&self, limit: Duration) -> Result<T> {
        self.get_within(Some(limit))
    }

    /// The number of items. Python: `q.qsize()`.
    pub fn qsize(&self) -> Result<usize> {
        point("Queue.qsize");
        self.call(QueueCall::Size)
    }

    /// Whether there are no items. Python: `q.empty()`.
    pub fn empty(&self) -> Result<bool> {
        point("Queue.empty");
        self.call(QueueCall::Size).map(|size: usize| size == 0)
    }

    /// Whether there is no room. Python: `q.full()`.
    pub fn full(&self) -> Result<bool> {
        point("Queue.full");
        self.call(QueueCall::Full)
    }

    fn put_within(&self, item: &T, limit: Option<Duration>) -> Result<()> {
        point("Queue.put");
        let item = Encoded::new(item)?;
        self.call(QueueCall::Put { item, limit })
    }

    fn get_within(&self, limit: Option<Duration>) -> Result<T> {
        point("Queue.get");
        let item: Encoded = self.call(QueueCall::Get { limit })?;
        item.decode()
    }
}

impl<T> QueueProxy<T> {
    pub(super) fn call<R: DeserializeOwned>(
        &self,
        call: QueueCall,
    ) -> Result<R> {
        self.remote.call(Call::Queue(call))
    }
}

impl<T> Clone for QueueProxy<T> {
    fn clone(&self) -> Self {
        Self {
            remote: self.remote.clone(),
            types: PhantomData,
        }
    }
}

impl<T> fmt::Debug for QueueProxy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueProxy")
            .field("id", &self.remote.id)
            .finish_non_exhaustive()
    }
}

/// A [`QueueProxy`] whose consumers tell when they are done with an item, so
/// that a producer can wait for it. Python: what `manager.JoinableQueue()`
/// returns.
///
/// ```
/// use multiprocessing::{Manager, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let queue = manager.joinable_queue(0)?;
///     let worker = Process::new(|| -> multiprocessing::Result<()> {
///         println!("item {}", queue.get()?);
///         queue.task_done()
///     });
///     worker.start()?;
///     queue.put(7)?;
///     queue.join()?; // it has been printed
///     assert!(queue.join_timeout(std::time::Duration::ZERO)?);
///     worker.join()
/// }
/// ```
///
/// Everything that a [`QueueProxy`] can do, it can.
///
/// # Errors
/// `task_done` can fail with [`DoneTooOften`](crate::Error::DoneTooOften).
/// For the rest, as those of a [`QueueProxy`].
pub struct JoinableQueueProxy<T>(pub(super) QueueProxy<T>);

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
impl<T> JoinableQueueProxy<T> {
    /// Tells that an item that was got has been dealt with. Python:
    /// `task_done()`.
    pub fn task_done(&self) -> Result<()> {
        point("JoinableQueue.task_done");
        self.0.call(QueueCall::TaskDone)
    }

    /// Waits until every item that was put has been dealt with. Python:
    /// `join()`.
    pub fn join(&self) -> Result<()> {
        self.wait(None).map(drop)
    }

    /// As [`join`](Self::join), `limit` at most; tells whether it is so.
    /// Python's `join` has no time limit.
    pub fn join_timeout(&self, limit: Duration) -> Result<bool> {
        self.wait(Some(limit))
    }

    fn wait(&self, limit: Option<Duration>) -> Result<bool> {
        point("JoinableQueue.join");
        self.0.call(QueueCall::Join { limit })
    }
}

impl<T> Deref for JoinableQueueProxy<T> {
    type Target = QueueProxy<T>;

    fn deref(&self) -> &QueueProxy<T> {
        &self.0
    }
}

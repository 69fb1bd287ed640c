//! Queues between processes.
//!
//! A queue is a stream of bytes in shared memory, with a lock at each end.
//! `put` turns the item into bytes and copies them in; `get` copies them out.
//! Both happen in the caller: there is no feeder thread as in CPython, so an
//! item that was put can be got at once, an item that cannot be encoded is an
//! error of `put`, and a process that ends has put all its items. Who finds the
//! queue empty or full sleeps in the kernel (a futex) until the other side
//! changes that.
//!
//! The locks are robust, and one word makes a message part of the queue or ends
//! that: a process killed in the middle of `put` or `get` leaves the queue as it
//! was before or after the call, and the others go on.

mod chain;
mod done;
mod end;
mod joinable;
mod store;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;
use crate::error::{Error, Result};
use crate::sys::point::point;
use store::Store;

pub use joinable::JoinableQueue;

/// A first-in, first-out queue that processes share. Python:
/// `multiprocessing.Queue`.
///
/// ```
/// use multiprocessing::{Process, Queue};
///
/// fn main() -> multiprocessing::Result<()> {
///     let queue = Queue::unbounded()?;
///     let child = Process::new(|| queue.put((42, "郝雪生".to_string())));
///     child.start()?;
///     assert_eq!(queue.get()?, (42, "郝雪生".to_string()));
///     child.join()
/// }
/// ```
///
/// All messages together take 1 GiB at most; an item put beyond that waits, as
/// in a queue that is full.
///
/// A queue that is full or empty makes one wait, as long as one wants:
///
/// ```
/// use multiprocessing::{Error, Queue};
/// use std::time::Duration;
///
/// let queue = Queue::bounded(2)?;
/// queue.put('a')?;
/// queue.try_put('b')?;
/// let limit = Duration::from_millis(10);
/// assert!(matches!(queue.put_timeout('c', limit), Err(Error::Full)));
/// assert!(queue.full()? && queue.qsize()? == 2);
///
/// assert_eq!((queue.get()?, queue.try_get()?), ('a', 'b'));
/// assert!(matches!(queue.get_timeout(limit), Err(Error::Empty)));
/// assert!(queue.empty()?);
/// queue.close(); // for this process
/// # Ok::<(), multiprocessing::Error>(())
/// ```
pub struct Queue<T> {
    shared: Arc<QueueState>,
    items: PhantomData<fn(T) -> T>,
}

struct QueueState {
    store: Store,
    /// In this process: closing is nobody else's business.
    closed: AtomicBool,
}

impl<T> Queue<T> {
    /// A queue of any number of items. Python: `Queue()`.
    ///
    /// # Errors
    /// [`Error::System`] if there is no shared memory for it.
    pub fn unbounded() -> Result<Self> {
        // Python's own limit, too.
        Self::with_capacity(i32::MAX.unsigned_abs().into())
    }

    /// A queue of `maxsize` items at most. Python: `Queue(maxsize)`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `maxsize` is 0, which Python takes for
    /// unbounded; [`Error::System`] if there is no shared memory for it.
    pub fn bounded(maxsize: usize) -> Result<Self> {
        if maxsize == 0 {
            return Err(Error::invalid(
                "a queue of 0 items: use Queue::unbounded() for no limit",
            ));
        }
        Self::with_capacity(maxsize as u64)
    }

    fn with_capacity(capacity: u64) -> Result<Self> {
        let store = Store::new(capacity)?;
        let closed = AtomicBool::new(false);
        let shared = Arc::new(QueueState { store, closed });
        Ok(Self {
            shared,
            items: PhantomData,
        })
    }

    /// How many items are in the queue now. Python: `qsize()`.
    ///
    /// # Errors
    /// None; it is a `Result` as with all that looks into a queue.
    pub fn qsize(&self) -> Result<usize> {
        point("Queue.qsize");
        Ok(self.len())
    }

    /// Whether the queue is empty now. Python: `empty()`, which may still be
    /// true after a `put`; this one is exact.
    ///
    /// # Errors
    /// As [`Queue::qsize`].
    pub fn empty(&self) -> Result<bool> {
        point("Queue.empty");
        Ok(self.len() == 0)
    }

    /// Whether the queue is full now. Python: `full()`.
    ///
    /// # Errors
    /// [`Error::System`] if the lock fails.
    pub fn full(&self) -> Result<bool> {
        point("Queue.full");
        self.shared.store.is_full()
    }

    /// Lets this process neither put nor get any more. Python: `close()`.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
    }

    fn len(&self) -> usize {
        usize::try_from(self.shared.store.len()).unwrap_or(usize::MAX)
    }

    fn store(&self) -> Result<&Store> {
        if self.shared.closed.load(Ordering::Relaxed) {
            return Err(Error::closed("the queue"));
        }
        Ok(&self.shared.store)
    }
}

impl<T: Serialize> Queue<T> {
    /// Appends an item; waits while the queue is full. Python: `put(item)`.
    ///
    /// # Errors
    /// [`Error::Encode`]; [`Error::TooLong`] over 1 GiB; [`Error::Closed`];
    /// [`Error::System`] if `/dev/shm` is full. The queue is unchanged then.
    pub fn put(&self, item: T) -> Result<()> {
        self.push(&item, None)
    }

    /// Appends an item if there is room now. Python: `put_nowait(item)`,
    /// `put(item, False)`.
    ///
    /// # Errors
    /// [`Error::Full`], and as [`Queue::put`].
    pub fn try_put(&self, item: T) -> Result<()> {
        self.push(&item, Some(Duration::ZERO))
    }

    /// Appends an item; waits while the queue is full, `limit` at most.
    /// Python: `put(item, timeout=…)`, in seconds.
    ///
    /// # Errors
    /// [`Error::Full`] after `limit`, and as [`Queue::put`].
    pub fn put_timeout(&self, item: T, limit: Duration) -> Result<()> {
        self.push(&item, Some(limit))
    }

    fn push(&self, item: &T, limit: Option<Duration>) -> Result<()> {
        point("Queue.put");
        let store = self.store()?;
        codec::with_scratch(|message| {
            message.clear();
            codec::encode_into(item, message)?;
            store.push(message, limit)
        })
    }
}

impl<T: DeserializeOwned> Queue<T> {
    /// Takes the first item; waits while there is none. Python: `get()`.
    ///
    /// # Errors
    /// [`Error::Closed`]; [`Error::Decode`] if the item is of another type.
    pub fn get(&self) -> Result<T> {
        self.pop(None)
    }

    /// Takes the first item if there is one. Python: `get_nowait()`,
    /// `get(False)`.
    ///
    /// # Errors
    /// [`Error::Empty`], and as [`Queue::get`].
    pub fn try_get(&self) -> Result<T> {
        self.pop(Some(Duration::ZERO))
    }

    /// Takes the first item; waits while there is none, `limit` at most.
    /// Python: `get(timeout=…)`, in seconds.
    ///
    /// # Errors
    /// [`Error::Empty`] after `limit`, and as [`Queue::get`].
    pub fn get_timeout(&self, limit: Duration) -> Result<T> {
        self.pop(Some(limit))
    }

    fn pop(&self, limit: Option<Duration>) -> Result<T> {
        point("Queue.get");
        let store = self.store()?;
        codec::with_scratch(|message| {
            store.pop(message, limit)?;
            codec::decode(message)
        })
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            items: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("qsize", &self.len()).finish()
    }
}

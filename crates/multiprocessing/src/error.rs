//! Everything that can go wrong, as one type: what happened, to what, and what
//! to do about it.

use std::io;

use crate::shortage::advice;

/// A result whose error is [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a call of this crate can fail with.
///
/// Python raises exceptions of several modules (`ValueError`,
/// `AssertionError`, `queue.Full`, `EOFError`, …); here each case is a
/// variant, so that a `match` can tell them apart.
///
/// ```
/// use multiprocessing::{Error, Queue};
///
/// let got = Queue::<i32>::unbounded()?.try_get();
/// assert!(matches!(got, Err(Error::Empty)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `start` was called a second time. Python: `AssertionError`.
    #[error("{name} was started already: make a new Process to run it again")]
    AlreadyStarted {
        /// The name of the process.
        name: String,
    },

    /// The call needs a started process. Python: `AssertionError`,
    /// `ValueError`.
    #[error("{name} has not been started: call start() before {action}")]
    NotStarted {
        /// The name of the process.
        name: String,
        /// The call that was refused.
        action: &'static str,
    },

    /// `close` was called on a process that still runs. Python: `ValueError`.
    #[error(
        "{name} is still running: call join() or terminate() before close()"
    )]
    StillRunning {
        /// The name of the process.
        name: String,
    },

    /// The object was closed. Python: `ValueError`, `OSError`.
    #[error("{what} is closed: nothing more can be done with it")]
    Closed {
        /// The closed object.
        what: String,
    },

    /// The object belongs to another process: only the process that made a
    /// `Process` or a `Pool` may use it. Python: `AssertionError`.
    #[error("{what} belongs to process {owner}: only its creator may use it")]
    NotCreator {
        /// The object.
        what: String,
        /// The pid of the process that made it.
        owner: i32,
    },

    /// A process with more than one thread cannot be forked safely: the child
    /// would hold locks whose owners do not exist there. CPython forks
    /// nevertheless, and hangs now and then.
    #[error(
        "cannot start {name}: this process has other threads ({others}), and \
         a fork copies only the one that calls it; start processes first, \
         from the main thread, and threads after them"
    )]
    MultiThreaded {
        /// The name of the process.
        name: String,
        /// How many threads there are beside the main one.
        others: usize,
    },

    /// A daemonic process may not have children. Python: `AssertionError`.
    #[error(
        "cannot start {name}: daemonic processes (pool workers are such) may \
         not have children"
    )]
    DaemonicChild {
        /// The name of the process.
        name: String,
    },

    /// The previous owner of the lock ended without releasing it; what it
    /// guards may be half changed. One is told, and the lock works on: after an
    /// acquire that has this error it is free, after a wait of a condition the
    /// caller has it, as after any wait. CPython would wait for ever.
    #[error(
        "{} died while it held the lock: what the lock guards may be half \
         changed, and has to be put right; the lock works on, free after an \
         acquire, and held by the caller after the wait of a condition",
        process(*pid)
    )]
    OwnerDied {
        /// The pid of the dead owner; 0 if it died in the very moment of
        /// taking or releasing the lock.
        pid: i32,
    },

    /// The calling thread holds this lock already; CPython would wait for
    /// ever. A re-entrant lock is `RLock`.
    #[error(
        "this thread holds the lock already and would wait for itself: use an \
         RLock"
    )]
    WouldDeadlock,

    /// The lock is not held by the calling thread. Python: `ValueError`,
    /// `AssertionError`, `RuntimeError`.
    #[error(
        "this thread does not hold the lock: acquire it before a release, and \
         before wait or notify of its condition"
    )]
    NotOwner,

    /// A `BoundedSemaphore` was released more often than acquired. Python:
    /// `ValueError`.
    #[error(
        "semaphore released too many times: its bound is {bound}; release it \
         once for each acquire"
    )]
    ReleasedTooOften {
        /// The initial value.
        bound: u32,
    },

    /// The barrier is broken, or broke while the caller waited. Python:
    /// `threading.BrokenBarrierError`.
    #[error("the barrier is broken: {reason}")]
    BrokenBarrier {
        /// What broke it, and what to do.
        reason: String,
    },

    /// An index or a range outside of an `Array` or a shared list. Python:
    /// `IndexError`.
    #[error("index {index} is out of range: there are {len} items")]
    OutOfRange {
        /// The first index that does not exist.
        index: usize,
        /// How many items there are.
        len: usize,
    },

    /// No room in the queue (in time). Python: `queue.Full`.
    #[error("the queue is full: let others get items, and wait for longer")]
    Full,

    /// Nothing in the queue (in time). Python: `queue.Empty`.
    #[error("the queue is empty: let others put items, and wait for longer")]
    Empty,

    /// `task_done` was called more often than there were items. Python:
    /// `ValueError`.
    #[error("task_done() called too many times: call it once for each item")]
    DoneTooOften,

    /// The time limit passed. Python: `multiprocessing.TimeoutError`.
    #[error(
        "the time limit passed: what was waited for goes on; wait again, or \
         for longer"
    )]
    TimedOut,

    /// The other end is closed, or its process has ended. Python: `EOFError`,
    /// `BrokenPipeError`.
    #[error(
        "the other end of the connection is closed, or its process has ended: \
         nothing more goes through it"
    )]
    Disconnected,

    /// The other side does not have the same key, or is no part of this
    /// library at all. Python: `multiprocessing.AuthenticationError`.
    #[error("the authentication failed: {reason}")]
    AuthenticationFailed {
        /// Who refused whom, and why.
        reason: String,
    },

    /// A message was to bring a descriptor with it, a connection say, and came
    /// without. Python: `RuntimeError`.
    #[error(
        "a descriptor is missing in the message: it was not sent, or this \
         process may not have more of them: close some, or raise \
         RLIMIT_NOFILE (ulimit -n), and let it be sent again"
    )]
    MissingDescriptor,

    /// This end of a one-way pipe only sends, or only receives. Python:
    /// `OSError`.
    #[error("this end of the pipe is {only}: use the other one")]
    WrongDirection {
        /// What the end is for.
        only: &'static str,
    },

    /// A message is longer than the buffer given for it. Python:
    /// `BufferTooShort`.
    #[error(
        "the message has {} bytes, the buffer room for {room}: take the \
         message out of this error, or give a larger buffer",
        message.len()
    )]
    BufferTooShort {
        /// The whole message.
        message: Vec<u8>,
        /// The bytes that the buffer could take.
        room: usize,
    },

    /// A message is longer than what can be sent or received. Python:
    /// `OSError("bad message length")`.
    #[error(
        "a message of {len} bytes: at most {max} are possible here; send it \
         in pieces"
    )]
    TooLong {
        /// The bytes of the message.
        len: usize,
        /// The limit.
        max: usize,
    },

    /// The item cannot be turned into bytes. Python: `PicklingError`.
    #[error("the item cannot be encoded: {reason}")]
    Encode {
        /// What the encoder said.
        reason: String,
    },

    /// The bytes are not an item of the wanted type. Python:
    /// `UnpicklingError`.
    #[error("the message is not of the type asked for: {reason}")]
    Decode {
        /// What the decoder said.
        reason: String,
    },

    /// A pool task panicked. Python: the exception, with a remote traceback.
    #[error("the task panicked in worker {pid}: {message}")]
    TaskPanicked {
        /// The pid of the worker.
        pid: i32,
        /// The panic's message and place.
        message: String,
    },

    /// The worker that ran the task ended before the task did. CPython waits
    /// for ever.
    #[error(
        "worker {pid} ended with exit code {exitcode} (-n: killed by signal \
         n) before its task was done; the task is lost, the pool goes on: give \
         it the task again, if that may run twice"
    )]
    WorkerDied {
        /// The pid of the worker.
        pid: i32,
        /// Its exit code: n, or -signal.
        exitcode: i32,
    },

    /// The pool has no workers any more and cannot make others, or its
    /// initializer has failed in one. CPython makes workers without end.
    #[error("the pool is broken: {reason}; make a new one")]
    PoolBroken {
        /// Why.
        reason: String,
    },

    /// The pool takes no more tasks, or was terminated before the task was
    /// done. Python: `ValueError("Pool not running")`; for a task that was
    /// given up, CPython waits for ever.
    #[error("the pool is closed: it takes no more tasks")]
    PoolClosed,

    /// `join` of a pool that still takes tasks. Python: `ValueError("Pool is
    /// still running")`.
    #[error(
        "the pool still takes tasks: call close() or terminate() before join()"
    )]
    PoolRunning,

    /// The result is not there yet. Python: `ValueError`.
    #[error("the result is not ready: call wait() or get() first")]
    NotReady,

    /// A method of an object in a manager panicked, or the function that was to
    /// make the object. Python: the exception, or `RemoteError`, with the
    /// server's traceback.
    #[error(
        "a method panicked in the manager: {message}; what it had changed of \
         the object before stays so"
    )]
    MethodPanicked {
        /// The panic's message and place.
        message: String,
    },

    /// The server of a manager could not begin to serve; there is none now.
    /// Python: `EOFError`.
    #[error("the server of the manager could not begin: {reason}")]
    ServerFailed {
        /// Why.
        reason: String,
    },

    /// The manager has nothing under this name. Python: `RemoteError`.
    #[error(
        "the manager has published nothing as {name}: publish it first, or \
         look for another name"
    )]
    NotPublished {
        /// The name.
        name: String,
    },

    /// What the manager has published under this name is of another kind, or
    /// has items of another type. Python: `AttributeError`, when it is used.
    #[error("the manager has published a {found} as {name}, and no {wanted}")]
    WrongKind {
        /// The name.
        name: String,
        /// The type of the proxy that was published.
        found: String,
        /// The type that was asked for.
        wanted: String,
    },

    /// An argument that makes no sense. Python: `ValueError`.
    #[error("{what}")]
    Invalid {
        /// What is wrong, and what would be right.
        what: String,
    },

    /// The key is not in the shared dict. Python: `KeyError`.
    #[error("the dict has no such key: get() asks for one that may be absent")]
    NoSuchKey,

    /// The value is not in the shared list. Python: `ValueError`.
    #[error("the list has no such item: it may have been removed")]
    NoSuchItem,

    /// The namespace has no attribute of that name. Python: `AttributeError`.
    #[error("the namespace has no attribute {name}: set it before")]
    NoSuchAttribute {
        /// The name.
        name: String,
    },

    /// The operating system refused. Where it has too little of something,
    /// the text names the limit, and how to raise it. Python: `OSError`.
    #[error("cannot {action}: {source}{}", advice(source))]
    System {
        /// What was tried.
        action: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The subject of a sentence about a process, whose pid may be unknown.
pub(crate) fn process(pid: i32) -> String {
    match pid {
        0 => "a process".into(),
        pid => format!("process {pid}"),
    }
}

impl Error {
    pub(crate) fn system(
        action: impl Into<String>,
        source: impl Into<io::Error>,
    ) -> Self {
        Self::System {
            action: action.into(),
            source: source.into(),
        }
    }

    pub(crate) fn closed(what: impl Into<String>) -> Self {
        Self::Closed { what: what.into() }
    }

    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }
}

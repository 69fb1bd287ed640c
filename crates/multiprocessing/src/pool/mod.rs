//! Pools of worker processes.
//!
//! A pool has a socket to each worker, memory that it shares with them, and one
//! thread of its own, which sleeps in `poll` until an answer, a death or a
//! request comes. Callers give jobs to workers themselves. The thread hears the
//! answers for `apply_async` and its like; who calls `apply` or `map` hears them
//! himself, if nobody else does, and sleeps at the workers' common bell, so that
//! an answer wakes him and not the thread first. If all that there is to do is
//! his, not each answer does, but one after which a worker may soon run out of
//! jobs. Callbacks have a thread of their own, once there are any.
//!
//! A job is the address of a function, which is the same in the worker since the
//! worker is a fork, and the arguments as bytes: what a worker takes at once. All
//! jobs of a call are a task here; CPython's pool says it the other way round.
//!
//! A worker does one job at a time. If its jobs are short, it has some more in
//! its seat, which are taken back when another worker is idle; so it need not
//! wait for the pool between two of them. The seat says which job it has begun:
//! if it dies, that job fails at once
//! ([`Error::WorkerDied`](crate::Error::WorkerDied)), the others go on, and a
//! new worker is made by the *zygote*, a process that was forked with the first
//! workers and still has a single thread. The same is done for a worker that
//! has had as many jobs as one may have: the pool counts them, so it gives none
//! to a worker that is about to leave.
//!
//! Read `worker`, which is short, then `line` (the `seat` in shared memory and
//! the socket), `member` (one worker) and `crew` (who does what), `state` and
//! who changes it: `dispatcher`, the thread, with its `sources`, and `callers`;
//! then `calls`, and `zygote`. `builder` sets all that up. `job` with its `message` and
//! `answer` are what goes to a worker and what comes; `map`, `imap` and `result`
//! are what a caller gets. How long anybody looks before he sleeps is in
//! `crate::patience`.

mod answer;
mod builder;
mod callers;
mod calls;
mod crew;
mod dispatcher;
mod imap;
mod job;
mod line;
mod map;
mod member;
mod message;
mod result;
mod sources;
mod state;
#[cfg(any(test, fuzzing))]
pub(crate) mod targets;
mod worker;
mod zygote;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::process::pid;
use crate::sys::point::point;
use crate::sys::task;
use dispatcher::Dispatcher;
use job::{Sink, Task};
use result::ResultCell;

pub(crate) use answer::Results;
pub use builder::{Initialized, PoolBuilder};
pub use imap::Imap;
pub use result::AsyncResult;

/// Worker processes that run functions. Python: `multiprocessing.Pool`.
///
/// ```
/// use multiprocessing::Pool;
///
/// fn cube(x: i64) -> i64 {
///     x * x * x
/// }
///
/// fn main() -> multiprocessing::Result<()> {
///     let pool = Pool::new(2)?;
///     assert_eq!(pool.apply(cube, 3)?, 27);
///     assert_eq!(pool.map(cube, 1..=3)?, [1, 8, 27]);
///     Ok(())
/// }
/// ```
///
/// A task is a function, or a closure that captures nothing, of one argument
/// (a tuple for more); it has to be in the program when the pool is made, not
/// in a library that is loaded later. Dropping the pool terminates it, also after
/// [`close`](Pool::close), as leaving Python's `with` does: what is not done by
/// then is given up, unless [`join`](Pool::join) has waited for it.
pub struct Pool {
    dispatcher: Arc<Dispatcher>,
    thread: Mutex<Option<JoinHandle<()>>>,
    thread_id: ThreadId,
    processes: usize,
    creator: i32,
}

impl Pool {
    /// A pool of `processes` workers, which are started at once. Python:
    /// `Pool(processes)`.
    ///
    /// # Errors
    /// As [`PoolBuilder::build`].
    pub fn new(processes: usize) -> Result<Self> {
        Self::builder().processes(processes).build()
    }

    /// For a pool whose workers are initialized first, or replaced after so
    /// many tasks: see [`PoolBuilder`]. Python: the other arguments of `Pool`.
    pub fn builder<'a>() -> PoolBuilder<'a> {
        PoolBuilder::new()
    }

    /// Runs `function` in a worker and waits for the result. Python:
    /// `apply(function, args)`.
    ///
    /// # Errors
    /// As [`Pool::apply_async`] and [`AsyncResult::get`].
    pub fn apply<A, R>(&self, function: fn(A) -> R, argument: A) -> Result<R>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        point("Pool.apply");
        self.submit_one(function, argument)?.result(None)
    }

    /// Lets a worker run `function`, and does not wait. Python:
    /// `apply_async(function, args)`.
    ///
    /// # Errors
    /// [`Error::Encode`], [`Error::TooLong`] if the argument cannot be sent;
    /// [`Error::PoolClosed`], [`Error::PoolBroken`]; [`Error::NotCreator`] in
    /// another process than the one that made the pool.
    pub fn apply_async<A, R>(
        &self,
        function: fn(A) -> R,
        argument: A,
    ) -> Result<AsyncResult<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        point("Pool.apply_async");
        let result = self.submit_one(function, argument)?;
        self.dispatcher.watch();
        Ok(result)
    }

    /// Takes no more tasks; those that are there will be done. Python:
    /// `close()`.
    pub fn close(&self) {
        point("Pool.close");
        if self.creator == pid() {
            self.dispatcher.close();
        }
    }

    /// Gives up all tasks and kills the workers. Whoever waits for a result
    /// gets [`Error::PoolClosed`]. Python: `terminate()`.
    pub fn terminate(&self) {
        point("Pool.terminate");
        if self.creator == pid() {
            self.dispatcher.terminate();
        }
    }

    /// Waits until all tasks are done, all callbacks have returned and all
    /// workers have ended. Python: `join()`.
    ///
    /// ```
    /// # use multiprocessing::{Error, Pool};
    /// # fn main() -> multiprocessing::Result<()> {
    /// let pool = Pool::new(2)?;
    /// let result = pool.apply_async(|x: i32| x + 1, 1)?;
    /// pool.close();
    /// pool.join()?;
    /// assert_eq!(result.get()?, 2);
    /// assert!(matches!(pool.apply(|x: i32| x, 1), Err(Error::PoolClosed)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::PoolRunning`] before [`close`](Pool::close) or
    /// [`terminate`](Pool::terminate); [`Error::NotCreator`];
    /// [`Error::Invalid`] in a callback, which would wait for itself.
    pub fn join(&self) -> Result<()> {
        point("Pool.join");
        self.wait()
    }

    /// How many workers it has, when none is being replaced.
    #[must_use]
    pub fn processes(&self) -> usize {
        self.processes
    }

    /// The process ids of the workers that live now and may take tasks.
    ///
    /// ```
    /// # use multiprocessing::Pool;
    /// # fn main() -> multiprocessing::Result<()> {
    /// let pool = Pool::builder().processes(3).build()?;
    /// assert_eq!((pool.processes(), pool.worker_pids().len()), (3, 3));
    /// pool.terminate();
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn worker_pids(&self) -> Vec<i32> {
        point("Pool.worker_pids");
        self.dispatcher.worker_pids()
    }

    fn wait(&self) -> Result<()> {
        self.mine()?;
        if self.dispatcher.is_open() {
            return Err(Error::PoolRunning);
        }
        let is_ours = thread::current().id() == self.thread_id;
        if is_ours || self.dispatcher.is_calling() {
            let what = "a callback cannot join its pool: it would wait for \
                        itself";
            return Err(Error::invalid(what));
        }
        // Held meanwhile, so that whoever else joins waits as long.
        let mut thread =
            self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // A panic of the thread has been printed; there is no more to it.
            let _ = thread.join();
        }
        Ok(())
    }

    fn submit_one<A, R>(
        &self,
        function: fn(A) -> R,
        argument: A,
    ) -> Result<AsyncResult<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        let cell = ResultCell::new(1, self.dispatcher.seats.clone());
        self.submit(function, &[argument], 1, &cell.sink())?;
        let dispatcher = Arc::clone(&self.dispatcher);
        Ok(AsyncResult::new(cell, result::only, dispatcher))
    }

    /// Gives the items to the workers, in chunks of `chunk`; the results go to
    /// `sink`.
    fn submit<A, R>(
        &self,
        function: fn(A) -> R,
        items: &[A],
        chunk: usize,
        sink: &Arc<dyn Sink>,
    ) -> Result<()>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize,
    {
        self.mine()?;
        if chunk == 0 {
            return Err(Error::invalid("a chunk needs at least 1 item"));
        }
        // All of them, before the first is given away.
        let mut task = Task::of(items.len().div_ceil(chunk));
        for items in items.chunks(chunk) {
            task.add(items.len(), |to| task::order(function, items, to))?;
        }
        self.dispatcher.submit(task.jobs(Arc::clone(sink)))
    }

    fn mine(&self) -> Result<()> {
        if self.creator == pid() {
            return Ok(());
        }
        Err(Error::NotCreator {
            what: "the pool".into(),
            owner: self.creator,
        })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.terminate();
        // The last owner may be a callback, and the thread ends without us.
        let _ = self.wait();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("processes", &self.processes)
            .finish_non_exhaustive()
    }
}

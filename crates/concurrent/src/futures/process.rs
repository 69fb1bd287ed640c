//! `ProcessPoolExecutor`: the workers of a `multiprocessing::Pool`.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use multiprocessing::Pool;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Error, Result};
use super::executor::Executor;
use super::future::Future;
use super::map::Map;
use super::task::Task;

/// Runs functions in processes, so many at a time as it has workers. Python:
/// `ProcessPoolExecutor`.
///
/// ```
/// use concurrent::futures::ProcessPoolExecutor;
///
/// fn power((base, exponent): (u32, u32)) -> u32 {
///     base.pow(exponent)
/// }
///
/// fn main() -> concurrent::futures::Result<()> {
///     let executor = ProcessPoolExecutor::new(2)?;
///     assert_eq!(executor.submit(power, (2, 8))?.result()?, 256);
///     Ok(())
/// }
/// ```
///
/// Dropping the executor shuts it down, and waits for its tasks, as leaving
/// Python's `with` does. Callbacks are called by the pool's thread, one after
/// the other.
pub struct ProcessPoolExecutor {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    max_workers: usize,
    /// The process that made it: in a forked copy, nobody does the tasks.
    creator: u32,
    state: Mutex<State>,
    idle: Condvar,
}

struct State {
    open: bool,
    /// Those that no worker has yet, and that can be cancelled.
    waiting: VecDeque<Task>,
    running: usize,
    /// The pool's, once it has called.
    callers: Option<ThreadId>,
}

impl ProcessPoolExecutor {
    /// An executor of `max_workers` processes, which are started at once.
    /// Python: `ProcessPoolExecutor(max_workers)`.
    ///
    /// # Errors
    /// [`Error::NoWorkers`] if `max_workers` is 0; [`Error::Pool`] as
    /// [`Pool::new`]: from the main thread, before there are others.
    pub fn new(max_workers: usize) -> Result<Self> {
        if max_workers == 0 {
            return Err(Error::NoWorkers);
        }
        Ok(Pool::new(max_workers)?.into())
    }

    /// Lets a worker run `function`, and does not wait. What cannot be sent
    /// is the future's error. Python: `submit(function, argument)`.
    ///
    /// # Errors
    /// [`Error::ShutDown`].
    pub fn submit<A, R>(
        &self,
        function: fn(A) -> R,
        argument: A,
    ) -> Result<Future<R>>
    where
        A: Serialize + DeserializeOwned + Send + 'static,
        R: Serialize + DeserializeOwned + Send + 'static,
    {
        let future = Future::new();
        let (promised, shared) = (future.clone(), Arc::clone(&self.shared));
        let run = move || {
            if promised.set_running() {
                shared.start(&promised, function, argument);
            } else {
                shared.ended();
            }
        };
        let task = Task::new(&future, run);
        let mut state = self.shared.state();
        if !state.open {
            return Err(Error::ShutDown);
        }
        state.waiting.push_back(task);
        drop(state);
        self.shared.advance();
        Ok(future)
    }

    /// Lets the workers run `function` on each of the items; the results come
    /// in the order of the items. Python: `map(function, items)`.
    ///
    /// # Errors
    /// As [`submit`](ProcessPoolExecutor::submit).
    pub fn map<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Map<R>>
    where
        A: Serialize + DeserializeOwned + Send + 'static,
        R: Serialize + DeserializeOwned + Send + 'static,
    {
        let submit = |item| self.submit(function, item);
        Map::new(items.into_iter().map(submit), None)
    }

    /// As [`map`](ProcessPoolExecutor::map); who waits for a result when
    /// `limit`, from this call on, has passed, gets [`Error::TimedOut`].
    /// Python: `map(function, items, timeout=…)`, in seconds.
    ///
    /// # Errors
    /// As [`submit`](ProcessPoolExecutor::submit).
    pub fn map_timeout<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        limit: Duration,
    ) -> Result<Map<R>>
    where
        A: Serialize + DeserializeOwned + Send + 'static,
        R: Serialize + DeserializeOwned + Send + 'static,
    {
        let submit = |item| self.submit(function, item);
        Map::new(items.into_iter().map(submit), Some(limit))
    }

    /// Takes no more tasks, and waits until those that are there are done and
    /// the workers have ended. A callback may call it, and does not wait.
    /// Python: `shutdown()`.
    pub fn shutdown(&self) {
        self.shutdown_nowait();
        let shared = &self.shared;
        let mut state = shared.state();
        let is_callback = state.callers == Some(thread::current().id());
        if is_callback || shared.creator != std::process::id() {
            return;
        }
        while state.running > 0 || !state.waiting.is_empty() {
            let woken = shared.idle.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        shared.pool.close();
        // It is closed, it is ours, and this is not its thread.
        let _ = shared.pool.join();
    }

    /// Takes no more tasks, and does not wait; those that are there will be
    /// done. Python: `shutdown(wait=False)`.
    pub fn shutdown_nowait(&self) {
        self.shared.state().open = false;
    }

    /// Takes no more tasks, cancels those that have not begun, and waits for
    /// the others. Python: `shutdown(cancel_futures=True)`.
    pub fn shutdown_cancelling(&self) {
        self.shutdown_nowait();
        let waiting = std::mem::take(&mut self.shared.state().waiting);
        for task in waiting {
            (task.cancel)();
        }
        self.shutdown();
    }
}

impl Shared {
    /// Gives waiting tasks to the pool, as many as it has workers for.
    fn advance(&self) {
        while let Some(task) = self.next() {
            (task.run)();
        }
    }

    fn next(&self) -> Option<Task> {
        let mut state = self.state();
        if state.running == self.max_workers {
            return None;
        }
        let task = state.waiting.pop_front()?;
        state.running += 1;
        Some(task)
    }

    fn start<A, R>(
        self: &Arc<Self>,
        future: &Future<R>,
        function: fn(A) -> R,
        argument: A,
    ) where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + Send + 'static,
    {
        match self.pool.apply_async(function, argument) {
            Ok(result) => {
                let (well, ill) = (self.finish(future), self.finish(future));
                result
                    .callback(move |result| well(Ok(result)))
                    .error_callback(move |error| ill(Err(error.into())));
            }
            Err(error) => {
                // Only here, and by its callbacks, it is fulfilled.
                let _ = future.set_exception(error.into());
                self.ended();
            }
        }
    }

    /// What the pool's thread is to do with the result of `future`.
    fn finish<R: Send + 'static>(
        self: &Arc<Self>,
        future: &Future<R>,
    ) -> impl FnOnce(Result<R>) + Send + 'static {
        let (shared, future) = (Arc::clone(self), future.clone());
        move |result| {
            shared.state().callers = Some(thread::current().id());
            let _ = future.settle(result, || ());
            shared.ended();
            shared.advance();
        }
    }

    fn ended(&self) {
        self.state().running -= 1;
        self.idle.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An executor whose workers are those of a pool, and as they are:
/// initialized, or replaced after so many tasks. Python: `initializer=`,
/// `max_tasks_per_child=`.
///
/// ```
/// use concurrent::futures::ProcessPoolExecutor;
/// use multiprocessing::Pool;
///
/// fn main() -> concurrent::futures::Result<()> {
///     let pool = Pool::builder().processes(1).maxtasksperchild(1).build()?;
///     let executor = ProcessPoolExecutor::from(pool);
///     let one = executor.submit(|()| std::process::id(), ())?;
///     let other = executor.submit(|()| std::process::id(), ())?;
///     assert_ne!(one.result()?, other.result()?);
///     Ok(())
/// }
/// ```
///
/// If the initializer fails, or no worker can be made in the place of the last
/// one, all futures fail, those that are there and those that come.
impl From<Pool> for ProcessPoolExecutor {
    fn from(pool: Pool) -> Self {
        let state = State {
            open: true,
            waiting: VecDeque::new(),
            running: 0,
            callers: None,
        };
        let shared = Shared {
            max_workers: pool.processes(),
            pool,
            creator: std::process::id(),
            state: Mutex::new(state),
            idle: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Executor for ProcessPoolExecutor {
    fn submit<A, R>(
        &self,
        function: fn(A) -> R,
        argument: A,
    ) -> Result<Future<R>>
    where
        A: Serialize + DeserializeOwned + Send + 'static,
        R: Serialize + DeserializeOwned + Send + 'static,
    {
        self.submit(function, argument)
    }

    fn shutdown(&self) {
        self.shutdown();
    }
}

impl Drop for ProcessPoolExecutor {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl fmt::Debug for ProcessPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPoolExecutor")
            .field("max_workers", &self.shared.max_workers)
            .finish_non_exhaustive()
    }
}

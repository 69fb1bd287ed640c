//! `ThreadPoolExecutor`: threads that take tasks from a channel.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, unbounded};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Error, Result};
use super::executor::Executor;
use super::future::Future;
use super::map::Map;
use super::task::Task;

/// Runs functions in threads, so many at a time as it has workers. Python:
/// `ThreadPoolExecutor`.
///
/// ```
/// use concurrent::futures::ThreadPoolExecutor;
///
/// fn main() -> concurrent::futures::Result<()> {
///     let executor = ThreadPoolExecutor::new(2)?;
///     let hello = executor.submit(|name| format!("hello {name}"), "you")?;
///     assert_eq!(hello.result()?, "hello you");
///     Ok(())
/// }
/// ```
///
/// A thread is started when a task comes and all others are busy. Dropping the
/// executor shuts it down, and waits for its tasks, as leaving Python's `with`
/// does.
pub struct ThreadPoolExecutor {
    crew: Arc<Mutex<Crew>>,
    tasks: Receiver<Task>,
    max_workers: usize,
    prefix: String,
}

struct Crew {
    /// None when the executor is shut down: then the threads end, when they
    /// have done what is there.
    door: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
    /// The tasks that wait or run.
    unfinished: usize,
}

impl ThreadPoolExecutor {
    /// An executor of `max_workers` threads at most. Python:
    /// `ThreadPoolExecutor(max_workers)`.
    ///
    /// # Errors
    /// [`Error::NoWorkers`] if `max_workers` is 0.
    pub fn new(max_workers: usize) -> Result<Self> {
        match max_workers {
            0 => Err(Error::NoWorkers),
            _ => Ok(Self::with_workers(max_workers)),
        }
    }

    /// Gives the threads the names `prefix_0`, `prefix_1`, … Python:
    /// `thread_name_prefix=`.
    #[must_use]
    pub fn with_thread_name_prefix(self, prefix: &str) -> Self {
        let mut named = self;
        named.prefix = prefix.into();
        named
    }

    /// Lets a thread run `function`, and does not wait. Python:
    /// `submit(function, argument)`.
    ///
    /// # Errors
    /// [`Error::ShutDown`]; [`Error::NoThread`] if there is none yet, and the
    /// system refuses one.
    pub fn submit<A, R>(
        &self,
        function: impl FnOnce(A) -> R + Send + 'static,
        argument: A,
    ) -> Result<Future<R>>
    where
        A: Send + 'static,
        R: Send + 'static,
    {
        let future = Future::new();
        let (promised, crew) = (future.clone(), Arc::clone(&self.crew));
        let run = move || {
            let free = || lock(&crew).unfinished -= 1;
            if !promised.set_running() {
                return free();
            }
            let result = catch_unwind(AssertUnwindSafe(|| function(argument)));
            // Only this thread fulfils it.
            let _ = promised.settle(result.map_err(panicked), free);
        };
        self.enqueue(Task::new(&future, run))?;
        Ok(future)
    }

    /// Lets the threads run `function` on each of the items; the results come
    /// in the order of the items. Python: `map(function, items)`.
    ///
    /// # Errors
    /// As [`submit`](ThreadPoolExecutor::submit).
    pub fn map<A, R>(
        &self,
        function: impl Fn(A) -> R + Send + Sync + 'static,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Map<R>>
    where
        A: Send + 'static,
        R: Send + 'static,
    {
        self.map_until(function, items, None)
    }

    /// As [`map`](ThreadPoolExecutor::map); who waits for a result when
    /// `limit`, from this call on, has passed, gets [`Error::TimedOut`].
    /// Python: `map(function, items, timeout=…)`, in seconds.
    ///
    /// # Errors
    /// As [`submit`](ThreadPoolExecutor::submit).
    pub fn map_timeout<A, R>(
        &self,
        function: impl Fn(A) -> R + Send + Sync + 'static,
        items: impl IntoIterator<Item = A>,
        limit: Duration,
    ) -> Result<Map<R>>
    where
        A: Send + 'static,
        R: Send + 'static,
    {
        self.map_until(function, items, Some(limit))
    }

    /// Takes no more tasks, and waits until those that are there are done. A
    /// task may call it, and does not wait for itself. Python: `shutdown()`.
    pub fn shutdown(&self) {
        self.shutdown_nowait();
        let threads = std::mem::take(&mut lock(&self.crew).threads);
        let here = thread::current().id();
        for thread in threads {
            if thread.thread().id() != here {
                // Tasks and callbacks are caught when they panic.
                let _ = thread.join();
            }
        }
    }

    /// Takes no more tasks, and does not wait; those that are there will be
    /// done. Python: `shutdown(wait=False)`.
    pub fn shutdown_nowait(&self) {
        lock(&self.crew).door = None;
    }

    /// Takes no more tasks, cancels those that have not begun, and waits for
    /// the others. Python: `shutdown(cancel_futures=True)`.
    pub fn shutdown_cancelling(&self) {
        self.shutdown_nowait();
        for task in self.tasks.try_iter() {
            (task.cancel)();
        }
        self.shutdown();
    }

    fn with_workers(max_workers: usize) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let (door, tasks) = unbounded();
        let crew = Crew {
            door: Some(door),
            threads: Vec::new(),
            unfinished: 0,
        };
        Self {
            crew: Arc::new(Mutex::new(crew)),
            tasks,
            max_workers,
            prefix: format!("ThreadPoolExecutor-{number}"),
        }
    }

    fn map_until<A, R>(
        &self,
        function: impl Fn(A) -> R + Send + Sync + 'static,
        items: impl IntoIterator<Item = A>,
        limit: Option<Duration>,
    ) -> Result<Map<R>>
    where
        A: Send + 'static,
        R: Send + 'static,
    {
        let function = Arc::new(function);
        let submit = |item| {
            let function = Arc::clone(&function);
            self.submit(move |item| function(item), item)
        };
        Map::new(items.into_iter().map(submit), limit)
    }

    fn enqueue(&self, task: Task) -> Result<()> {
        let mut crew = lock(&self.crew);
        let Some(door) = &crew.door else {
            return Err(Error::ShutDown);
        };
        let door = door.clone();
        let threads = crew.threads.len();
        if threads < self.max_workers && threads <= crew.unfinished {
            match self.start_thread(threads) {
                Ok(thread) => crew.threads.push(thread),
                Err(error) if threads == 0 => {
                    return Err(Error::NoThread(Arc::new(error)));
                }
                // The others will do it.
                Err(_) => {}
            }
        }
        crew.unfinished += 1;
        // It cannot fail: the executor has a receiver.
        let _ = door.send(task);
        Ok(())
    }

    fn start_thread(&self, number: usize) -> std::io::Result<JoinHandle<()>> {
        let tasks = self.tasks.clone();
        thread::Builder::new()
            .name(format!("{}_{number}", self.prefix))
            .spawn(move || tasks.iter().for_each(|task| (task.run)()))
    }
}

impl Executor for ThreadPoolExecutor {
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

/// With four threads more than there are processors, 32 at most. Python:
/// `ThreadPoolExecutor()`.
impl Default for ThreadPoolExecutor {
    fn default() -> Self {
        Self::with_workers((multiprocessing::cpu_count() + 4).min(32))
    }
}

impl Drop for ThreadPoolExecutor {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl fmt::Debug for ThreadPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolExecutor")
            .field("max_workers", &self.max_workers)
            .finish_non_exhaustive()
    }
}

fn lock(crew: &Mutex<Crew>) -> MutexGuard<'_, Crew> {
    crew.lock().unwrap_or_else(PoisonError::into_inner)
}

fn panicked(payload: Box<dyn Any + Send>) -> Error {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    // Its destructor may panic as well.
    std::mem::forget(payload);
    Error::TaskPanicked {
        message: text.unwrap_or_else(|| "(no message)".into()),
    }
}

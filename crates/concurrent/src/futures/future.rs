//! `Future`: the result of a task that may not be done yet.

use std::any::type_name;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;
use crossbeam::utils::Backoff;

use super::error::{Error, Result};
use super::watch::News;

/// The result, sooner or later, of what was submitted to an executor. Python:
/// `concurrent.futures.Future`.
///
/// ```
/// use concurrent::futures::{Future, ThreadPoolExecutor};
///
/// fn main() -> concurrent::futures::Result<()> {
///     let executor = ThreadPoolExecutor::new(1)?;
///     let future: Future<u32> = executor.submit(|n| n * n, 7)?;
///     assert_eq!(future.result()?, 49);
///     assert!(future.done());
///     Ok(())
/// }
/// ```
///
/// A clone is the same future. It may be dropped; the task runs nevertheless.
pub struct Future<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    done: Condvar,
}

struct State<T> {
    phase: Phase<T>,
    callbacks: Vec<Callback<T>>,
    watchers: Vec<(usize, Sender<News>)>,
}

enum Phase<T> {
    Pending,
    Running,
    Cancelled,
    Finished(Result<T>),
}

type Callback<T> = Box<dyn FnOnce(&Future<T>) + Send>;

impl<T> Phase<T> {
    fn is_done(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Finished(_))
    }

    fn has_failed(&self) -> bool {
        matches!(self, Self::Finished(Err(_)))
    }
}

impl<T> Future<T> {
    /// A future that nobody has promised to fulfil yet: for executors, and for
    /// tests. Python: `Future()`.
    #[must_use]
    pub fn new() -> Self {
        let state = State {
            phase: Phase::Pending,
            callbacks: Vec::new(),
            watchers: Vec::new(),
        };
        let shared = Shared {
            state: Mutex::new(state),
            done: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Cancels the task if it has not begun; tells whether it is cancelled.
    /// Python: `cancel()`.
    pub fn cancel(&self) -> bool {
        let state = self.state();
        match state.phase {
            Phase::Pending => self.become_done(state, Phase::Cancelled, || ()),
            Phase::Cancelled => {}
            Phase::Running | Phase::Finished(_) => return false,
        }
        true
    }

    /// Whether the task was cancelled. Python: `cancelled()`.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        matches!(self.state().phase, Phase::Cancelled)
    }

    /// Whether the task has begun, and not ended. Python: `running()`.
    #[must_use]
    pub fn running(&self) -> bool {
        matches!(self.state().phase, Phase::Running)
    }

    /// Whether the task has ended, well or not, or was cancelled. Python:
    /// `done()`.
    #[must_use]
    pub fn done(&self) -> bool {
        self.state().phase.is_done()
    }

    /// Waits until the task is done; its error, if it has failed. Python:
    /// `exception()`.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn exception(&self) -> Result<Option<Error>> {
        self.await_done(None, error_of)
    }

    /// As [`exception`](Future::exception), waiting for `limit` at most.
    /// Python: `exception(timeout)`, in seconds.
    ///
    /// # Errors
    /// [`Error::TimedOut`], [`Error::Cancelled`].
    pub fn exception_timeout(&self, limit: Duration) -> Result<Option<Error>> {
        self.await_done(Some(limit), error_of)
    }

    /// Calls `function` when the task is done or cancelled: in the thread that
    /// finishes it, or here and now, if it is done. A panic of `function` is
    /// told on stderr, and goes no further. Python: `add_done_callback(f)`.
    pub fn add_done_callback(
        &self,
        function: impl FnOnce(&Self) + Send + 'static,
    ) {
        let mut state = self.state();
        if state.phase.is_done() {
            drop(state);
            self.call(Box::new(function));
        } else {
            state.callbacks.push(Box::new(function));
        }
    }

    /// Tells that the task begins; false if it was cancelled, and must not.
    /// For executors. Python: `set_running_or_notify_cancel()`.
    #[must_use]
    pub fn set_running(&self) -> bool {
        let mut state = self.state();
        if matches!(state.phase, Phase::Pending) {
            state.phase = Phase::Running;
        }
        matches!(state.phase, Phase::Running)
    }

    /// Tells the result. For executors. Python: `set_result(x)`.
    ///
    /// # Errors
    /// [`Error::InvalidState`] if the future is done.
    pub fn set_result(&self, result: T) -> Result<()> {
        self.settle(Ok(result), || ())
    }

    /// Tells that the task has failed. For executors. Python:
    /// `set_exception(e)`.
    ///
    /// # Errors
    /// [`Error::InvalidState`] if the future is done.
    pub fn set_exception(&self, error: Error) -> Result<()> {
        self.settle(Err(error), || ())
    }

    /// Tells how the task has ended. Calls `free` when the caller has nothing
    /// more to do for the future: before anybody can see that it is done, or
    /// after the callbacks, if there are any.
    pub(super) fn settle(
        &self,
        result: Result<T>,
        free: impl FnOnce(),
    ) -> Result<()> {
        let state = self.state();
        if state.phase.is_done() {
            return Err(Error::InvalidState);
        }
        self.become_done(state, Phase::Finished(result), free);
        Ok(())
    }

    fn become_done(
        &self,
        mut state: MutexGuard<'_, State<T>>,
        phase: Phase<T>,
        free: impl FnOnce(),
    ) {
        let failed = phase.has_failed();
        state.phase = phase;
        for (index, watcher) in state.watchers.drain(..) {
            // Who has stopped waiting does not want to know.
            let _ = watcher.send(News { index, failed });
        }
        let callbacks = std::mem::take(&mut state.callbacks);
        if callbacks.is_empty() {
            free();
            drop(state);
            self.shared.done.notify_all();
        } else {
            drop(state);
            self.shared.done.notify_all();
            for callback in callbacks {
                self.call(callback);
            }
            free();
        }
    }

    fn call(&self, callback: Callback<T>) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| callback(self)))
        {
            // Its destructor may panic as well.
            std::mem::forget(payload);
        }
    }

    /// Lets `watcher` know, under the number `index`, when this is done.
    pub(super) fn watch(&self, index: usize, watcher: &Sender<News>) {
        let mut state = self.state();
        if state.phase.is_done() {
            let failed = state.phase.has_failed();
            let _ = watcher.send(News { index, failed });
        } else {
            state.watchers.push((index, watcher.clone()));
        }
    }

    pub(super) fn unwatch(&self, watcher: &Sender<News>) {
        let mut state = self.state();
        state
            .watchers
            .retain(|(_, other)| !other.same_channel(watcher));
    }

    /// Whether this and `other` are one future.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    fn await_done<R>(
        &self,
        limit: Option<Duration>,
        read: impl FnOnce(&Result<T>) -> R,
    ) -> Result<R> {
        let start = Instant::now();
        let mut state = self.look_for_a_moment();
        loop {
            match &state.phase {
                Phase::Finished(result) => return Ok(read(result)),
                Phase::Cancelled => return Err(Error::Cancelled),
                Phase::Pending | Phase::Running => {}
            }
            let done = &self.shared.done;
            state = match limit.map(|it| it.saturating_sub(start.elapsed())) {
                Some(Duration::ZERO) => return Err(Error::TimedOut),
                Some(left) => done
                    .wait_timeout(state, left)
                    .map_or_else(|error| error.into_inner().0, |woken| woken.0),
                None => {
                    done.wait(state).unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }

    /// Looks again and again whether it is done, for some microseconds, as the
    /// channels do from which the threads take tasks: a short task ends sooner
    /// than one can go to sleep and be woken. On a single processor it does not.
    fn look_for_a_moment(&self) -> MutexGuard<'_, State<T>> {
        let backoff = Backoff::new();
        loop {
            let state = self.state();
            if state.phase.is_done()
                || backoff.is_completed()
                || !others_may_run()
            {
                return state;
            }
            drop(state);
            backoff.snooze();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Future<T> {
    /// Waits for the result. May be called again. Python: `result()`.
    ///
    /// # Errors
    /// What went wrong with the task: [`Error::TaskPanicked`],
    /// [`Error::Pool`]; [`Error::Cancelled`].
    pub fn result(&self) -> Result<T> {
        self.await_done(None, Clone::clone)?
    }

    /// Waits for the result, `limit` at most; the task goes on. Python:
    /// `result(timeout)`, in seconds.
    ///
    /// # Errors
    /// [`Error::TimedOut`], and as [`result`](Future::result).
    pub fn result_timeout(&self, limit: Duration) -> Result<T> {
        self.await_done(Some(limit), Clone::clone)?
    }
}

/// Whether a thread can work while this one looks on.
fn others_may_run() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    *MAY.get_or_init(|| multiprocessing::cpu_count() > 1)
}

fn error_of<T>(result: &Result<T>) -> Option<Error> {
    result.as_ref().err().cloned()
}

impl<T> Clone for Future<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> Default for Future<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// As Python shows it, with Rust's name of the result's type.
impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Future at {:p} state=", Arc::as_ptr(&self.shared))?;
        match &self.state().phase {
            Phase::Pending => write!(f, "pending"),
            Phase::Running => write!(f, "running"),
            Phase::Cancelled => write!(f, "cancelled"),
            Phase::Finished(Ok(_)) => {
                write!(f, "finished returned {}", type_name::<T>())
            }
            Phase::Finished(Err(error)) => {
                write!(f, "finished raised {error}")
            }
        }?;
        write!(f, ">")
    }
}

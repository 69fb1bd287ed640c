//! `AsyncResult`: the result of a task that may not be done yet.

use std::fmt;
use std::iter::repeat_with;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::answer::{Answer, decode};
use super::dispatcher::Dispatcher;
use super::job::{Call, Sink};
use crate::error::{Error, Result};
use crate::process::{self, pid};
use crate::seat::Seats;
use crate::sys::mutex::remaining;
use crate::sys::point::point;

/// The result, sooner or later, of a task given to a
/// [`Pool`](super::Pool). Python: `multiprocessing.pool.AsyncResult`.
///
/// It may be dropped; the task runs nevertheless.
///
/// ```
/// use multiprocessing::{AsyncResult, Error, Pool};
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// fn main() -> multiprocessing::Result<()> {
///     let pool = Pool::new(2)?;
///     let (told, hear) = mpsc::channel();
///     let half = |x: u32| 12 / x;
///
///     let six: AsyncResult<u32> = pool
///         .apply_async(half, 2)?
///         .callback(move |result| told.send(result).unwrap_or_default());
///     six.wait()?;
///     assert!(six.ready() && six.successful()?);
///     assert_eq!((six.get()?, hear.recv()), (6, Ok(6)));
///
///     let none = pool
///         .apply_async(half, 0)?
///         .error_callback(|error| eprintln!("{error}"));
///     assert!(none.wait_timeout(Duration::from_secs(10))?);
///     let error = none.get_timeout(Duration::ZERO).expect_err("by zero");
///     assert!(matches!(error, Error::TaskPanicked { .. }));
///     Ok(())
/// }
/// ```
pub struct AsyncResult<T> {
    cell: Arc<ResultCell>,
    assemble: fn(&[Answer]) -> Result<T>,
    dispatcher: Arc<Dispatcher>,
    creator: i32,
}

impl<T: 'static> AsyncResult<T> {
    pub(super) fn new(
        cell: Arc<ResultCell>,
        assemble: fn(&[Answer]) -> Result<T>,
        dispatcher: Arc<Dispatcher>,
    ) -> Self {
        Self {
            cell,
            assemble,
            dispatcher,
            creator: pid(),
        }
    }

    /// Lets a thread of the pool call `function` with the result, once. If the
    /// task fails, it is not called. Python: `callback=`.
    ///
    /// Callbacks run one after the other, in this process; a slow one holds
    /// up all others and the starts of processes, but not the results, and one
    /// that panics is passed over. A callback may give the pool further tasks, but not wait
    /// for them, and may not start processes. In another process than the
    /// pool's, nothing is called.
    #[expect(clippy::return_self_not_must_use, reason = "also a statement")]
    pub fn callback(self, function: impl FnOnce(T) + Send + 'static) -> Self {
        point("AsyncResult.callback");
        let assemble = self.assemble;
        self.when_done(Box::new(move |items| {
            if let Ok(result) = assemble(items) {
                function(result);
            }
        }))
    }

    /// Lets a thread of the pool call `function` with the error if the task
    /// fails. Python: `error_callback=`.
    #[expect(clippy::return_self_not_must_use, reason = "also a statement")]
    pub fn error_callback(
        self,
        function: impl FnOnce(Error) + Send + 'static,
    ) -> Self {
        point("AsyncResult.error_callback");
        let assemble = self.assemble;
        self.when_done(Box::new(move |items| {
            if let Err(error) = assemble(items) {
                function(error);
            }
        }))
    }

    /// Waits for the result. May be called again. Python: `get()`.
    ///
    /// # Errors
    /// What went wrong with the task: [`Error::TaskPanicked`],
    /// [`Error::WorkerDied`], [`Error::Encode`], [`Error::Decode`],
    /// [`Error::PoolBroken`], or [`Error::PoolClosed`] if the pool was
    /// terminated first. [`Error::NotCreator`] in another process than the
    /// pool's.
    pub fn get(&self) -> Result<T> {
        point("AsyncResult.get");
        self.result(None)
    }

    /// Waits for the result, `limit` at most; the task runs on. Python:
    /// `get(timeout=…)`, in seconds.
    ///
    /// # Errors
    /// [`Error::TimedOut`], and as [`AsyncResult::get`].
    pub fn get_timeout(&self, limit: Duration) -> Result<T> {
        point("AsyncResult.get");
        self.result(Some(limit))
    }

    /// Waits until the task is done, well or not. Python: `wait()`.
    ///
    /// # Errors
    /// [`Error::NotCreator`].
    pub fn wait(&self) -> Result<()> {
        point("AsyncResult.wait");
        self.mine()?;
        drop(self.cell.wait(None, &self.dispatcher));
        Ok(())
    }

    /// Waits until the task is done, `limit` at most; tells whether it is.
    /// Python: `wait(timeout)`, in seconds.
    ///
    /// # Errors
    /// [`Error::NotCreator`].
    pub fn wait_timeout(&self, limit: Duration) -> Result<bool> {
        point("AsyncResult.wait");
        self.mine()?;
        Ok(self.cell.wait(Some(limit), &self.dispatcher).is_some())
    }

    /// Whether the task is done. Python: `ready()`.
    #[must_use]
    pub fn ready(&self) -> bool {
        point("AsyncResult.ready");
        self.cell.items().is_some()
    }

    /// Whether the task is done and has not failed. Python: `successful()`.
    ///
    /// # Errors
    /// [`Error::NotReady`] while it is not done.
    pub fn successful(&self) -> Result<bool> {
        point("AsyncResult.successful");
        let items = self.cell.items().ok_or(Error::NotReady)?;
        let mut items = items.iter().flat_map(Answer::iter);
        Ok(items.all(|item| item.is_ok()))
    }

    pub(super) fn result(&self, limit: Option<Duration>) -> Result<T> {
        self.mine()?;
        let items = self
            .cell
            .wait(limit, &self.dispatcher)
            .ok_or(Error::TimedOut)?;
        (self.assemble)(&items)
    }

    fn when_done(self, callback: Callback) -> Self {
        // In another process than the pool's, there is nobody to call it.
        if self.mine().is_ok()
            && let Some((callback, items)) = self.cell.add(callback)
        {
            self.dispatcher.run(Box::new(move || callback(&items)));
        }
        self
    }

    fn mine(&self) -> Result<()> {
        if self.creator == pid() {
            return Ok(());
        }
        let what = "the result of a pool's task".into();
        Err(Error::NotCreator {
            what,
            owner: self.creator,
        })
    }
}

impl<T> fmt::Debug for AsyncResult<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = self.cell.items().is_some();
        f.debug_struct("AsyncResult")
            .field("ready", &ready)
            .finish_non_exhaustive()
    }
}

/// The result of a task of one item.
pub(super) fn only<R: DeserializeOwned>(results: &[Answer]) -> Result<R> {
    let mut items = results.iter().flat_map(Answer::iter);
    items.next().map_or(Err(Error::NotReady), decode)
}

/// The results of a task of many items, or the first error.
pub(super) fn all<R: DeserializeOwned>(results: &[Answer]) -> Result<Vec<R>> {
    let count = results.iter().map(Answer::count).sum();
    let mut all = Vec::with_capacity(count);
    for answer in results {
        answer.decode(&mut all)?;
    }
    Ok(all)
}

type Callback = Box<dyn FnOnce(&[Answer]) + Send>;

/// Where the results of a task's items come together.
pub(super) struct ResultCell {
    state: Mutex<CellState>,
    done: Condvar,
    /// Whose bell wakes who [attends](Dispatcher::attend).
    seats: Option<Arc<Seats>>,
}

enum CellState {
    Waiting {
        /// Somebody sleeps until they are done.
        asleep: bool,
        /// Of each job, once it is there.
        come: Vec<Answer>,
        /// So many jobs are not done yet.
        missing: usize,
        callbacks: Vec<Callback>,
    },
    Done(Arc<Vec<Answer>>),
}

impl ResultCell {
    /// For the results of so many jobs.
    pub(super) fn new(jobs: usize, seats: Option<Arc<Seats>>) -> Arc<Self> {
        let state = match jobs {
            0 => CellState::Done(Arc::default()),
            missing => CellState::Waiting {
                asleep: false,
                come: repeat_with(Answer::default).take(missing).collect(),
                missing,
                callbacks: Vec::new(),
            },
        };
        Arc::new(Self {
            state: Mutex::new(state),
            done: Condvar::new(),
            seats,
        })
    }

    pub(super) fn sink(self: &Arc<Self>) -> Arc<dyn Sink> {
        Arc::<Self>::clone(self)
    }

    /// Keeps `callback` until the results are there; if they are, gives it
    /// back with them.
    fn add(&self, callback: Callback) -> Option<(Callback, Arc<Vec<Answer>>)> {
        match &mut *self.state() {
            CellState::Waiting { callbacks, .. } => {
                callbacks.push(callback);
                None
            }
            CellState::Done(items) => Some((callback, Arc::clone(items))),
        }
    }

    fn items(&self) -> Option<Arc<Vec<Answer>>> {
        match &*self.state() {
            CellState::Waiting { .. } => None,
            CellState::Done(items) => Some(Arc::clone(items)),
        }
    }

    /// Waits for the results; meanwhile hears the workers itself, if nobody else
    /// does.
    fn wait(
        &self,
        limit: Option<Duration>,
        dispatcher: &Dispatcher,
    ) -> Option<Arc<Vec<Answer>>> {
        let start = limit.map(|_| Instant::now());
        let left = || start.and_then(|start| remaining(start, limit));
        dispatcher.attend(|| self.missing(), left);
        self.sleep(left)
    }

    /// How many jobs are not done yet.
    fn missing(&self) -> usize {
        match &*self.state() {
            CellState::Waiting { missing, .. } => *missing,
            CellState::Done(_) => 0,
        }
    }

    fn sleep(
        &self,
        left: impl Fn() -> Option<Duration>,
    ) -> Option<Arc<Vec<Answer>>> {
        let mut state = self.state();
        loop {
            match &mut *state {
                CellState::Done(items) => return Some(Arc::clone(items)),
                CellState::Waiting { asleep, .. } => *asleep = true,
            }
            state = match left() {
                Some(Duration::ZERO) => return None,
                Some(left) => self
                    .done
                    .wait_timeout(state, left)
                    .map_or_else(|error| error.into_inner().0, |woken| woken.0),
                None => self
                    .done
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn state(&self) -> MutexGuard<'_, CellState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for ResultCell {
    /// With the last of them, gives the call of the callbacks.
    fn fill(&self, job: usize, results: Answer) -> Option<Call> {
        let mut state = self.state();
        let CellState::Waiting {
            asleep,
            come,
            missing,
            callbacks,
        } = &mut *state
        else {
            return None;
        };
        if let Some(place) = come.get_mut(job) {
            *place = results;
        }
        *missing -= 1;
        if *missing > 0 {
            return None;
        }
        let come = std::mem::take(come);
        let items = Arc::new(come);
        let callbacks = std::mem::take(callbacks);
        let has_any = !callbacks.is_empty();
        let asleep = *asleep;
        *state = CellState::Done(Arc::clone(&items));
        drop(state);
        if asleep {
            self.done.notify_all();
        }
        // Who attends sleeps there, also when it is the thread that fills.
        if let Some(seats) = &self.seats {
            seats.bell().ring(|| true);
        }
        let call_them = move || {
            for callback in callbacks {
                run_call(|| callback(&items));
            }
        };
        has_any.then(|| Box::new(call_them) as Call)
    }
}

/// Calls what a user gave us; its panic has been printed, and ends here. At
/// the program's end, which ends the workers, nothing is called any more.
pub(super) fn run_call(function: impl FnOnce()) {
    if process::is_ending() {
        return;
    }
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(function)) {
        // Its destructor may panic as well.
        std::mem::forget(payload);
    }
}

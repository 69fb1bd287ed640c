//! The interface of processes, backed by threads. Python:
//! `multiprocessing.dummy`.
//!
//! For a pool of threads take `concurrent::futures::ThreadPoolExecutor`, or
//! the crate rayon.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::error::{Error, Result};
use crate::sys::point::point;

/// What every one of them is called in messages.
const NAME: &str = "the thread-backed Process";

/// A thread that is started and joined as a process is. Python:
/// `multiprocessing.dummy.Process`.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use multiprocessing::dummy::Process;
///
/// static PID: AtomicU32 = AtomicU32::new(0);
///
/// fn main() -> multiprocessing::Result<()> {
///     let process = Process::new(|| {
///         PID.store(std::process::id(), Ordering::SeqCst);
///     });
///     process.start()?;
///     process.join()?;
///     assert_eq!(PID.load(Ordering::SeqCst), std::process::id());
///     Ok(())
/// }
/// ```
///
/// It shares all memory with whoever starts it, cannot be killed, and ends
/// with the program, also in the middle. While it runs, `start` of a real
/// process is refused.
pub struct Process {
    state: Mutex<State>,
}

enum State {
    New(Box<dyn FnOnce() + Send>),
    Started(JoinHandle<()>),
    Joined,
}

impl Process {
    /// A process that will run `target`. Python: `Process(target=…)`.
    #[must_use]
    pub fn new(target: impl FnOnce() + Send + 'static) -> Self {
        Self {
            state: Mutex::new(State::New(Box::new(target))),
        }
    }

    /// Starts the thread. Python: `start()`.
    ///
    /// # Errors
    /// [`Error::AlreadyStarted`]; [`Error::System`] if there can be no more
    /// threads.
    pub fn start(&self) -> Result<()> {
        point("Process.start");
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Joined) {
            State::New(target) => {
                let thread = thread::Builder::new().spawn(target);
                let thread = thread
                    .map_err(|error| Error::system("start a thread", error))?;
                *state = State::Started(thread);
                Ok(())
            }
            started => {
                *state = started;
                Err(Error::AlreadyStarted { name: NAME.into() })
            }
        }
    }

    /// Waits until `target` has returned, or panicked, which is told on
    /// stderr. Python: `join()`.
    ///
    /// # Errors
    /// [`Error::NotStarted`].
    pub fn join(&self) -> Result<()> {
        point("Process.join");
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Joined) {
            State::Started(thread) => {
                // Its panic has been told.
                let _ = thread.join();
                Ok(())
            }
            State::Joined => Ok(()),
            new @ State::New(_) => {
                *state = new;
                Err(Error::NotStarted {
                    name: NAME.into(),
                    action: "join()",
                })
            }
        }
    }

    /// Held during a join, so that whoever else joins waits as long.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").finish_non_exhaustive()
    }
}

//! Processes of the model, and what may befall them: each is a task that
//! shuttle runs when it likes.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use shuttle::thread::JoinHandle;

use crate::machine::death::{self, Left};
use crate::machine::kernel::{self, Killed};

#[path = "../../../multiprocessing/src/process/descriptor.rs"]
#[allow(dead_code)]
pub(crate) mod descriptor;

/// The pid of the caller.
pub(crate) fn pid() -> i32 {
    kernel::pid(kernel::me())
}

/// Whether the process with this pid was not killed.
pub(crate) fn lives(pid: i32) -> bool {
    !kernel::is_killed(kernel::id(pid))
}

/// A process that runs.
pub(crate) struct Process<T> {
    id: usize,
    task: JoinHandle<Option<T>>,
}

/// Starts a process.
#[track_caller]
pub(crate) fn start<T: Send + 'static>(
    target: impl FnOnce() -> T + Send + 'static,
) -> Process<T> {
    // Boxed, so that shuttle is compiled once for each type of results.
    let target: Box<dyn FnOnce() -> T + Send> = Box::new(target);
    let task = shuttle::thread::spawn(|| {
        let life = || {
            let result = target();
            death::exit();
            result
        };
        match catch_unwind(AssertUnwindSafe(life)) {
            Ok(result) => Some(result),
            Err(payload) if payload.is::<Killed>() => None,
            Err(payload) => resume_unwind(payload),
        }
    });
    let id = task.thread().id().into();
    kernel::begin(id);
    Process { id, task }
}

/// Waits until nobody can do anything any more, and nothing befalls anybody.
pub(crate) fn until_quiet() {
    kernel::until_quiet();
}

impl<T> Process<T> {
    pub(crate) fn pid(&self) -> i32 {
        kernel::pid(self.id)
    }

    /// Waits for the end; none: it was killed.
    pub(crate) fn join(self) -> Option<T> {
        let id = self.id;
        kernel::until(move || kernel::is_gone(id));
        self.task
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Kills it now, if it has not ended; none: it had not.
    pub(crate) fn end(self) -> Option<T> {
        death::kill(self.id);
        self.join()
    }

    /// Whether it has ended, or was killed.
    pub(crate) fn is_gone(&self) -> bool {
        kernel::is_gone(self.id)
    }

    /// Waits until it sleeps for something else than a lock, or is gone.
    pub(crate) fn until_it_waits(&self) {
        let id = self.id;
        kernel::until(move || kernel::waits(id) || kernel::is_gone(id));
    }

    /// Waits until it sleeps, or is gone.
    pub(crate) fn until_it_sleeps(&self) {
        let id = self.id;
        kernel::until(move || kernel::sleeps(id) || kernel::is_gone(id));
    }

    /// How often it has become the owner of a lock.
    pub(crate) fn locked(&self) -> usize {
        kernel::locked(self.id)
    }

    /// What it owned when it died.
    pub(crate) fn left(&self) -> Vec<Left> {
        death::left(self.id)
    }

    /// At some moment, it is killed.
    #[track_caller]
    pub(crate) fn killed(&self) {
        befall(self.id, death::kill);
    }

    /// At some moment, the time of its limits is over.
    #[track_caller]
    pub(crate) fn late(&self) {
        befall(self.id, kernel::expire);
    }

    /// At some moment, a signal comes.
    #[track_caller]
    pub(crate) fn interrupted(&self) {
        befall(self.id, kernel::interrupt);
    }
}

/// Something befalls a process, when shuttle likes.
#[track_caller]
fn befall(id: usize, what: fn(usize)) {
    let task = shuttle::thread::spawn(move || {
        what(id);
        kernel::end(shuttle::current::me().into());
    });
    kernel::begin(task.thread().id().into());
}

//! Processes: start one, wait for it, end it.
//!
//! A start is a `fork`: the child is a copy of the parent, memory and all, and
//! runs the closure there. That is why the closure may borrow, why a global
//! variable has in the child the value that it had at the start, and why what
//! the child changes stays in the child.
//!
//! The kernel gives the parent a *pidfd*, a descriptor that stands for this
//! child and no other, however often its number is used again. To wait is to
//! poll it; to signal is to send through it. The child, in turn, has one for
//! its parent, and asks the kernel to be killed when the parent dies. So
//! whoever is killed, nobody of the family is left behind.

mod child;
mod context;
pub(crate) mod descriptor;
mod exit;
pub(crate) mod handover;
mod launch;
mod outcome;
mod parent;
pub(crate) mod wait;

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use child::{ChildState, Status};
use context::context;
pub(crate) use context::{die_with, pid};
pub(crate) use exit::is_ending;
use launch::launch;

pub use child::{Child, Sentinel};
pub use launch::{ForkResult, fork};
pub use outcome::Outcome;
pub use parent::ParentProcess;

use crate::error::{Error, Result};
use crate::sys::point::point;

/// A closure that runs in a process of its own. Python:
/// `multiprocessing.Process`.
///
/// ```
/// use multiprocessing::Process;
///
/// fn main() -> multiprocessing::Result<()> {
///     let child = Process::new(|| println!("in the child"));
///     child.start()?;
///     child.join()?;
///     assert_eq!(child.exitcode()?, Some(0));
///     Ok(())
/// }
/// ```
///
/// What the closure captures by `move` is dropped in the parent once the child
/// runs: a pipe end that moves into the child is closed in the parent. What it
/// borrows, both have. Children that were started earlier have copies of all
/// that was open then.
///
/// A value of this type may be dropped at any time; the child goes on, and is
/// waited for when the program ends, as Python does.
///
/// Everything that a [`Child`] can do, a `Process` can: `join`, `is_alive`,
/// `exitcode`, `terminate`, `kill`, `close`, …
pub struct Process<'a> {
    target: RefCell<Option<Target<'a>>>,
    child: Child,
}

type Target<'a> = Box<dyn FnOnce(&str) -> i32 + 'a>;

impl<'a> Process<'a> {
    /// A process that will run `target`. Nothing runs before
    /// [`start`](Process::start).
    ///
    /// `target` returns nothing, an exit code, or a `Result`: see [`Outcome`].
    /// Python: `Process(target=…, args=…)`; here the closure holds the
    /// arguments.
    pub fn new<R: Outcome>(target: impl FnOnce() -> R + 'a) -> Self {
        let mut context = context();
        let identity = context.next_identity();
        let name = context::default_name(&identity);
        let daemon = context.daemon;
        drop(context);
        let target: Target<'a> = Box::new(move |name| target().exitcode(name));
        Self {
            target: RefCell::new(Some(target)),
            child: Child(Arc::new(ChildState {
                name,
                identity,
                daemon,
                outlives_parent: false,
                internal: false,
                creator: pid(),
                status: Mutex::new(Status::New),
            })),
        }
    }

    /// Gives it another name than `Process-1`, `Process-2`, … Only before the
    /// start; later it has no effect. Python: `name=`.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.with(|state| state.name = name.into())
    }

    /// Makes it a daemon or not; without it, it is what its creator is. A
    /// daemon is terminated when its parent ends normally, where other
    /// children are waited for; it may have no children. Only before the start;
    /// later it has no effect. Python: `daemon=`.
    ///
    /// ```
    /// use multiprocessing::Process;
    ///
    /// fn main() -> multiprocessing::Result<()> {
    ///     let child = Process::new(|| loop {
    ///         std::thread::sleep(std::time::Duration::from_secs(1));
    ///     });
    ///     let child = child.with_name("clock").with_daemon(true);
    ///     child.start()?;
    ///     assert_eq!((child.name(), child.daemon()), ("clock", true));
    ///     Ok(()) // the end of the program ends the clock
    /// }
    /// ```
    #[must_use]
    pub fn with_daemon(self, daemon: bool) -> Self {
        self.with(|state| state.daemon = daemon)
    }

    /// Lets the child go on if its parent is killed, as Python does. Without
    /// it, a child dies with its parent. Only before the start; later it has no
    /// effect.
    ///
    /// ```no_run
    /// # use multiprocessing::Process;
    /// let server = Process::new(|| println!("still here")).outliving_parent();
    /// server.start()?;
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    #[must_use]
    pub fn outliving_parent(self) -> Self {
        self.with(|state| state.outlives_parent = true)
    }

    /// Starts the child. If that fails, nothing is left behind, and it may be
    /// tried again. As in Python, it also waits for the children that have
    /// ended without having been joined.
    ///
    /// # Errors
    /// [`Error::AlreadyStarted`]; [`Error::MultiThreaded`] if the program has
    /// threads of its own, or another thread than the main one calls;
    /// [`Error::DaemonicChild`]; [`Error::NotCreator`] in another process than
    /// the one that made it; [`Error::Closed`]; [`Error::System`] if the system
    /// has no room for another process or descriptor.
    pub fn start(&self) -> Result<()> {
        point("Process.start");
        let name = || self.child.0.name.clone();
        self.child.mine()?;
        drop(self.child.open()?);
        if context().daemon {
            return Err(Error::DaemonicChild { name: name() });
        }
        let Some(target) = self.target.borrow_mut().take() else {
            return Err(Error::AlreadyStarted { name: name() });
        };
        // The child takes the target out and runs it; the parent drops it.
        let target = RefCell::new(Some(target));
        let started = launch(&self.child.0, || {
            handover::to_this_process();
            target.take().map_or(0, |target| target(&self.child.0.name))
        });
        match started {
            Ok(()) => handover::to_child(target),
            Err(_) => drop(self.target.replace(target.take())),
        }
        started
    }

    fn with(mut self, change: impl FnOnce(&mut ChildState)) -> Self {
        // Nobody else has the state before the start, which shares it with the
        // list of children.
        if let Some(state) = Arc::get_mut(&mut self.child.0) {
            change(state);
        }
        self
    }
}

impl Deref for Process<'_> {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.child.fmt(f)
    }
}

/// Starts a process of the library's own, which is not listed and ends with
/// this one.
pub(crate) fn start_internal(
    name: &str,
    body: impl FnOnce() -> i32,
) -> Result<Child> {
    if context().daemon {
        return Err(Error::DaemonicChild { name: name.into() });
    }
    start_worker(name, body)
}

/// As [`start_internal`], but for a daemon, too: the zygote of a pool is one
/// and has workers.
pub(crate) fn start_worker(
    name: &str,
    body: impl FnOnce() -> i32,
) -> Result<Child> {
    let state = Arc::new(ChildState {
        name: name.into(),
        identity: Vec::new(),
        daemon: true,
        outlives_parent: false,
        internal: true,
        creator: pid(),
        status: Mutex::new(Status::New),
    });
    launch(&state, body)?;
    Ok(Child(state))
}

/// The process that calls. Python: `multiprocessing.current_process()`.
///
/// ```
/// use multiprocessing::{Process, current_process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let main = current_process();
///     assert_eq!((main.name(), main.daemon()), ("MainProcess", false));
///     let pid = main.pid();
///     let child = Process::new(|| {
///         let own = current_process();
///         assert_eq!(own.name(), "Process-1");
///         assert_ne!(own.pid(), pid);
///         assert_eq!(own.authkey(), main.authkey());
///     });
///     child.start()?;
///     child.join()?;
///     assert_eq!(child.exitcode()?, Some(0));
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CurrentProcess {
    name: String,
    daemon: bool,
    authkey: Arc<[u8]>,
}

impl CurrentProcess {
    /// `MainProcess`, or the name that its parent gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        pid()
    }

    /// Whether it is a daemon.
    #[must_use]
    pub fn daemon(&self) -> bool {
        self.daemon
    }

    /// A secret of 32 bytes that the whole family shares.
    #[must_use]
    pub fn authkey(&self) -> &[u8] {
        &self.authkey
    }
}

/// The process that calls. Python: `multiprocessing.current_process()`.
#[must_use]
pub fn current_process() -> CurrentProcess {
    let context = context();
    CurrentProcess {
        name: context.name.clone(),
        daemon: context.daemon,
        authkey: context.authkey(),
    }
}

/// The process that started this one; none in the first of the family.
/// Python: `multiprocessing.parent_process()`.
///
/// ```
/// use multiprocessing::{Process, current_process, parent_process};
///
/// fn main() -> multiprocessing::Result<()> {
///     assert!(parent_process().is_none());
///     let main = current_process().pid();
///     let child = Process::new(|| {
///         let parent = parent_process().expect("it was started by one");
///         assert_eq!((parent.name(), parent.pid()), ("MainProcess", main));
///     });
///     child.start()?;
///     child.join()?;
///     assert_eq!(child.exitcode()?, Some(0));
///     Ok(())
/// }
/// ```
#[must_use]
pub fn parent_process() -> Option<ParentProcess> {
    context().parent.clone()
}

/// The children that this process has started and that have not ended.
/// Python: `multiprocessing.active_children()`.
///
/// ```
/// use multiprocessing::{Event, Process, active_children};
///
/// fn main() -> multiprocessing::Result<()> {
///     let end = Event::new()?;
///     let child = Process::new(|| end.wait());
///     child.start()?;
///     assert_eq!(active_children().len(), 1);
///     end.set()?;
///     child.join()?;
///     assert!(active_children().is_empty());
///     Ok(())
/// }
/// ```
#[must_use]
pub fn active_children() -> Vec<Child> {
    point("active_children");
    let children = context().children.clone();
    let listed = children.into_iter().filter(|child| !child.internal);
    listed
        .map(Child)
        .filter(|child| child.lives().unwrap_or(false))
        .collect()
}

/// How many processors this process may use, at least 1. Python:
/// `multiprocessing.cpu_count()`, which counts those that it may not use, too.
///
/// ```
/// assert!(multiprocessing::cpu_count() >= 1);
/// ```
#[must_use]
pub fn cpu_count() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

//! How a pool is made: the first workers, the zygote, and then the thread.

use std::fmt::{self, Display};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::socket::SockType;

use super::Pool;
use super::crew::{Crew, Terms};
use super::dispatcher::Dispatcher;
use super::member::Worker;
use super::worker::{self, Initializer};
use super::zygote;
use crate::error::{Error, Result};
use crate::pipe::pair;
use crate::process::{cpu_count, pid, start_internal};
use crate::seat::{Seat, Seats};
use crate::sys::point::point;
use crate::threads;

/// What a pool is to be like; [`Pool::builder`] gives one. Python: the
/// arguments of `Pool(…)`.
///
/// ```
/// use std::cell::Cell;
/// use multiprocessing::{Pool, PoolBuilder};
///
/// thread_local! { static BASE: Cell<i64> = const { Cell::new(0) } }
///
/// fn main() -> multiprocessing::Result<()> {
///     let base = 40;
///     let builder: PoolBuilder<'_> = Pool::builder()
///         .processes(2)
///         .initializer(|| BASE.set(base))
///         .maxtasksperchild(10);
///     let pool = builder.build()?;
///     assert_eq!(pool.apply(|x| BASE.get() + x, 2)?, 42);
///     Ok(())
/// }
/// ```
#[must_use = "it makes no pool before `build`"]
pub struct PoolBuilder<'a> {
    processes: Option<usize>,
    initializer: Option<Box<Initializer<'a>>>,
    maxtasksperchild: Option<usize>,
}

impl<'a> PoolBuilder<'a> {
    pub(super) fn new() -> Self {
        Self {
            processes: None,
            initializer: None,
            maxtasksperchild: None,
        }
    }

    /// How many workers it has; without it, as many as there are processors
    /// ([`cpu_count`]). Python: `processes=`.
    pub fn processes(mut self, processes: usize) -> Self {
        self.processes = Some(processes);
        self
    }

    /// Lets each worker run `function` before its first task. Python:
    /// `initializer=`, `initargs=`; here the closure holds the arguments.
    ///
    /// The closure may borrow, and what it captures has the value that it had
    /// when the pool was made, also in a worker that is made later. If it fails
    /// in one worker (with an `Err`, by a panic, or because the worker ends in
    /// it), the pool is broken: all tasks, those that are there and those that
    /// come, have the error [`Error::PoolBroken`], which says why. CPython
    /// makes workers without end.
    ///
    /// A worker that is still in the initializer half a second after the pool
    /// has nothing more to do is killed.
    pub fn initializer<R: Initialized>(
        mut self,
        function: impl Fn() -> R + 'a,
    ) -> Self {
        self.initializer = Some(Box::new(move || function().into_result()));
        self
    }

    /// Lets a worker end after `tasks` tasks, and another take its place;
    /// without it, workers live as long as the pool. A chunk of items is one
    /// task. Python: `maxtasksperchild=`.
    pub fn maxtasksperchild(mut self, tasks: usize) -> Self {
        self.maxtasksperchild = Some(tasks);
        self
    }

    /// Makes the pool, whose workers are started at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there are to be 0 processes, or 0 tasks for each;
    /// as `Process::start`, since the workers are forked: before the program
    /// has threads, and from the main thread. If one cannot be started, none is
    /// left behind.
    pub fn build(self) -> Result<Pool> {
        point("Pool()");
        let terms = Terms {
            processes: self.processes.unwrap_or_else(cpu_count),
            initialize: self.initializer.is_some(),
            tasks: self.maxtasksperchild,
        };
        if terms.processes == 0 {
            return Err(Error::invalid("a pool needs at least 1 process"));
        }
        if terms.tasks == Some(0) {
            let what = "maxtasksperchild has to be at least 1";
            return Err(Error::invalid(what));
        }
        let initializer = self.initializer.as_deref();
        let wake =
            EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
                .map_err(|errno| Error::system("make a pool", errno))?;
        // Where there is no memory for them, all goes by the sockets.
        let seats = Seats::new(terms.processes + EXTRA_SEATS).ok();
        let mut free = seats.iter().flat_map(Seats::all).collect::<Vec<_>>();
        // The first one first.
        free.reverse();
        let mut team = Team(Vec::new());
        for _ in 0..terms.processes {
            team.0.push(start_worker(free.pop(), initializer)?);
        }
        let (control, theirs) = pair(SockType::SeqPacket)?;
        let every = seats.clone();
        let zygote = move || zygote::run(theirs, every, initializer);
        let zygote = start_internal("PoolZygote", zygote)?;
        let crew = Crew::new(std::mem::take(&mut team.0), free, terms);
        let dispatcher = Dispatcher::new(crew, seats, control, zygote, wake);
        serve(dispatcher, terms.processes)
    }
}

impl fmt::Debug for PoolBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder")
            .field("processes", &self.processes)
            .field("initializer", &self.initializer.is_some())
            .field("maxtasksperchild", &self.maxtasksperchild)
            .finish()
    }
}

/// What an initializer may return: nothing, or a `Result` of nothing, whose
/// error breaks the pool.
///
/// ```
/// use multiprocessing::{Error, Pool};
///
/// fn main() -> multiprocessing::Result<()> {
///     let pool = Pool::builder().processes(2);
///     let pool = pool.initializer(|| Err("no such model")).build()?;
///     let broken = pool.apply(|x: u32| x, 1);
///     let Err(Error::PoolBroken { reason }) = broken else {
///         panic!("{broken:?}");
///     };
///     assert!(reason.ends_with(": no such model"));
///     Ok(())
/// }
/// ```
pub trait Initialized {
    /// Why it failed, if it did.
    ///
    /// # Errors
    /// The error of the `Result`, as text.
    fn into_result(self) -> Result<(), String>;
}

impl Initialized for () {
    fn into_result(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: Display> Initialized for Result<(), E> {
    fn into_result(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}

/// For workers who are there before the last one in their place has ended.
const EXTRA_SEATS: usize = 2;

fn start_worker(
    seat: Option<Seat>,
    initializer: Option<&Initializer<'_>>,
) -> Result<Worker> {
    let (ours, theirs) = pair(SockType::Stream)?;
    let mut ours = Some(ours);
    let child = start_internal(worker::NAME, || {
        // A worker that kept the pool's end open would not see it closed.
        ours = None;
        worker::run(&theirs, seat.as_ref(), initializer)
    })?;
    let end = Arc::new(child.sentinel()?);
    match (child.pid()?, ours) {
        (Some(pid), Some(ours)) => {
            Ok(Worker::new(pid, (ours, seat), end, Some(child)))
        }
        _ => Err(Error::Disconnected),
    }
}

/// The workers while the pool is being made: killed if that fails.
struct Team(Vec<Worker>);

impl Drop for Team {
    fn drop(&mut self) {
        for worker in &self.0 {
            worker.await_end(Duration::ZERO);
        }
    }
}

/// Starts the thread, the last step.
fn serve(dispatcher: Dispatcher, processes: usize) -> Result<Pool> {
    let dispatcher = Arc::new(dispatcher);
    let served = Arc::clone(&dispatcher);
    let thread = threads::spawn("pool", move || served.serve());
    let thread = thread.inspect_err(|_| {
        // What the thread would have done: end the workers.
        dispatcher.terminate();
        dispatcher.serve();
    })?;
    Ok(Pool {
        dispatcher,
        thread_id: thread.thread().id(),
        thread: Mutex::new(Some(thread)),
        processes,
        creator: pid(),
    })
}

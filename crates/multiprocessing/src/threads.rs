//! Threads and fork: the library's own threads, and the proof that nobody is
//! in the middle of anything when a process is copied.
//!
//! A fork copies memory as it is and only the thread that calls it. A lock
//! that another thread holds at that moment stays locked in the child for
//! ever. So a start is refused when the program has threads of its own; the
//! library's threads are let be, because they hold no lock while they wait,
//! and [`quiet`] keeps them waiting.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

static WORKING: RwLock<()> = RwLock::new(());
static LIBRARY_THREADS: AtomicUsize = AtomicUsize::new(0);

/// Held by a thread of the library whenever it does more than wait.
pub(crate) type Working = RwLockReadGuard<'static, ()>;

/// Proof that no other thread of this process is at work.
pub(crate) struct Quiet {
    _parked: RwLockWriteGuard<'static, ()>,
}

/// To be held by a thread of the library while it works.
pub(crate) fn working() -> Working {
    WORKING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a thread of the library; `body` holds a [`Working`] except where it
/// waits. Returns once the thread is inside of `body`.
pub(crate) fn spawn(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>> {
    let (inside, began) = std::sync::mpsc::channel::<()>();
    let body = move || {
        let _counted = Counted::new();
        drop(inside);
        body();
    };
    let thread = thread::Builder::new().name(name.into()).spawn(body);
    let thread = thread.map_err(|error| {
        Error::system(format!("start the thread {name}"), error)
    })?;
    let _ = began.recv();
    Ok(thread)
}

/// A thread of the library, counted only while it is there: one too many would
/// hide a thread of the program, one too few makes [`quiet`] look again.
struct Counted;

impl Counted {
    fn new() -> Self {
        LIBRARY_THREADS.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIBRARY_THREADS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits until the library's threads are parked, and checks that there are no
/// others, before `name` is forked.
pub(crate) fn quiet(name: &str) -> Result<Quiet> {
    /// A thread that has been joined is still counted for a moment.
    const SETTLE: Duration = Duration::from_millis(50);

    let refused = |others: usize| Error::MultiThreaded {
        name: name.into(),
        others: others.max(1),
    };
    if rustix::thread::gettid() != rustix::process::getpid() {
        // It may be one of the library's own, in a callback: those hold a
        // `Working`, and would wait for themselves.
        return Err(refused(others()?));
    }
    let since = Instant::now();
    loop {
        let parked = WORKING.write().unwrap_or_else(PoisonError::into_inner);
        let others = others()?;
        if others == 0 {
            return Ok(Quiet { _parked: parked });
        }
        drop(parked);
        if since.elapsed() > SETTLE {
            return Err(refused(others));
        }
        thread::sleep(Duration::from_micros(200));
    }
}

/// How many threads there are beside the main one and the library's.
fn others() -> Result<usize> {
    let known = 1 + LIBRARY_THREADS.load(Ordering::SeqCst);
    Ok(thread_count()?.saturating_sub(known))
}

/// In a forked child, where only the caller is left.
pub(crate) fn forget_all() {
    LIBRARY_THREADS.store(0, Ordering::SeqCst);
}

/// The threads of this process: /proc has a directory for each, and a
/// directory has two links more than subdirectories.
fn thread_count() -> Result<usize> {
    let tasks = rustix::fs::stat("/proc/self/task")
        .map_err(|error| Error::system("count the threads", error))?;
    Ok(usize::try_from(tasks.st_nlink)
        .unwrap_or(usize::MAX)
        .saturating_sub(2))
}

//! A child, as its parent sees it: wait for it, signal it, ask how it ended.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid,
};

use super::context::{context, pid};
use super::wait::readable;
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::mutex::remaining;
use crate::sys::point::point;

/// A handle to a child process, cheap to clone. Every
/// [`Process`](super::Process) has one, and
/// [`active_children`](super::active_children) gives them out.
///
/// ```
/// use multiprocessing::{Event, Process, active_children};
/// use std::time::Duration;
///
/// fn main() -> multiprocessing::Result<()> {
///     let end = Event::new()?;
///     Process::new(|| end.wait()).with_name("worker").start()?;
///
///     let child = active_children().pop().expect("there is one");
///     assert_eq!((child.name(), child.daemon()), ("worker", false));
///     assert!(child.pid()?.is_some());
///     assert!(!child.join_timeout(Duration::from_millis(10))?);
///     assert!(child.is_alive()?);
///     assert_eq!(child.exitcode()?, None);
///
///     end.set()?;
///     child.join()?;
///     assert_eq!(child.exitcode()?, Some(0));
///     child.close()
/// }
/// ```
#[derive(Clone)]
pub struct Child(pub(super) Arc<ChildState>);

pub(super) struct ChildState {
    pub(super) name: String,
    pub(super) identity: Vec<u32>,
    pub(super) daemon: bool,
    pub(super) outlives_parent: bool,
    /// Of the library itself: not listed, not counted.
    pub(super) internal: bool,
    pub(super) creator: i32,
    pub(super) status: Mutex<Status>,
}

pub(super) enum Status {
    New,
    Running {
        pid: i32,
        pidfd: Arc<OwnedFd>,
    },
    Ended {
        pid: i32,
        exitcode: i32,
        pidfd: Arc<OwnedFd>,
    },
    Closed,
}

impl Child {
    /// The name: `Process-1`, `Process-2`, …, or what was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it is a daemon: ended, not awaited, when its parent ends.
    #[must_use]
    pub fn daemon(&self) -> bool {
        self.0.daemon
    }

    /// The process id; none before the start.
    ///
    /// # Errors
    /// [`Error::Closed`] after `close`.
    pub fn pid(&self) -> Result<Option<i32>> {
        match &*self.open()? {
            Status::Running { pid, .. } | Status::Ended { pid, .. } => {
                Ok(Some(*pid))
            }
            Status::New | Status::Closed => Ok(None),
        }
    }

    /// Waits until the child has ended. May be called many times.
    ///
    /// # Errors
    /// [`Error::NotStarted`], [`Error::NotCreator`] in another process than
    /// the one that made it, [`Error::Closed`] after `close`.
    pub fn join(&self) -> Result<()> {
        self.point("Process.join");
        self.ended("join()", None).map(drop)
    }

    /// Waits until the child has ended, `limit` at most; tells whether it has.
    /// Python's `join(timeout)` leaves that to `exitcode`.
    ///
    /// # Errors
    /// As [`Child::join`].
    pub fn join_timeout(&self, limit: Duration) -> Result<bool> {
        self.point("Process.join");
        self.ended("join_timeout()", Some(limit))
    }

    /// Whether the child has been started and has not ended yet.
    ///
    /// # Errors
    /// [`Error::NotCreator`], [`Error::Closed`].
    pub fn is_alive(&self) -> Result<bool> {
        self.point("Process.is_alive");
        self.lives()
    }

    /// How the child ended: `Some(n)` for exit code n, `Some(-n)` if signal n
    /// killed it, `None` while it runs or before its start.
    ///
    /// # Errors
    /// [`Error::NotCreator`], [`Error::Closed`].
    pub fn exitcode(&self) -> Result<Option<i32>> {
        self.point("Process.exitcode");
        self.end()
    }

    /// Sends SIGTERM. No error if the child has ended already.
    ///
    /// ```
    /// # use multiprocessing::{Event, Process};
    /// let never = Event::new()?;
    /// let children = [(); 2].map(|()| Process::new(|| never.wait()));
    /// children.iter().try_for_each(Process::start)?;
    /// children[0].terminate()?;
    /// children[1].kill()?;
    /// children.iter().try_for_each(|child| child.join())?;
    /// assert_eq!(children[0].exitcode()?, Some(-15));
    /// assert_eq!(children[1].exitcode()?, Some(-9));
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotStarted`], [`Error::NotCreator`], [`Error::Closed`].
    pub fn terminate(&self) -> Result<()> {
        self.point("Process.terminate");
        self.signal("terminate()", Signal::TERM)
    }

    /// Sends SIGKILL. No error if the child has ended already.
    ///
    /// # Errors
    /// [`Error::NotStarted`], [`Error::NotCreator`], [`Error::Closed`].
    pub fn kill(&self) -> Result<()> {
        self.point("Process.kill");
        self.signal("kill()", Signal::KILL)
    }

    /// Releases what the handle holds. After it, only `close` itself and
    /// `name` may be called.
    ///
    /// # Errors
    /// [`Error::StillRunning`].
    pub fn close(&self) -> Result<()> {
        let mut status = self.0.status();
        if matches!(*status, Status::Running { .. }) {
            drop(status);
            if !self.ended("close()", Some(Duration::ZERO))? {
                let name = self.0.name.clone();
                return Err(Error::StillRunning { name });
            }
            status = self.0.status();
        }
        *status = Status::Closed;
        Ok(())
    }

    /// A descriptor that is readable once the child has ended, for `poll` and
    /// its like.
    ///
    /// # Errors
    /// [`Error::NotStarted`], [`Error::Closed`].
    pub fn sentinel(&self) -> Result<Sentinel> {
        self.pidfd("sentinel()").map(Sentinel)
    }

    /// What the library does with its own processes is part of other
    /// operations.
    fn point(&self, operation: &'static str) {
        if !self.0.internal {
            point(operation);
        }
    }

    /// Whether it has been started and has not ended yet.
    pub(super) fn lives(&self) -> Result<bool> {
        match &*self.open()? {
            Status::New => return Ok(false),
            _ => self.mine()?,
        }
        Ok(!self.ended("is_alive()", Some(Duration::ZERO))?)
    }

    /// Its exit code, if it has ended.
    fn end(&self) -> Result<Option<i32>> {
        self.lives()?;
        match &*self.open()? {
            Status::Ended { exitcode, .. } => Ok(Some(*exitcode)),
            _ => Ok(None),
        }
    }

    fn pidfd(&self, action: &'static str) -> Result<Arc<OwnedFd>> {
        match &*self.open()? {
            Status::Running { pidfd, .. } | Status::Ended { pidfd, .. } => {
                Ok(Arc::clone(pidfd))
            }
            Status::New | Status::Closed => Err(Error::NotStarted {
                name: self.0.name.clone(),
                action,
            }),
        }
    }

    fn signal(&self, action: &'static str, signal: Signal) -> Result<()> {
        self.mine()?;
        let pidfd = self.pidfd(action)?;
        match pidfd_send_signal(&*pidfd, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => {
                let name = &self.0.name;
                Err(Error::system(format!("signal {name}"), error))
            }
        }
    }

    fn ended(
        &self,
        action: &'static str,
        limit: Option<Duration>,
    ) -> Result<bool> {
        /// Between two looks at a child that a tracer holds.
        const LOOK: Duration = Duration::from_millis(1);

        self.mine()?;
        let pidfd = self.pidfd(action)?;
        let start = Instant::now();
        let reaped = loop {
            if !readable(pidfd.as_fd(), remaining(start, limit))? {
                return Ok(false);
            }
            match self.0.reap(&pidfd) {
                Ok(false) => {}
                reaped => break reaped,
            }
            // It has ended, but whoever traces it, a debugger say, is told of
            // that first.
            if limit.is_some_and(|limit| start.elapsed() >= limit) {
                return Ok(false);
            }
            thread::sleep(LOOK);
        };
        context()
            .children
            .retain(|child| !Arc::ptr_eq(child, &self.0));
        reaped
    }

    pub(super) fn open(&self) -> Result<MutexGuard<'_, Status>> {
        let status = self.0.status();
        match *status {
            Status::Closed => Err(Error::closed(&self.0.name)),
            _ => Ok(status),
        }
    }

    pub(super) fn mine(&self) -> Result<()> {
        let owner = self.0.creator;
        if owner == pid() {
            return Ok(());
        }
        Err(Error::NotCreator {
            what: self.0.name.clone(),
            owner,
        })
    }
}

impl ChildState {
    pub(super) fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches the exit status of a child that has ended, once; tells whether
    /// it is there.
    fn reap(&self, pidfd: &Arc<OwnedFd>) -> Result<bool> {
        let mut status = self.status();
        let Status::Running { pid, .. } = *status else {
            return Ok(true);
        };
        // nix's WaitStatus cannot hold a real-time signal, and would lose it.
        let ended = waitid(
            WaitId::PidFd(pidfd.as_fd()),
            WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
        );
        let exitcode = match ended {
            Ok(None) => return Ok(false),
            Ok(Some(ended)) => match ended.exit_status() {
                Some(code) => code,
                None => -ended.terminating_signal().unwrap_or_default(),
            },
            Err(error) => {
                let action = format!(
                    "learn how {} ended (did the program ignore SIGCHLD, or \
                     wait for any child?)",
                    self.name
                );
                return Err(Error::system(action, error));
            }
        };
        *status = Status::Ended {
            pid,
            exitcode,
            pidfd: Arc::clone(pidfd),
        };
        if exitcode < 0 {
            // Killed, perhaps in the middle of making shared memory.
            sys::region::sweep();
        }
        Ok(true)
    }
}

impl fmt::Debug for Child {
    /// As Python's `repr`: `<Process name='Process-1' pid=7 parent=3 stopped
    /// exitcode=-SIGTERM daemon>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = &self.0;
        write!(f, "<Process name='{}'", state.name)?;
        if let Ok(Some(pid)) = self.pid() {
            write!(f, " pid={pid}")?;
        }
        write!(f, " parent={}", state.creator)?;
        match (self.end(), &*state.status()) {
            (_, Status::Closed) => write!(f, " closed")?,
            (_, Status::New) => write!(f, " initial")?,
            (Err(_), _) => write!(f, " unknown")?,
            (Ok(None), _) => write!(f, " started")?,
            (Ok(Some(code)), _) => {
                write!(f, " stopped exitcode={}", Exit(code))?;
            }
        }
        f.write_str(if state.daemon { " daemon>" } else { ">" })
    }
}

struct Exit(i32);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signal = nix::sys::signal::Signal::try_from(-self.0);
        match (self.0, signal) {
            (..0, Ok(signal)) => write!(f, "-{signal}"),
            (code, _) => write!(f, "{code}"),
        }
    }
}

/// A descriptor that is readable once its process has ended.
///
/// ```
/// use multiprocessing::{Process, connection};
///
/// fn main() -> multiprocessing::Result<()> {
///     let child = Process::new(|| ());
///     child.start()?;
///     let end = child.sentinel()?;
///     assert_eq!(connection::wait(&[end])?, [0]);
///     child.join()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Sentinel(Arc<OwnedFd>);

impl AsFd for Sentinel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

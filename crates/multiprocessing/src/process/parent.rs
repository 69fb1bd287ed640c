//! The parent, as its child sees it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use super::wait::readable;
use crate::error::Result;
use crate::sys::point::point;

/// The process that started this one. Python: `multiprocessing.parent_process()`.
///
/// ```
/// use multiprocessing::{Process, parent_process};
/// use std::time::Duration;
///
/// fn main() -> multiprocessing::Result<()> {
///     let child = Process::new(|| -> multiprocessing::Result<()> {
///         let parent = parent_process().expect("it was started by one");
///         assert_eq!(parent.name(), "MainProcess");
///         assert!(parent.is_alive()? && parent.pid() > 0);
///         assert!(!parent.join_timeout(Duration::from_millis(1))?);
///         Ok(()) // parent.join() would wait for the end of the program
///     });
///     child.start()?;
///     child.join()?;
///     assert_eq!(child.exitcode()?, Some(0));
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ParentProcess {
    pid: i32,
    name: String,
    pidfd: Arc<OwnedFd>,
}

impl ParentProcess {
    pub(super) fn new(pid: i32, name: String, pidfd: Arc<OwnedFd>) -> Self {
        Self { pid, name, pidfd }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Its name: `MainProcess`, or what it was given when it was made.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn is_alive(&self) -> Result<bool> {
        point("ParentProcess.is_alive");
        Ok(!readable(self.pidfd.as_fd(), Some(Duration::ZERO))?)
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// If the system cannot wait.
    pub fn join(&self) -> Result<()> {
        self.ended(None).map(drop)
    }

    /// Waits until it has ended, `limit` at most; tells whether it has.
    ///
    /// # Errors
    /// If the system cannot wait.
    pub fn join_timeout(&self, limit: Duration) -> Result<bool> {
        self.ended(Some(limit))
    }

    fn ended(&self, limit: Option<Duration>) -> Result<bool> {
        point("ParentProcess.join");
        readable(self.pidfd.as_fd(), limit)
    }
}

impl AsFd for ParentProcess {
    /// Readable once the parent has ended. Python: `sentinel`.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

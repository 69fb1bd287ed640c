//! How a manager's server begins, and how it ends.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use super::Manager;
use super::client::Way;
use super::server::Begun;
use crate::codec;
use crate::error::{Error, Result};
use crate::pipe::frame;
use crate::sys::point::point;

/// How long the server may take for each step of its end.
const GRACE: Duration = Duration::from_secs(1);

impl Manager {
    /// How the server ended: `Some(n)` for exit code n, `Some(-n)` if signal n
    /// killed it, `None` while it runs.
    ///
    /// # Errors
    /// [`Error::NotCreator`].
    pub fn exitcode(&self) -> Result<Option<i32>> {
        self.process.exitcode()
    }

    /// Ends the server, and with it all its objects, and waits until it has
    /// ended. Once it has, nothing more happens. Python:
    /// `manager.shutdown()`.
    ///
    /// ```
    /// # use multiprocessing::{Error, Manager};
    /// # fn main() -> multiprocessing::Result<()> {
    /// let manager = Manager::new()?;
    /// let list = manager.list_from([1])?;
    /// manager.shutdown()?;
    /// manager.join()?;
    /// assert_eq!(manager.exitcode()?, Some(0));
    /// assert!(matches!(list.get(0), Err(Error::Disconnected)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotCreator`].
    pub fn shutdown(&self) -> Result<()> {
        point("Manager.shutdown");
        self.end()
    }

    /// Waits until the server has ended, by whatever comes: for a program that
    /// does nothing but have it. Python: `get_server().serve_forever()`,
    /// `manager.join()`.
    ///
    /// # Errors
    /// [`Error::NotCreator`].
    pub fn join(&self) -> Result<()> {
        point("Manager.join");
        self.process.join()?;
        self.tidy();
        Ok(())
    }

    fn end(&self) -> Result<()> {
        if self.process.is_alive()? {
            match self.knock() {
                Ok(()) | Err(Error::Disconnected) => {}
                Err(error) => return Err(error),
            }
            if !self.process.join_timeout(GRACE)? {
                self.process.terminate()?;
            }
            if !self.process.join_timeout(GRACE)? {
                self.process.kill()?;
            }
            self.process.join()?;
        }
        self.tidy();
        Ok(())
    }

    /// Asks the server to end.
    fn knock(&self) -> Result<()> {
        match self.server.way() {
            Way::Door(door) => door.shut_down(),
            Way::Address(_) => Ok(()),
        }
    }

    /// To be called after the end of the server.
    fn tidy(&self) {
        if let Some(remains) = &self.remains {
            remains.remove();
        }
    }

    /// Waits until the server has begun to serve.
    pub(super) fn begun(&self, report: &OwnedFd) -> Result<()> {
        let report = frame::recv(report.as_fd());
        let begun = report.and_then(|it| codec::decode::<Begun>(&it));
        if let Ok(Ok(())) = begun {
            return Ok(());
        }
        self.end()?;
        let exitcode = self.process.exitcode()?.unwrap_or_default();
        let died = || {
            format!(
                "it ended in its initializer, with exit code {exitcode} (-n: \
                 killed by signal n)"
            )
        };
        let reason = begun.ok().and_then(Begun::err).unwrap_or_else(died);
        Err(Error::ServerFailed { reason })
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // In another process than the creator it is refused, as it should be.
        let _ = self.shutdown();
    }
}

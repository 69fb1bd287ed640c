//! Managers: a process that holds objects for others.
//!
//! The objects lie in a server process, a fork of its creator that does
//! nothing else. What a program has are proxies, which send each call over a
//! stream socket and wait for the reply. The server gives each connection a
//! thread of its own, so a client that is slow, or killed in the middle of a
//! request, stops nobody else.
//!
//! A connection begins with a pair of sockets, one end of which its client
//! hands to the server through an inherited socket (`SCM_RIGHTS`): no name in
//! the file system, no port, nothing to attack. No process but the server
//! holds the server's ends, so that the kernel tells every client at once
//! when the server is gone; and the kernel kills the server when its creator
//! dies (`PR_SET_PDEATHSIG`).

mod client;
mod dict;
mod door;
mod list;
mod protocol;
mod queue;
mod server;
#[cfg(any(test, fuzzing))]
pub(crate) mod targets;
mod travel;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use client::{Remote, Server};
use protocol::Request;

pub use dict::DictProxy;
pub use list::ListProxy;
pub use queue::QueueProxy;

use crate::error::{Error, Result};
use crate::process::{Child, start_internal};
use crate::sys::point::point;

/// How long the server may take for each step of its end.
const GRACE: Duration = Duration::from_secs(1);

/// A server process, and what makes objects in it. Python:
/// `multiprocessing.Manager()`, a `SyncManager`.
///
/// ```
/// use multiprocessing::{Manager, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let squares = manager.dict::<u32, u32>()?;
///     let child = Process::new(|| squares.set(7, 49));
///     child.start()?;
///     child.join()?;
///     assert_eq!(squares.get(&7)?, Some(49));
///     manager.shutdown()
/// }
/// ```
///
/// Proxies may be cloned, and used in every process that inherits or is given
/// them. They travel as items do: through queues and pipes, to the tasks of a
/// pool, into other proxies. Who receives one must have been started after the
/// manager, else it is [`Error::Decode`]. An object lives as long as the
/// server.
///
/// Dropping shuts the server down, in the process that made it; elsewhere it
/// does nothing. After the end of the server, whatever ended it, each call of
/// each proxy is [`Error::Disconnected`] at once.
pub struct Manager {
    server: Arc<Server>,
    process: Child,
    pid: i32,
}

impl Manager {
    /// Starts the server process.
    ///
    /// # Errors
    /// As [`Process::start`](crate::Process::start).
    pub fn new() -> Result<Self> {
        point("Manager()");
        let (outside, inside) = door::new()?;
        let process = start_internal("Manager", || server::run(&inside))?;
        let pid = process.pid()?.unwrap_or_default();
        let server = Arc::new(Server::new(outside)?);
        travel::register(&server);
        Ok(Self {
            server,
            process,
            pid,
        })
    }

    /// An empty dict. Python: `manager.dict()`.
    ///
    /// # Errors
    /// [`Error::Disconnected`]; [`Error::System`] if there is no descriptor
    /// left for a connection.
    pub fn dict<K, V>(&self) -> Result<DictProxy<K, V>>
    where
        K: Serialize + DeserializeOwned,
        V: Serialize + DeserializeOwned,
    {
        point("Manager.dict");
        self.remote(&Request::NewDict(Vec::new()))
            .map(DictProxy::new)
    }

    /// A dict with these items. Python: `manager.dict(items)`.
    ///
    /// # Errors
    /// As [`Manager::dict`]; [`Error::Encode`], [`Error::TooLong`].
    pub fn dict_from<K, V>(
        &self,
        items: impl IntoIterator<Item = (K, V)>,
    ) -> Result<DictProxy<K, V>>
    where
        K: Serialize + DeserializeOwned,
        V: Serialize + DeserializeOwned,
    {
        point("Manager.dict");
        let items = dict::encoded(items)?;
        self.remote(&Request::NewDict(items)).map(DictProxy::new)
    }

    /// An empty list. Python: `manager.list()`.
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn list<T>(&self) -> Result<ListProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        point("Manager.list");
        self.remote(&Request::NewList(Vec::new()))
            .map(ListProxy::new)
    }

    /// A list with these items. Python: `manager.list(items)`.
    ///
    /// # Errors
    /// As [`Manager::dict_from`].
    pub fn list_from<T>(
        &self,
        items: impl IntoIterator<Item = T>,
    ) -> Result<ListProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        point("Manager.list");
        let items = list::encoded(items)?;
        self.remote(&Request::NewList(items)).map(ListProxy::new)
    }

    /// A queue for at most `maxsize` items; zero: for any number. Python:
    /// `manager.Queue(maxsize)`.
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn queue<T>(&self, maxsize: usize) -> Result<QueueProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        point("Manager.Queue");
        self.remote(&Request::NewQueue { maxsize })
            .map(QueueProxy::new)
    }

    /// The pid of the server.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

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
    /// # Errors
    /// [`Error::NotCreator`].
    pub fn shutdown(&self) -> Result<()> {
        point("Manager.shutdown");
        if !self.process.is_alive()? {
            return Ok(());
        }
        match self.server.shut_down() {
            Ok(()) | Err(Error::Disconnected) => {}
            Err(error) => return Err(error),
        }
        if self.process.join_timeout(GRACE)? {
            return Ok(());
        }
        self.process.terminate()?;
        if self.process.join_timeout(GRACE)? {
            return Ok(());
        }
        self.process.kill()?;
        self.process.join()
    }

    fn remote(&self, request: &Request) -> Result<Remote> {
        Ok(Remote {
            id: self.server.call(request)?,
            server: Arc::clone(&self.server),
        })
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // In another process than the creator it is refused, as it should be.
        let _ = self.shutdown();
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

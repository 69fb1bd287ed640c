//! Managers: a process that holds objects for others.
//!
//! The objects lie in a server process, a fork of its creator that does
//! nothing else. What a program has are proxies, which send each call over a
//! stream socket and wait for the reply. The server gives each connection a
//! thread of its own, so a client that is slow, or killed in the middle of a
//! request, stops nobody else. A call that waits waits there, in its thread;
//! one more thread watches all clients (`epoll`), and wakes the threads of those
//! who are gone. So the server knows who holds what, and who still waits.
//!
//! What is said lies in memory that the two share, if it is short (see `seat`);
//! the socket is for the rest, and to wake who sleeps.
//!
//! A connection begins with a pair of sockets, one end of which its client
//! hands to the server through an inherited socket (`SCM_RIGHTS`): no name in
//! the file system, no port, nothing to attack. A server that has an address
//! listens there besides, for clients that have inherited nothing; each of
//! their connections begins with the handshake of
//! [`connection`](crate::connection), and then says the same. No process but
//! the server holds the server's ends, so that the kernel tells every client at
//! once when the server is gone; and the kernel kills the server when its
//! creator dies (`PR_SET_PDEATHSIG`).
//!
//! Who knows the key is trusted with the objects, and with nothing else of the
//! server: lengths are not believed before the bytes are there, methods of the
//! user's own types are called by the family only. There is no limit to the
//! connections but that of the system: each costs the server a thread and a
//! descriptor (`ulimit -u`, `ulimit -n`); who comes when there is no room for
//! more is sent away, or waits in the kernel's queue.

mod address;
mod barrier;
mod builder;
mod client;
mod condition;
mod dict;
mod door;
mod event;
mod guard;
mod life;
mod line;
mod list;
mod lock;
mod make;
mod names;
mod namespace;
mod object;
mod protocol;
mod queue;
mod refusal;
mod remote;
mod semaphore;
mod sentinel;
mod server;
#[cfg(any(test, fuzzing))]
pub(crate) mod targets;
mod tether;
mod travel;
mod value;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use client::Server;
use protocol::{New, Request};

pub use barrier::BarrierProxy;
pub use builder::ManagerBuilder;
pub use condition::ConditionProxy;
pub use dict::DictProxy;
pub(crate) use door::Kin;
pub use event::EventProxy;
pub use guard::ProxyGuard;
pub(crate) use line::forget_connections;
pub use list::ListProxy;
pub use lock::{LockProxy, RLockProxy};
pub use names::Proxy;
pub use namespace::NamespaceProxy;
pub use object::ObjectProxy;
pub use queue::{JoinableQueueProxy, QueueProxy};
pub use remote::RemoteManager;
pub use semaphore::{BoundedSemaphoreProxy, SemaphoreProxy};
pub use value::{ArrayProxy, ValueProxy};

use crate::connection::{Address, Remains};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::process::Child;
use crate::sys::method::Making;
use crate::sys::point::point;

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
/// manager, or have connected with it, else it is [`Error::Decode`].
///
/// An object goes when its last proxy does, in the process that made it and in
/// those forked from that since, which have copies of all its proxies; who
/// ends, in whatever way, has none any more. But a proxy that was encoded as an
/// item may come out anywhere and at any time, so its object stays as long as
/// the server. So does one whose maker had no descriptor to spare for it: a
/// proxy costs one until it is encoded, and a process spends 256 on them.
///
/// The server knows who holds a lock: when that process, or that thread, ends,
/// the next one is told ([`Error::OwnerDied`]), as with a shared
/// [`Lock`](crate::Lock); and so on with the other objects, where CPython's
/// manager lets everybody wait for ever.
///
/// Processes that have inherited nothing, perhaps on other machines, reach a
/// manager that was given an [address](ManagerBuilder::address), and what was
/// [published](Manager::publish): see [`RemoteManager`].
///
/// The server lets SIGINT pass, which comes from the terminal to all processes
/// at once: a program that catches it can still use its objects. Dropping
/// shuts the server down, in the process that made it; elsewhere it does
/// nothing. After the end of the server, whatever ended it, each call of each
/// proxy is [`Error::Disconnected`] at once.
pub struct Manager {
    server: Arc<Server>,
    process: Child,
    pid: i32,
    address: Option<Address>,
    /// What a killed server leaves at its address.
    remains: Option<Remains>,
}

impl Manager {
    /// Starts the server process.
    ///
    /// # Errors
    /// As [`Process::start`](crate::Process::start). The server may have as
    /// many descriptors and threads as its creator had when it was started.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// To be told more before it starts. Python: `BaseManager(…)`.
    pub fn builder<'a>() -> ManagerBuilder<'a> {
        ManagerBuilder::new()
    }

    /// An empty dict. Python: `manager.dict()`.
    ///
    /// # Errors
    /// [`Error::Disconnected`]; [`Error::System`] if there is no descriptor
    /// left for a connection, here or in the server, or no thread there.
    pub fn dict<K, V>(&self) -> Result<DictProxy<K, V>>
    where
        K: Serialize + DeserializeOwned,
        V: Serialize + DeserializeOwned,
    {
        point("Manager.dict");
        self.server.make(New::Dict(Vec::new())).map(DictProxy::new)
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
        self.server.make(New::Dict(items)).map(DictProxy::new)
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
        self.server.make(New::List(Vec::new())).map(ListProxy::new)
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
        self.server.make(New::List(items)).map(ListProxy::new)
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
        self.server
            .make(New::Queue { maxsize })
            .map(QueueProxy::new)
    }

    /// How many objects the server has. Python: `_number_of_objects()`.
    ///
    /// ```
    /// # use multiprocessing::Manager;
    /// # fn main() -> multiprocessing::Result<()> {
    /// let manager = Manager::new()?;
    /// let squares = manager.dict_from([(2, 4), (3, 9)])?;
    /// let nobodys = manager.list::<u8>()?;
    /// assert_eq!(manager.number_of_objects()?, 2);
    /// drop(nobodys);
    /// assert_eq!(manager.number_of_objects()?, 1);
    /// assert!(manager.pid() > 0 && squares.len()? == 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn number_of_objects(&self) -> Result<usize> {
        point("Manager.number_of_objects");
        self.server.call(&Request::Count)
    }

    /// An object of one's own type, which `make` makes of `arguments` in the
    /// server. Both travel as the task of a pool does: `make` is a function, or
    /// a closure that captures nothing. Python: `register('Type', make)`, and
    /// then `manager.Type(arguments)`.
    ///
    /// # Errors
    /// As [`Manager::dict_from`]; [`Error::MethodPanicked`] if `make` panics.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "arguments go in by value, as into the function itself"
    )]
    pub fn object<T, A>(
        &self,
        make: fn(A) -> T,
        arguments: A,
    ) -> Result<ObjectProxy<T>>
    where
        T: Send + 'static,
        A: Serialize + DeserializeOwned,
    {
        point("Manager.object");
        let making = Making::new(make, &arguments)?;
        self.server.make(New::Own(making)).map(ObjectProxy::new)
    }

    /// Gives the object of `proxy` a name, by which a [`RemoteManager`] finds
    /// it; in the place of what had this name before. Python:
    /// `register(name, callable=…)`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is of another manager; as [`Manager::dict`].
    pub fn publish<P: Proxy>(
        &self,
        name: impl Into<String>,
        proxy: &P,
    ) -> Result<()> {
        point("Manager.register");
        names::publish(&self.server, name.into(), proxy)
    }

    /// Where it serves; none if it was given no address. For TCP, with the port
    /// that the system chose. Python: `manager.address`.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// The pid of the server.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

//! A manager of another program.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::Server;
use super::names::{self, Proxy};
use super::{DictProxy, ListProxy, QueueProxy, travel};
use crate::connection::{Address, Client};
use crate::error::Result;
use crate::sys::point::point;

/// A manager that was made in another program, perhaps on another machine, and
/// is reached by its address. Python: `BaseManager(address, authkey)` after
/// `connect()`.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use multiprocessing::connection::Address;
/// use multiprocessing::{Manager, Process, QueueProxy, RemoteManager};
///
/// fn main() -> multiprocessing::Result<()> {
///     // The master.
///     let anywhere = Address::Tcp((Ipv4Addr::LOCALHOST, 0).into());
///     let manager =
///         Manager::builder().address(anywhere).authkey("abc").build()?;
///     let tasks = manager.queue(0)?;
///     manager.publish("tasks", &tasks)?;
///     tasks.put(6)?;
///
///     // A worker, which may be any process that knows address and key.
///     let address = manager.address().expect("it was given one").clone();
///     let worker = Process::new(move || -> multiprocessing::Result<()> {
///         let remote = RemoteManager::connect(address, "abc")?;
///         let tasks: QueueProxy<i32> = remote.queue("tasks")?;
///         assert_eq!(tasks.get()?, 6);
///         tasks.put(6 * 7)
///     });
///     worker.start()?;
///     worker.join()?;
///     assert_eq!(tasks.get()?, 42);
///     manager.shutdown()
/// }
/// ```
///
/// Its proxies are those of a [`Manager`](super::Manager), and live on when it
/// is dropped. Threads share them, and so do forked children: each thread has a
/// connection of its own, which begins with the handshake of a
/// [`connection::Client`]. A proxy that is sent to another process arrives if
/// that one knows the server as well, by inheritance or because it has
/// connected; the key never travels.
///
/// When the server has ended each call is
/// [`Disconnected`](crate::Error::Disconnected) at once, also if another server
/// has taken the address by then. If its machine goes without a word, a call
/// that waits sees that after a minute, one that sends after what the system
/// sets for TCP (`tcp_retries2`, a quarter of an hour).
///
/// The types of the items must have the same names in both programs, wherever
/// in them they lie, and the same fields. Both must be built with the same
/// version of this library.
///
/// [`connection::Client`]: crate::connection::Client
#[derive(Clone)]
pub struct RemoteManager {
    server: Arc<Server>,
    address: Address,
}

impl RemoteManager {
    /// Connects with the manager that serves at `address`, whose key is
    /// `authkey`. Waits for 20 seconds at most.
    ///
    /// # Errors
    /// As [`Client::connect`](crate::connection::Client::connect);
    /// [`Decode`](crate::Error::Decode), [`Disconnected`], [`TimedOut`] or
    /// [`Invalid`](crate::Error::Invalid) if who listens there is no manager,
    /// or one of another version of this library.
    ///
    /// [`Disconnected`]: crate::Error::Disconnected
    /// [`TimedOut`]: crate::Error::TimedOut
    pub fn connect(
        address: impl Into<Address>,
        authkey: impl AsRef<[u8]>,
    ) -> Result<Self> {
        point("Manager.connect");
        let client = Client::new(address).with_authkey(authkey);
        let address = client.address().clone();
        let server = Arc::new(Server::found_by(client)?);
        travel::register(&server);
        Ok(Self { server, address })
    }

    /// The queue that was published under this name. Python: `m.get_queue()`
    /// after `register('get_queue')`.
    ///
    /// # Errors
    /// As [`find`](RemoteManager::find).
    pub fn queue<T>(&self, name: &str) -> Result<QueueProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        self.find(name)
    }

    /// The list that was published under this name.
    ///
    /// # Errors
    /// As [`find`](RemoteManager::find).
    pub fn list<T>(&self, name: &str) -> Result<ListProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        self.find(name)
    }

    /// The dict that was published under this name.
    ///
    /// # Errors
    /// As [`find`](RemoteManager::find).
    pub fn dict<K, V>(&self, name: &str) -> Result<DictProxy<K, V>>
    where
        K: Serialize + DeserializeOwned,
        V: Serialize + DeserializeOwned,
    {
        self.find(name)
    }

    /// The object that was published under this name, whatever it is.
    ///
    /// ```
    /// # use multiprocessing::{EventProxy, Manager, RemoteManager};
    /// # fn main() -> multiprocessing::Result<()> {
    /// let manager = Manager::builder().private_address().authkey("abc").build()?;
    /// manager.publish("ready", &manager.event()?)?;
    /// manager.publish("numbers", &manager.list_from([1, 2])?)?;
    /// manager.publish("squares", &manager.dict_from([(2, 4)])?)?;
    /// let address = manager.address().expect("it was given one").clone();
    ///
    /// let remote = RemoteManager::connect(address, "abc")?;
    /// remote.find::<EventProxy>("ready")?.set()?;
    /// assert_eq!(remote.list::<i32>("numbers")?.len()?, 2);
    /// assert_eq!(remote.dict::<i32, i32>("squares")?.get(&2)?, Some(4));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotPublished`](crate::Error::NotPublished) if there is none,
    /// [`WrongKind`](crate::Error::WrongKind) if it is none of the kind that is
    /// asked for, or has other items;
    /// [`Disconnected`](crate::Error::Disconnected);
    /// [`System`](crate::Error::System) if there is no descriptor left for a
    /// connection.
    pub fn find<P: Proxy>(&self, name: &str) -> Result<P> {
        point("Manager.get");
        names::find(&self.server, name)
    }

    /// Where the manager serves.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl fmt::Debug for RemoteManager {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteManager")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

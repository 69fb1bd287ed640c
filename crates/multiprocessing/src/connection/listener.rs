//! The side that is connected to.

use std::fmt;
use std::iter::once;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::net::{Shutdown, shutdown};

use super::address::Address;
use super::entrance::{Door, Entrance};
use super::handshake::Key;
use super::place::{Place, Remains};
use super::socket;
use crate::error::Result;
use crate::pipe::Connection;
use crate::process::{current_process, handover, pid};
use crate::sys::point::point;

/// How long a client may take to show that it knows the key, unless the
/// listener is told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits at an address for clients, and accepts those that know the key.
/// Python: `multiprocessing.connection.Listener`.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use multiprocessing::Process;
/// use multiprocessing::connection::{Address, Client, Listener};
///
/// fn main() -> multiprocessing::Result<()> {
///     let anywhere = Address::Tcp((Ipv4Addr::LOCALHOST, 0).into());
///     let listener = Listener::bind(anywhere)?.with_authkey("secret");
///     let address = listener.address().clone();
///     let server = Process::new(move || -> multiprocessing::Result<()> {
///         let connection = listener.accept()?;
///         let (one, other): (i32, i32) = connection.recv()?;
///         connection.send(&(one + other))
///     });
///     server.start()?;
///     let client = Client::new(&address).with_authkey("secret");
///     let connection = client.connect()?;
///     connection.send(&(40, 2))?;
///     assert_eq!(connection.recv::<i32>()?, 42);
///     server.join()
/// }
/// ```
///
/// Both sides prove that they know the same key, without telling it; see
/// [`connection`](super) for what that keeps away and what it does not. Who
/// connects and says nothing, or the wrong thing, takes no time of others:
/// up to 64 are dealt with at once, each for the deadline at most, for a second
/// while there are 64.
///
/// It may be shared by threads and by processes; each accepts for itself. One
/// that moves into a child's closure is the child's. Dropping closes it.
pub struct Listener {
    socket: OwnedFd,
    maker: i32,
    address: Address,
    place: Option<Place>,
    authkey: Arc<[u8]>,
    patience: Duration,
    entrance: Mutex<Entrance>,
    last: Mutex<Option<Address>>,
    refused: AtomicU64,
}

impl Listener {
    /// Listens at a path of its own, in a new directory that only this user
    /// can enter. Python: `Listener()`.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if there is no room for a
    /// directory or a descriptor.
    pub fn new() -> Result<Self> {
        point("Listener()");
        Self::open_private()
    }

    pub(crate) fn open_private() -> Result<Self> {
        let (socket, place) = Place::private()?;
        let address = Address::from(place.path());
        Ok(Self::at(socket, address, Some(place)))
    }

    /// Listens at `address`. At a path where the socket of a killed process
    /// lies, that is replaced. Python: `Listener(address)`.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if somebody listens there, or
    /// this process may not; [`Error::Invalid`](crate::Error::Invalid) for a
    /// path that cannot be.
    pub fn bind(address: impl Into<Address>) -> Result<Self> {
        point("Listener()");
        Self::open(address.into())
    }

    pub(crate) fn open(address: Address) -> Result<Self> {
        match address {
            Address::Unix(path) => {
                let (socket, place) = Place::at(&path)?;
                Ok(Self::at(socket, Address::Unix(path), Some(place)))
            }
            Address::Tcp(address) => {
                let (socket, bound) = socket::listen_tcp(address)?;
                Ok(Self::at(socket, Address::Tcp(bound), None))
            }
        }
    }

    fn at(socket: OwnedFd, address: Address, place: Option<Place>) -> Self {
        Self {
            socket,
            maker: pid(),
            address,
            place,
            authkey: current_process().authkey().into(),
            patience: PATIENCE,
            entrance: Mutex::new(Entrance::new()),
            last: Mutex::new(None),
            refused: AtomicU64::new(0),
        }
    }

    /// The key, which a client must know; without it, the one of this family
    /// of processes. Python: `authkey=`, where none means that nothing is
    /// asked.
    #[must_use]
    pub fn with_authkey(mut self, key: impl AsRef<[u8]>) -> Self {
        self.authkey = key.as_ref().into();
        self
    }

    /// How long a client may take to show that it knows the key; without it, 5
    /// seconds. Python waits for ever, and for one at a time.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.patience = deadline;
        self
    }

    /// Waits for a client that knows the key. Others are sent away on the way,
    /// and told nothing but that; Python raises an error for each, which ends
    /// a loop that does not expect it.
    ///
    /// Of several threads, one accepts while the others wait for their turn.
    ///
    /// # Errors
    /// [`Error::Closed`](crate::Error::Closed) if another process has closed
    /// the listener; [`Error::Invalid`](crate::Error::Invalid) for an empty
    /// key; [`Error::System`](crate::Error::System) if there is no room for a
    /// descriptor: the next call goes on.
    pub fn accept(&self) -> Result<Connection> {
        point("Listener.accept");
        self.admit()
    }

    pub(crate) fn admit(&self) -> Result<Connection> {
        let key = Key::new(&self.authkey)?;
        let door = Door {
            socket: self.socket.as_fd(),
            address: &self.address,
            key: &key,
        };
        let mut entrance = lock(&self.entrance);
        loop {
            if let Some((connection, peer)) = entrance.next() {
                *lock(&self.last) = peer;
                return Ok(connection);
            }
            let turn = entrance.turn(&door, self.patience);
            self.refused.store(entrance.refused(), Relaxed);
            turn?;
        }
    }

    /// Where it listens: for TCP, with the port that the system chose.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Where the client is that this process accepted last. The clients of a
    /// Unix socket have no address.
    #[must_use]
    pub fn last_accepted(&self) -> Option<Address> {
        lock(&self.last).clone()
    }

    /// How many this process has sent away, because they did not know the key,
    /// took too long or are another user's. Python has no counterpart.
    ///
    /// ```
    /// use multiprocessing::connection::{Client, Listener};
    /// use multiprocessing::{Error, Process};
    /// use std::time::Duration;
    ///
    /// fn main() -> multiprocessing::Result<()> {
    ///     let limit = Duration::from_secs(5);
    ///     let listener =
    ///         Listener::new()?.with_authkey("open").with_deadline(limit);
    ///     let client = Client::new(listener.address()).with_limit(limit);
    ///     let child = Process::new(|| -> multiprocessing::Result<()> {
    ///         let stranger = client.clone().with_authkey("please");
    ///         let error = stranger.connect().expect_err("the wrong key");
    ///         assert!(matches!(error, Error::AuthenticationFailed { .. }));
    ///         let friend = client.clone().with_authkey("open");
    ///         friend.connect()?.send(&"hello")
    ///     });
    ///     child.start()?;
    ///     assert_eq!(listener.accept()?.recv::<String>()?, "hello");
    ///     assert_eq!(listener.refused(), 1);
    ///     assert!(listener.last_accepted().is_none()); // it has no address
    ///     listener.close();
    ///     child.join()
    /// }
    /// ```
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Ends the listener, in all processes that have it, and removes its path,
    /// as dropping does. Connections that it has accepted stay.
    pub fn close(self) {}

    /// The same by one of those who share it, who ends his process then.
    pub(crate) fn end(&self) {
        if let Some(place) = &self.place {
            place.remove();
        }
        // The copies of other processes end with it.
        let _ = shutdown(&self.socket, Shutdown::Both);
    }

    /// What is left of it when its process is killed.
    pub(crate) fn remains(&self) -> Option<Remains> {
        self.place.as_ref().map(Place::remains)
    }

    /// Its descriptors in this process.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = RawFd> {
        let lock = self.place.as_ref().and_then(Place::lock);
        once(self.socket.as_raw_fd()).chain(lock)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Listener {
    fn drop(&mut self) {
        if !handover::ends_here(self.maker) {
            return;
        }
        self.end();
        lock(&self.entrance).close();
    }
}

impl fmt::Debug for Listener {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("address", &self.address)
            .field("refused", &self.refused())
            .finish_non_exhaustive()
    }
}

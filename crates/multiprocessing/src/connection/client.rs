//! The side that connects.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::address::Address;
use super::handshake::{self, Answer, Key};
use super::socket;
use crate::error::{Error, Result};
use crate::pipe::Connection;
use crate::process::{current_process, wait::readable};
use crate::sys::mutex::remaining;
use crate::sys::point::point;

/// How long a client waits for its listener, unless it is told otherwise.
const LIMIT: Duration = Duration::from_secs(20);

/// Connects with a [`Listener`](super::Listener). Python:
/// `multiprocessing.connection.Client`.
///
/// ```
/// use multiprocessing::Process;
/// use multiprocessing::connection::{Client, Listener};
/// use std::time::Duration;
///
/// fn main() -> multiprocessing::Result<()> {
///     let listener = Listener::new()?.with_authkey("secret");
///     let client = Client::new(listener.address())
///         .with_authkey("secret")
///         .with_limit(Duration::from_secs(5));
///     let child = Process::new(|| client.connect()?.send(&"hello"));
///     child.start()?;
///     assert_eq!(listener.accept()?.recv::<String>()?, "hello");
///     child.join()
/// }
/// ```
#[derive(Clone)]
pub struct Client {
    address: Address,
    authkey: Arc<[u8]>,
    limit: Duration,
}

impl Client {
    /// A client of the listener at `address`. Nothing happens before
    /// [`connect`](Client::connect).
    pub fn new(address: impl Into<Address>) -> Self {
        Self {
            address: address.into(),
            authkey: current_process().authkey().into(),
            limit: LIMIT,
        }
    }

    /// The key, which must be the listener's; without it, the one of this
    /// family of processes. Python: `authkey=`, where none means that nothing
    /// is asked.
    #[must_use]
    pub fn with_authkey(self, key: impl AsRef<[u8]>) -> Self {
        let authkey = key.as_ref().into();
        Self { authkey, ..self }
    }

    /// How long to wait until the listener has accepted; without it, 20
    /// seconds. Python waits for ever.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Waits until the listener accepts, and each side has seen that the other
    /// one knows the key.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] if the keys are not the same, or a Unix
    /// socket is another user's; [`Error::TimedOut`];
    /// [`Error::Disconnected`] if the listener goes away meanwhile;
    /// [`Error::System`] if nobody listens there; [`Error::Invalid`] for a path
    /// or a key that cannot be.
    pub fn connect(&self) -> Result<Connection> {
        point("Client()");
        self.open()
    }

    pub(crate) fn open(&self) -> Result<Connection> {
        let key = Key::new(&self.authkey)?;
        let start = Instant::now();
        let stream = socket::connect_to(&self.address, self.limit)?;
        if let Some(user) = socket::stranger(stream.as_fd(), &self.address) {
            return Err(refused(format!("the listener is {user}'s")));
        }
        let line = Line {
            socket: stream.as_fd(),
            start,
            limit: self.limit,
        };
        line.authenticate(&key)?;
        Ok(Connection::from_socket(stream))
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}

fn refused(reason: impl Into<String>) -> Error {
    let reason = reason.into();
    Error::AuthenticationFailed { reason }
}

/// A socket, and until when the other side has to be done.
pub(super) struct Line<'a> {
    pub(super) socket: BorrowedFd<'a>,
    pub(super) start: Instant,
    pub(super) limit: Duration,
}

impl Line<'_> {
    pub(super) fn authenticate(&self, key: &Key) -> Result<()> {
        let answer = Answer::to(&self.recv()?)?;
        let answer =
            answer.ok_or_else(|| refused("who listens is no Listener"))?;
        self.send(&answer.bytes(key))?;
        match self.recv()? {
            [handshake::WELCOME] => {}
            [handshake::REFUSAL] => {
                return Err(refused("the listener has another key"));
            }
            _ => return Err(refused("who listens is no Listener")),
        }
        if answer.check(key, &self.recv()?) {
            return Ok(());
        }
        Err(refused("who listens does not know the key"))
    }

    fn send(&self, bytes: &[u8]) -> Result<()> {
        // The first bytes on this connection: there is room for them.
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        match send(self.socket, bytes, flags) {
            Ok(sent) if sent == bytes.len() => Ok(()),
            Ok(_) | Err(Errno::PIPE | Errno::CONNRESET) => {
                Err(Error::Disconnected)
            }
            Err(errno) => Err(Error::system("send the answer", errno)),
        }
    }

    fn recv<const N: usize>(&self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        let mut place = &mut bytes[..];
        while !place.is_empty() {
            let left = remaining(self.start, Some(self.limit));
            if !readable(self.socket, left)? {
                return Err(Error::TimedOut);
            }
            match recv(self.socket, &mut *place, RecvFlags::DONTWAIT) {
                Ok((0, _)) | Err(Errno::CONNRESET) => {
                    return Err(Error::Disconnected);
                }
                Ok((come, _)) => place = &mut place[come..],
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => {
                    return Err(Error::system("receive a challenge", errno));
                }
            }
        }
        Ok(bytes)
    }
}

impl fmt::Debug for Client {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.address)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

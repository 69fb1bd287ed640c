//! Pipes: two connected ends, and messages between them.
//!
//! Under both kinds of pipe stands a pair of connected sockets (`socketpair`),
//! which nobody else can reach and which are inherited by fork. They keep messages
//! apart (see `packet`); what a listener has accepted is a stream, and tells
//! where messages begin by their lengths (`frame`, `incoming`). The kernel keeps
//! what was sent and not received, 400 to 800 KiB; a sender with more waits for
//! its reader. When the last descriptor of an end is closed, in whatever way its
//! process ends, the kernel tells the other end. Beside the sockets lies a page
//! of shared memory, where a short message is handed to a receiver that is about
//! to wait for it (see `slot`).
//!
//! A one-way pipe is such a pair, too, with one direction shut down, where
//! Python takes `pipe`: a write to a pipe that nobody reads raises SIGPIPE,
//! which ends the writer before it can see an error, and only a write to a
//! socket can ask for the error instead (`MSG_NOSIGNAL`).

pub(crate) mod frame;
mod incoming;
mod packet;
mod slot;
#[cfg(any(test, fuzzing))]
pub(crate) mod targets;
mod travel;
mod way;
mod writer;

use std::fmt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::socket::{Shutdown, shutdown};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use packet::Eagerness;
pub use travel::Descriptor;
use way::{Way, sockets};
pub(crate) use way::{ask_for_room, pair};

use crate::error::{Error, Result};
use crate::process::wait;
use crate::sys::point::point;

/// Makes pipes. Python: `multiprocessing.Pipe`.
///
/// ```
/// use multiprocessing::{Pipe, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let (reader, writer) = Pipe::one_way()?;
///     let child = Process::new(move || writer.send(&("hello", 42)));
///     child.start()?;
///     let (word, number): (String, i32) = reader.recv()?;
///     assert_eq!((word.as_str(), number), ("hello", 42));
///     child.join()
/// }
/// ```
///
/// An end that moves into a child's closure is closed in the parent, so that
/// the reader sees the end of the messages when the child ends. What does not
/// move, both have, as in Python: a child that receives does not see that its
/// parent closes the other end, since it holds a copy of it. And a child has
/// copies of all ends that its parent had when it started, also of those that
/// move into a later one: start the process that takes the writer first.
#[derive(Debug)]
pub enum Pipe {}

impl Pipe {
    /// Two ends that both send and receive. Python: `Pipe()`.
    ///
    /// # Errors
    /// [`Error::System`] if the process has no room for two descriptors.
    pub fn duplex() -> Result<(Connection, Connection)> {
        let (one, other) = sockets()?;
        let [first, second] = Way::pair();
        Ok((
            Connection::new(one, Kind::Packets(first), Direction::Both),
            Connection::new(other, Kind::Packets(second), Direction::Both),
        ))
    }

    /// An end that only receives and one that only sends, in this order.
    /// Python: `Pipe(duplex=False)`.
    ///
    /// # Errors
    /// As [`Pipe::duplex`].
    pub fn one_way() -> Result<(Connection, Connection)> {
        let (reader, writer) = sockets()?;
        shutdown(reader.as_raw_fd(), Shutdown::Write)
            .and_then(|()| shutdown(writer.as_raw_fd(), Shutdown::Read))
            .map_err(|errno| Error::system("make a pipe one-way", errno))?;
        let [first, second] = Way::pair();
        Ok((
            Connection::new(reader, Kind::Packets(first), Direction::In),
            Connection::new(writer, Kind::Packets(second), Direction::Out),
        ))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Direction {
    In,
    Out,
    Both,
}

/// What lies under a connection.
enum Kind {
    /// What a pipe has: the kernel keeps messages apart. Both ends share memory,
    /// too, unless they were sent to where they are.
    Packets(Option<Way>),
    /// What a listener accepts.
    Stream,
}

/// One end of a pipe. Python: `multiprocessing.connection.Connection`.
///
/// A message is one item of any type that serde knows, or plain bytes, of at
/// most 2,147,483,647 bytes. The receiver names the type: what does not fit it
/// is an [`Error::Decode`], where Python takes whatever comes.
///
/// Threads may share an end: each message is sent and received whole. Of
/// processes, only one should receive from an end, and one send to it, at a
/// time; others may hold it. Dropping closes it.
///
/// A process that is killed while it sends or receives a message of up to
/// 32 KiB has sent or received all of it, or nothing, and others go on. In the
/// middle of a longer one it leaves a stream of which nobody knows where the
/// next message begins: this is [`Error::Disconnected`] for all who hold an
/// end. (Over a network, the death of a writer is seen only if no other process
/// holds its end.)
///
/// ```
/// use multiprocessing::{Connection, Error, Pipe};
/// use std::time::Duration;
///
/// fn main() -> multiprocessing::Result<()> {
///     let (here, there): (Connection, Connection) = Pipe::duplex()?;
///     assert!(!there.poll(Duration::from_millis(10))?);
///     here.send_bytes(b"one")?;
///     here.send_bytes(b"three")?;
///     assert!(there.poll(Duration::ZERO)?);
///     assert_eq!(there.recv_bytes()?, b"one");
///     let mut buffer = [0; 8];
///     assert_eq!(there.recv_bytes_into(&mut buffer)?, 5);
///     assert_eq!(&buffer[..5], b"three");
///
///     there.close();
///     assert!(matches!(here.recv::<u8>(), Err(Error::Disconnected)));
///     let (reader, writer) = Pipe::one_way()?;
///     assert!(reader.readable() && !reader.writable() && writer.writable());
///     Ok(())
/// }
/// ```
pub struct Connection {
    socket: OwnedFd,
    kind: Kind,
    direction: Direction,
    sending: Mutex<Eagerness>,
    receiving: Mutex<()>,
}

impl Connection {
    /// One that sends and receives over a stream socket.
    pub(crate) fn from_socket(socket: OwnedFd) -> Self {
        Self::new(socket, Kind::Stream, Direction::Both)
    }

    pub(crate) fn into_socket(self) -> OwnedFd {
        self.socket
    }

    fn new(socket: OwnedFd, kind: Kind, direction: Direction) -> Self {
        writer::ask_for_writers(socket.as_fd());
        Self {
            socket,
            kind,
            direction,
            sending: Mutex::default(),
            receiving: Mutex::default(),
        }
    }

    /// Sends an item. Waits while the pipe is full.
    ///
    /// Connections in the item are sent along, as copies, and so is each
    /// [`Descriptor`](crate::connection::Descriptor).
    ///
    /// # Errors
    /// [`Error::Disconnected`] if nobody can receive it any more,
    /// [`Error::WrongDirection`], [`Error::Encode`], [`Error::TooLong`].
    pub fn send<T: Serialize + ?Sized>(&self, item: &T) -> Result<()> {
        point("Connection.send");
        let (bytes, descriptors) = travel::pack(item)?;
        let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        self.send_message(&bytes, &descriptors)
    }

    /// Waits for an item and receives it.
    ///
    /// # Errors
    /// [`Error::Disconnected`] if nothing can come any more,
    /// [`Error::WrongDirection`]; [`Error::Decode`] if the message is not a
    /// `T`, [`Error::MissingDescriptor`] if a connection in it has not come;
    /// the message is gone then. [`Error::TooLong`] if what came is no
    /// message; the connection is of no use then.
    pub fn recv<T: DeserializeOwned>(&self) -> Result<T> {
        point("Connection.recv");
        let (bytes, descriptors) = self.recv_message()?;
        travel::unpack(&bytes, descriptors)
    }

    /// Sends bytes as one message, which may be empty. Python's `offset` and
    /// `size` are a slice here.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<()> {
        point("Connection.send_bytes");
        self.send_message(bytes, &[])
    }

    /// Waits for a message and receives its bytes.
    ///
    /// # Errors
    /// As [`Connection::recv`].
    pub fn recv_bytes(&self) -> Result<Vec<u8>> {
        point("Connection.recv_bytes");
        self.recv_message().map(|(bytes, _)| bytes)
    }

    /// Waits for a message, puts its bytes at the start of `buffer`, and tells
    /// how many they are. Python's `offset` is a slice here.
    ///
    /// # Errors
    /// As [`Connection::recv`], and [`Error::BufferTooShort`], which carries
    /// the message.
    pub fn recv_bytes_into(&self, buffer: &mut [u8]) -> Result<usize> {
        point("Connection.recv_bytes_into");
        let (message, _) = self.recv_message()?;
        let room = buffer.len();
        match buffer.get_mut(..message.len()) {
            Some(place) => {
                place.copy_from_slice(&message);
                Ok(message.len())
            }
            None => Err(Error::BufferTooShort { message, room }),
        }
    }

    /// Waits until there is something to receive, `limit` at most, and tells
    /// whether there is. Zero only looks. If the other end is closed there is:
    /// the next `recv` returns at once, with [`Error::Disconnected`].
    ///
    /// # Errors
    /// [`Error::WrongDirection`].
    pub fn poll(&self, limit: Duration) -> Result<bool> {
        point("Connection.poll");
        self.check(Direction::In)?;
        if let Kind::Packets(Some(way)) = &self.kind
            && way.incoming().stop_look()
        {
            return Ok(true);
        }
        wait::readable(self.socket.as_fd(), Some(limit))
    }

    /// Whether this end receives.
    #[must_use]
    pub fn readable(&self) -> bool {
        self.direction != Direction::Out
    }

    /// Whether this end sends.
    #[must_use]
    pub fn writable(&self) -> bool {
        self.direction != Direction::In
    }

    /// Closes this end, as dropping it does. The other end sees it once no
    /// process holds this one any more.
    pub fn close(self) {}

    fn send_message(
        &self,
        bytes: &[u8],
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<()> {
        self.check(Direction::Out)?;
        let socket = self.socket.as_fd();
        if !descriptors.is_empty() {
            travel::check_way(socket)?;
        }
        let eagerness = &mut *lock(&self.sending);
        match &self.kind {
            Kind::Stream => frame::send_with(socket, bytes, descriptors),
            Kind::Packets(way) => {
                let slot = way.as_ref().map(Way::outgoing);
                packet::send(socket, slot, eagerness, bytes, descriptors)
            }
        }
    }

    fn recv_message(&self) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
        self.check(Direction::In)?;
        let socket = self.socket.as_fd();
        let _whole = lock(&self.receiving);
        match &self.kind {
            Kind::Stream => incoming::message(socket),
            Kind::Packets(way) => {
                let slot = way.as_ref().map(Way::incoming);
                let message = packet::recv(socket, slot);
                if let (Err(error), Some(way)) = (&message, way)
                    && packet::is_lost(error)
                {
                    way.close();
                }
                message
            }
        }
    }

    fn check(&self, wanted: Direction) -> Result<()> {
        if self.direction == wanted || self.direction == Direction::Both {
            return Ok(());
        }
        Err(Error::WrongDirection {
            only: if self.readable() {
                "read-only"
            } else {
                "write-only"
            },
        })
    }
}

fn lock<T>(direction: &Mutex<T>) -> MutexGuard<'_, T> {
    direction.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsFd for Connection {
    /// For `poll` and its like. Whoever reads or writes by it himself tears
    /// the messages.
    fn as_fd(&self) -> BorrowedFd<'_> {
        if let Kind::Packets(Some(way)) = &self.kind {
            // Somebody who was killed may look there still.
            way.incoming().stop_look();
        }
        self.socket.as_fd()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("fd", &self.socket.as_raw_fd())
            .field("readable", &self.readable())
            .field("writable", &self.writable())
            .finish_non_exhaustive()
    }
}

//! Connections between processes that did not inherit them, and waiting for
//! many at once. Python: `multiprocessing.connection`.
//!
//! A [`Listener`] is a socket with a name in the system: a path (a Unix
//! socket), or a host and a port (TCP). `connect` asks for a connection there;
//! the kernel queues it until `accept` takes it out, which gives both sides a
//! stream of bytes as a pipe has, and over it the same [`Connection`]. Who may
//! come? To a path, whom the file system lets: it lies in a directory of mode
//! 0700, and of whoever connects the kernel itself tells the user
//! (`SO_PEERCRED`). To a port, everybody; so each side has to prove first that
//! it knows a key, without telling it (HMAC-SHA256 of random bytes). Strangers
//! cannot stop a listener: `poll` watches them all at once, with a deadline. A
//! process that ends is seen at once, since the kernel closes what it had open;
//! a machine that has gone without a word, after a minute (`SO_KEEPALIVE`).
//!
//! What the key does not do: it hides nothing. Over a network, who can read or
//! change the packets can read or change the messages after the handshake; use
//! a tunnel there, as for Python's. And who knows the key is trusted: no bytes
//! do harm to this library, but an item of a type that contains itself may be
//! nested until the receiver's stack ends.

mod address;
mod client;
mod entrance;
mod handshake;
mod listener;
mod place;
mod socket;
#[cfg(any(test, fuzzing))]
pub(crate) mod targets;

use std::os::fd::AsFd;
use std::time::Duration;

pub use address::Address;
pub use client::Client;
pub(crate) use handshake::random;
pub use listener::Listener;
pub(crate) use place::Remains;

pub use crate::pipe::{Connection, Descriptor};

use crate::error::Result;
use crate::process::wait::ready;
use crate::sys::point::point;

/// Waits until one of `objects` is ready, and tells which are: their places in
/// the list, in its order.
///
/// An object is what has a descriptor that one reads from: a [`Connection`],
/// which is ready when there is something to receive, or its end; a process's
/// [`sentinel`](crate::Child::sentinel), when the process has ended; sockets
/// and pipes of the standard library. Of several kinds at once, take
/// `&dyn AsFd`. Without objects nothing is ready, at once.
///
/// ```
/// use std::os::fd::AsFd;
///
/// use multiprocessing::connection::wait;
/// use multiprocessing::{Pipe, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let (reader, writer) = Pipe::one_way()?;
///     let (silent, _nobody) = Pipe::one_way()?;
///     let child = Process::new(move || writer.send(&"done"));
///     child.start()?;
///     let sentinel = child.sentinel()?;
///     let objects: [&dyn AsFd; 3] = [&silent, &reader, &sentinel];
///     // The message first; perhaps the child has ended meanwhile, too.
///     assert!(wait(&objects)?.contains(&1));
///     child.join()?;
///     assert_eq!(wait(&objects)?, [1, 2]);
///     Ok(())
/// }
/// ```
///
/// Python returns the objects themselves. A place can also be removed from a
/// list, from its end on:
///
/// ```no_run
/// # use multiprocessing::{connection::wait, Connection, Error, Result};
/// # fn all(mut readers: Vec<Connection>) -> Result<()> {
/// while !readers.is_empty() {
///     for place in wait(&readers)?.into_iter().rev() {
///         match readers[place].recv::<String>() {
///             Ok(message) => println!("{message}"),
///             Err(Error::Disconnected) => drop(readers.remove(place)),
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::System`](crate::Error::System) if there are more objects than a
/// process may have descriptors.
pub fn wait<T: AsFd>(objects: &[T]) -> Result<Vec<usize>> {
    point("wait");
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    ready(objects.iter().map(AsFd::as_fd), None)
}

/// As [`wait`], for `limit` at most. Empty: none was ready in time. Python:
/// `wait(objects, timeout)`.
///
/// ```
/// use multiprocessing::{Pipe, connection::wait_timeout};
/// use std::time::Duration;
///
/// let (reader, _writer) = Pipe::one_way()?;
/// let ready = wait_timeout(&[reader], Duration::from_millis(10))?;
/// assert!(ready.is_empty());
/// # Ok::<(), multiprocessing::Error>(())
/// ```
///
/// # Errors
/// As [`wait`].
pub fn wait_timeout<T: AsFd>(
    objects: &[T],
    limit: Duration,
) -> Result<Vec<usize>> {
    point("wait");
    ready(objects.iter().map(AsFd::as_fd), Some(limit))
}

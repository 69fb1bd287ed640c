//! How a manager is made: an address, perhaps, and then the server.

use std::cell::RefCell;
use std::fmt;
use std::os::fd::AsFd;
use std::sync::Arc;

use nix::sys::socket::SockType;

use super::client::Server;
use super::protocol::Identity;
use super::server::{self, Duty, Initializer};
use super::{Manager, door, travel};
use crate::connection::{Address, Listener, random};
use crate::error::Result;
use crate::pipe::pair;
use crate::pool::Initialized;
use crate::process::{handover, start_internal};
use crate::sys::point::point;
use crate::sys::signal;

/// What a manager is to be like; [`Manager::builder`] gives one. Python: the
/// arguments of `BaseManager(…)` and `start(…)`.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
///
/// use multiprocessing::Manager;
///
/// static START: AtomicU32 = AtomicU32::new(0);
///
/// fn main() -> multiprocessing::Result<()> {
///     let start = 40;
///     let manager = Manager::builder()
///         .private_address()
///         .authkey("secret")
///         .initializer(|| START.store(start, SeqCst))
///         .build()?;
///     assert!(manager.address().is_some());
///     let number = manager.object(|more| START.load(SeqCst) + more, 2)?;
///     assert_eq!(number.call(|number, ()| *number, ())?, 42);
///     Ok(())
/// }
/// ```
#[must_use = "it makes no manager before `build`"]
pub struct ManagerBuilder<'a> {
    place: Place,
    authkey: Option<Arc<[u8]>>,
    initializer: Option<Box<Initializer<'a>>>,
}

enum Place {
    None,
    Private,
    Address(Address),
}

impl<'a> ManagerBuilder<'a> {
    pub(super) fn new() -> Self {
        Self {
            place: Place::None,
            authkey: None,
            initializer: None,
        }
    }

    /// Lets other programs reach it at `address`, by a
    /// [`RemoteManager`](super::RemoteManager). Without an address, only
    /// processes that have inherited it can. Python: `address=`.
    ///
    /// To a path come only processes of this user, to a port those of every
    /// machine that has a way to it. See [`connection`](crate::connection) for
    /// what the key keeps away, and what it does not. Who knows it is trusted
    /// with the objects: he may put into them as much as there is memory.
    ///
    /// Of those who have not shown yet that they know it, 64 are dealt with at
    /// once, for 5 seconds each at most; others wait in the system's queue. Then
    /// each thread of a client costs the server a thread and a descriptor, and
    /// there is no limit but the system's (`ulimit -u`, `ulimit -n`). A message
    /// has 2 GiB at most.
    pub fn address(mut self, address: impl Into<Address>) -> Self {
        self.place = Place::Address(address.into());
        self
    }

    /// Lets other programs of this user reach it, at a path of its own in a new
    /// directory that only this user can enter. Python: no `address=`.
    pub fn private_address(mut self) -> Self {
        self.place = Place::Private;
        self
    }

    /// The key, which they must know; without it, the one of this family of
    /// processes. Python: `authkey=`.
    pub fn authkey(mut self, key: impl AsRef<[u8]>) -> Self {
        self.authkey = Some(key.as_ref().into());
        self
    }

    /// Lets the server run `function` before it serves. Python:
    /// `start(initializer, initargs)`; here the closure holds the arguments.
    ///
    /// What moves into the closure is the server's. It may use all that this
    /// process has; afterwards the server gives up the descriptors that it has
    /// inherited, so that files, pipes and connections from before it fail
    /// there. What it opens itself it keeps.
    pub fn initializer<R: Initialized>(
        mut self,
        function: impl FnOnce() -> R + 'a,
    ) -> Self {
        self.initializer = Some(Box::new(move || function().into_result()));
        self
    }

    /// Starts the server process.
    ///
    /// # Errors
    /// As [`Process::start`](crate::Process::start), and as
    /// [`Listener::bind`]; [`ServerFailed`](crate::Error::ServerFailed) if the
    /// initializer fails, with an `Err`, by a panic, or because the server ends
    /// in it. Nothing is left behind then.
    pub fn build(self) -> Result<Manager> {
        point("Manager()");
        let identity = Identity::from_ne_bytes(random()?);
        let listener = self.listen()?;
        let address = listener.as_ref().map(|it| it.address().clone());
        let remains = listener.as_ref().and_then(Listener::remains);
        let (outside, inside) = door::new()?;
        let server = Arc::new(Server::behind(identity, outside)?);
        let (report, theirs) = pair(SockType::Stream)?;
        let moved = RefCell::new((listener, self.initializer));
        let process = start_internal("Manager", || {
            signal::serve_to_the_end(inside.as_fd());
            handover::to_this_process();
            let (listener, initializer) = moved.take();
            server::run(Duty {
                identity,
                door: inside,
                listener: listener.map(Arc::new),
                initializer,
                report: Some(theirs),
            })
        })?;
        handover::to_child(moved);
        let manager = Manager {
            server,
            pid: process.pid()?.unwrap_or_default(),
            process,
            address,
            remains,
        };
        manager.begun(&report)?;
        travel::register(&manager.server);
        Ok(manager)
    }

    fn listen(&self) -> Result<Option<Listener>> {
        let listener = match &self.place {
            Place::None => return Ok(None),
            Place::Private => Listener::open_private()?,
            Place::Address(address) => Listener::open(address.clone())?,
        };
        Ok(Some(match &self.authkey {
            Some(key) => listener.with_authkey(key),
            None => listener,
        }))
    }
}

impl fmt::Debug for ManagerBuilder<'_> {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = match &self.place {
            Place::Address(address) => Some(address),
            Place::None | Place::Private => None,
        };
        f.debug_struct("ManagerBuilder")
            .field("address", &address)
            .field("private_address", &matches!(self.place, Place::Private))
            .field("initializer", &self.initializer.is_some())
            .finish_non_exhaustive()
    }
}

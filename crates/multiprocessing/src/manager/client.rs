//! The client's side of a call.

use std::cell::RefCell;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::door::Outside;
use super::protocol::{Call, Id, New, Refusal, Reply, Request};
use super::tether::Tether;
use crate::codec;
use crate::error::{Error, Result};
use crate::pipe::frame;
use crate::process::{pid, wait::readable};

/// A server, as its clients know it.
pub(super) struct Server {
    number: u64,
    inode: u64,
    door: Outside,
}

/// An object in a server.
#[derive(Clone)]
pub(super) struct Remote {
    pub(super) server: Arc<Server>,
    pub(super) id: Id,
    tether: Arc<Tether>,
}

impl Remote {
    /// An object that stays without its proxies.
    pub(super) fn kept(server: Arc<Server>, id: Id) -> Self {
        Self {
            server,
            id,
            tether: Arc::default(),
        }
    }

    /// Calls the object and waits for what it returns.
    pub(super) fn call<R: DeserializeOwned>(&self, call: Call) -> Result<R> {
        self.server.call(&Request::Call(self.id, call))
    }

    /// From now on the object stays without its proxies.
    pub(super) fn keep(&self) -> Result<()> {
        let keep = || self.server.call(&Request::Keep(self.id));
        self.tether.give_up(|| match keep() {
            // Nothing is to be kept any more.
            Err(Error::Disconnected) => Ok(()),
            kept => kept,
        })
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "id={}", self.id)
    }
}

impl Server {
    /// Its first connection is there at once: a server that has less room than
    /// its creator could not take it, and nobody would learn why.
    pub(super) fn new(door: Outside) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let server = Self {
            number,
            inode: door.inode()?,
            door,
        };
        Idle::keep(number, server.door.connect()?);
        Ok(server)
    }

    /// Makes an object.
    pub(super) fn make(self: &Arc<Self>, new: New) -> Result<Remote> {
        let request = Request::New(new);
        let (tether, theirs) = Tether::new();
        let theirs: Vec<_> = theirs.iter().map(AsFd::as_fd).collect();
        Ok(Remote {
            id: self.call_with(&request, &theirs)?,
            server: Arc::clone(self),
            tether: Arc::new(tether),
        })
    }

    /// Sends a request and waits for what it returns, which is an `R`.
    pub(super) fn call<R: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<R> {
        self.call_with(request, &[])
    }

    fn call_with<R: DeserializeOwned>(
        &self,
        request: &Request,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<R> {
        let request = codec::encode(request)?;
        let (len, max) = (request.len(), frame::MAX);
        if len > max {
            return Err(Error::TooLong { len, max });
        }
        let stream = match Idle::take(self.number) {
            Some(stream) => stream,
            None => self.door.connect()?,
        };
        // After a failure the stream is dropped: nobody could tell which
        // reply comes next. For the server, this thread has gone then, and its
        // locks are free.
        match frame::send_with(stream.as_fd(), &request, descriptors) {
            // A server that has no room for us closes the stream, and has told
            // us before.
            Ok(()) | Err(Error::Disconnected) => {}
            Err(error) => return Err(error),
        }
        let reply = frame::recv(stream.as_fd())?;
        let reply: Reply<R> = codec::decode(&reply)?;
        if !matches!(reply, Err(Refusal::NoRoom { .. })) {
            Idle::keep(self.number, stream);
        }
        Ok(reply?)
    }

    /// The same in all processes, and while it lives no other server's.
    pub(super) fn inode(&self) -> u64 {
        self.inode
    }

    pub(super) fn shut_down(&self) -> Result<()> {
        self.door.shut_down()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        Idle::forget(self.number);
    }
}

thread_local! {
    static IDLE: RefCell<Vec<Idle>> = const { RefCell::new(Vec::new()) };
}

/// A connection between two calls. Each thread has its own, so that calls
/// neither wait for each other nor get each other's replies, and so that the
/// server knows the thread that owns a lock.
struct Idle {
    server: u64,
    /// A forked child has copies of its parent's, which it must not use.
    owner: i32,
    stream: OwnedFd,
}

impl Idle {
    /// The calling thread's connection with `server`, if it has one.
    fn take(server: u64) -> Option<OwnedFd> {
        let own = pid();
        let taken = IDLE.try_with(|idle| {
            let mut idle = idle.borrow_mut();
            idle.retain(|it| it.owner == own);
            let found = idle.iter().position(|it| it.server == server);
            if found.is_none() {
                // Servers that have ended leave their connections behind.
                idle.retain(|it| !it.is_closed());
            }
            found.map(|index| idle.swap_remove(index).stream)
        });
        // A thread at its end has none any more, and takes a new one for each
        // call.
        taken.ok().flatten()
    }

    fn keep(server: u64, stream: OwnedFd) {
        let owner = pid();
        let idle = Self {
            server,
            owner,
            stream,
        };
        let _ = IDLE.try_with(|all| all.borrow_mut().push(idle));
    }

    /// A server says nothing unasked, so this can only be the end.
    /// Closes the calling thread's connections with `server`.
    fn forget(server: u64) {
        let _ = IDLE
            .try_with(|all| all.borrow_mut().retain(|it| it.server != server));
    }

    fn is_closed(&self) -> bool {
        readable(self.stream.as_fd(), Some(Duration::ZERO)).unwrap_or(true)
    }
}

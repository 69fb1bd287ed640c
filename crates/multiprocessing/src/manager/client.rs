//! The client's side of a call.

use std::cell::RefCell;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address;
use super::door::Outside;
use super::protocol::{
    Call, HallCall, Id, Identity, Message, New, Refusal, Reply, Request,
};
use super::tether::Tether;
use crate::codec;
use crate::connection::Client;
use crate::error::{Error, Result};
use crate::patience::read_patiently;
use crate::pipe::frame;
use crate::process::{pid, wait::readable};

/// A server, as its clients know it.
pub(super) struct Server {
    /// By which threads know whose their connections are, and whether it is
    /// still there.
    token: Arc<()>,
    identity: Identity,
    way: Way,
}

/// How a client comes to a connection.
pub(super) enum Way {
    /// It has the door by inheritance.
    Door(Outside),
    /// It knows the address and the key.
    Address(Client),
}

/// An object in a server.
#[derive(Clone)]
pub struct Remote {
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
    pub(super) fn behind(identity: Identity, door: Outside) -> Result<Self> {
        let stream = door.connect()?;
        Ok(Self::new(identity, Way::Door(door), stream))
    }

    /// The server that is found at an address.
    pub(super) fn found_by(client: Client) -> Result<Self> {
        let (stream, identity) = address::connect(&client)?;
        Ok(Self::new(identity, Way::Address(client), stream))
    }

    fn new(identity: Identity, way: Way, stream: OwnedFd) -> Self {
        let token = Arc::new(());
        Idle::keep(&token, stream);
        Self {
            token,
            identity,
            way,
        }
    }

    /// Makes an object.
    pub(super) fn make(self: &Arc<Self>, new: New) -> Result<Remote> {
        let request = Request::New(new);
        let (tether, theirs) = Tether::new();
        let theirs: Vec<_> = theirs.iter().map(AsFd::as_fd).collect();
        Ok(Remote {
            id: self.send(&Message::Object(request), &theirs)?,
            server: Arc::clone(self),
            tether: Arc::new(tether),
        })
    }

    /// Sends a request and waits for what it returns, which is an `R`.
    pub(super) fn call<R: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<R> {
        self.send(&Message::Object(request), &[])
    }

    /// As [`call`](Self::call), of what the server does besides its objects.
    pub(super) fn call_hall<R: DeserializeOwned>(
        &self,
        request: HallCall,
    ) -> Result<R> {
        self.send(&Message::<()>::Hall(request), &[])
    }

    fn send<R: DeserializeOwned>(
        &self,
        message: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<R> {
        let message = codec::encode(message)?;
        let (len, max) = (message.len(), frame::MAX);
        if len > max {
            return Err(Error::TooLong { len, max });
        }
        let stream = match Idle::take(&self.token) {
            Some(stream) => stream,
            None => self.connect()?,
        };
        // After a failure the stream is dropped: nobody could tell which
        // reply comes next. For the server, this thread has gone then, and its
        // locks are free.
        match frame::send_with(stream.as_fd(), &message, descriptors) {
            // A server that has no room for us closes the stream, and has told
            // us before.
            Ok(()) | Err(Error::Disconnected) => {}
            Err(error) => return Err(error),
        }
        let stream_fd = stream.as_fd();
        let reply = read_patiently(stream_fd, || frame::recv(stream_fd))?;
        let reply: Reply<R> = codec::decode(&reply)?;
        if !matches!(reply, Err(Refusal::NoRoom { .. })) {
            Idle::keep(&self.token, stream);
        }
        Ok(reply?)
    }

    fn connect(&self) -> Result<OwnedFd> {
        match &self.way {
            Way::Door(door) => door.connect(),
            Way::Address(client) => address::find(client, self.identity),
        }
    }

    /// The same in all processes, and no other server's.
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn way(&self) -> &Way {
        &self.way
    }
}

impl Drop for Server {
    /// Ends this thread's connection. Those of other threads end when these do,
    /// or need a connection the next time.
    fn drop(&mut self) {
        drop(Idle::take(&self.token));
    }
}

/// In a forked child: closes the copies of its parent's connections. The server
/// would take the parent to be there as long as one of them is open.
pub(crate) fn forget_connections() {
    let _ = IDLE.try_with(|idle| idle.borrow_mut().clear());
}

thread_local! {
    static IDLE: RefCell<Vec<Idle>> = const { RefCell::new(Vec::new()) };
}

/// A connection between two calls. Each thread has its own, so that calls
/// neither wait for each other nor get each other's replies, and so that the
/// server knows the thread that owns a lock.
struct Idle {
    server: Weak<()>,
    /// A forked child has copies of its parent's, which it must not use.
    owner: i32,
    stream: OwnedFd,
}

impl Idle {
    /// The calling thread's connection with `server`, if it has one.
    fn take(server: &Arc<()>) -> Option<OwnedFd> {
        let own = pid();
        let taken = IDLE.try_with(|idle| {
            let mut idle = idle.borrow_mut();
            idle.retain(|it| it.owner == own && it.server.strong_count() > 0);
            let found = idle.iter().position(|it| it.is_with(server));
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

    fn keep(server: &Arc<()>, stream: OwnedFd) {
        let idle = Self {
            server: Arc::downgrade(server),
            owner: pid(),
            stream,
        };
        let _ = IDLE.try_with(|all| all.borrow_mut().push(idle));
    }

    fn is_with(&self, server: &Arc<()>) -> bool {
        self.server.as_ptr() == Arc::as_ptr(server)
    }

    /// A server says nothing unasked, so this can only be the end.
    fn is_closed(&self) -> bool {
        readable(self.stream.as_fd(), Some(Duration::ZERO)).unwrap_or(true)
    }
}

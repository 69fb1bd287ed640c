//! The client's side of a call.

use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address;
use super::door::Outside;
use super::protocol::{HallCall, Id, Identity, Message, Reply, Request};
use crate::codec;
use crate::connection::Client;
use crate::error::Result;
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
}

impl Server {
    pub(super) fn new(identity: Identity, way: Way) -> Self {
        Self {
            token: Arc::new(()),
            identity,
            way,
        }
    }

    /// The server that is found at an address.
    pub(super) fn found_by(client: Client) -> Result<Self> {
        let (stream, identity) = address::connect(&client)?;
        let server = Self::new(identity, Way::Address(client));
        Idle::keep(&server.token, stream);
        Ok(server)
    }

    /// Sends a request and waits for what it returns, which is an `R`.
    pub(super) fn call<R: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<R> {
        self.send(&Message::Object(request))
    }

    /// As [`call`](Self::call), of what the server does besides its objects.
    pub(super) fn call_hall<R: DeserializeOwned>(
        &self,
        request: HallCall,
    ) -> Result<R> {
        self.send(&Message::<()>::Hall(request))
    }

    fn send<R: DeserializeOwned>(&self, message: &impl Serialize) -> Result<R> {
        let message = codec::encode(message)?;
        let stream = match Idle::take(&self.token) {
            Some(stream) => stream,
            None => self.connect()?,
        };
        // After a failure the stream is dropped: nobody could tell which
        // reply comes next.
        frame::send(stream.as_fd(), &message)?;
        let reply = frame::recv(stream.as_fd())?;
        Idle::keep(&self.token, stream);
        let reply: Reply<R> = codec::decode(&reply)?;
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
/// neither wait for each other nor get each other's replies.
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

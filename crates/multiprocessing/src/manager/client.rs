//! The client's side of a call.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address;
use super::door::Outside;
use super::line::{self, Line};
use super::protocol::{
    Call, HallCall, Id, Identity, Message, New, Refusal, Reply, Request,
};
use super::tether::Tether;
use crate::codec;
use crate::connection::Client;
use crate::error::{Error, Result};
use crate::pipe::frame;

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
        let line = door.connect()?;
        Ok(Self::new(identity, Way::Door(door), line))
    }

    /// The server that is found at an address.
    pub(super) fn found_by(client: Client) -> Result<Self> {
        let (stream, identity) = address::connect(&client)?;
        let line = Line::of_a_stranger(stream);
        Ok(Self::new(identity, Way::Address(client), line))
    }

    fn new(identity: Identity, way: Way, line: Line) -> Self {
        let token = Arc::new(());
        line::keep(&token, line);
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
        // Whoever calls from within, as an item that is decoded, gets memory of
        // his own.
        codec::with_scratch(|bytes| {
            bytes.clear();
            codec::encode_into(message, bytes)?;
            self.send_bytes(bytes, descriptors)
        })
    }

    fn send_bytes<R: DeserializeOwned>(
        &self,
        message: &[u8],
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<R> {
        let (len, max) = (message.len(), frame::MAX);
        if len > max {
            return Err(Error::TooLong { len, max });
        }
        let mut line = match line::take(&self.token) {
            Some(line) => line,
            None => self.connect()?,
        };
        // After a failure the line is dropped: nobody could tell which reply
        // comes next. For the server, this thread has gone then, and its locks
        // are free.
        let reply: Reply<R> = line.ask(message, descriptors)?;
        if !matches!(reply, Err(Refusal::NoRoom { .. })) {
            line::keep(&self.token, line);
        }
        Ok(reply?)
    }

    fn connect(&self) -> Result<Line> {
        match &self.way {
            Way::Door(door) => door.connect(),
            Way::Address(client) => {
                address::find(client, self.identity).map(Line::of_a_stranger)
            }
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
        drop(line::take(&self.token));
    }
}

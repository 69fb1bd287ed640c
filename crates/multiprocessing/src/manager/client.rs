//! The client's side of a call.

use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::door::Outside;
use super::protocol::{Id, Refusal, Reply, Request};
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

    /// Sends a request and waits for what it returns, which is an `R`.
    pub(super) fn call<R: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<R> {
        let request = codec::encode(request)?;
        let stream = match Idle::take(self.number) {
            Some(stream) => stream,
            None => self.door.connect()?,
        };
        // After a failure the stream is dropped: nobody could tell which
        // reply comes next.
        match frame::send(stream.as_fd(), &request) {
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
/// neither wait for each other nor get each other's replies.
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

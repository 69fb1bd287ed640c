//! What holds an object in the server: a descriptor of whoever has a proxy.
//!
//! A tether is a pair of sockets, one end of which is the server's. Copies of
//! the other end are with the proxies, and the kernel counts them: a fork adds
//! one, without a call; the drop of a proxy closes one; and so does the end of
//! a process, in whatever way. When none is left, the server sees the end of
//! the stream, and drops the object.
//!
//! A proxy that is encoded has no descriptor: it may be decoded by anybody, as
//! often as he likes, or never. Before its bytes go anywhere the server is told
//! to keep the object, and needs no tether any more.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use nix::sys::socket::SockType;

use crate::error::Result;
use crate::pipe;

/// So many descriptors are spent on tethers at a time: a program has use for
/// the others, of which it has 1024 unless somebody asked for more.
const MOST: usize = 256;

/// How many this process has.
static TETHERS: AtomicUsize = AtomicUsize::new(0);

/// The proxies' end, if there is one: without it, the object stays.
#[derive(Default)]
pub(super) struct Tether(Mutex<Option<End>>);

struct End {
    _socket: OwnedFd,
}

impl Tether {
    /// The proxies' end, and the server's. Without room for them there is
    /// none, and the object stays.
    pub(super) fn new() -> (Self, Option<OwnedFd>) {
        if TETHERS.load(Relaxed) >= MOST {
            return Default::default();
        }
        let Ok((ours, theirs)) = pipe::pair(SockType::Stream) else {
            return Default::default();
        };
        (Self(Mutex::new(Some(End::new(ours)))), Some(theirs))
    }

    /// Gives the tether up, if there is one, once `keep` has made sure that
    /// the object stays without.
    pub(super) fn give_up(
        &self,
        keep: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let mut end = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if end.is_some() {
            keep()?;
            *end = None;
        }
        Ok(())
    }
}

impl End {
    fn new(socket: OwnedFd) -> Self {
        TETHERS.fetch_add(1, Relaxed);
        Self { _socket: socket }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        TETHERS.fetch_sub(1, Relaxed);
    }
}

//! What lies under the two ends of a pipe: sockets, and memory.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use rustix::net::sockopt::set_socket_send_buffer_size;

use super::slot::Slot;
use crate::error::{Error, Result};
use crate::process::descriptor::keep_clear;
use crate::sys::page::Page;

/// How many bytes the kernel is asked to keep. It doubles that, and grants no
/// more than twice `net.core.wmem_max`, which is half as much as a rule.
const ROOM: usize = 400 * 1024;

/// The sockets of a pipe.
pub(super) fn sockets() -> Result<(OwnedFd, OwnedFd)> {
    let (one, other) = pair(SockType::SeqPacket)?;
    ask_for_room([&one, &other]);
    Ok((one, other))
}

/// Lets the kernel keep more of long messages, so that who sends or receives
/// them sleeps less often. It may refuse that.
pub(crate) fn ask_for_room(sockets: [&OwnedFd; 2]) {
    for socket in sockets {
        let _ = set_socket_send_buffer_size(socket, ROOM);
    }
}

/// Two connected sockets that no program executed later inherits.
pub(crate) fn pair(kind: SockType) -> Result<(OwnedFd, OwnedFd)> {
    let failed = |error| Error::system("make a pair of sockets", error);
    let flags = SockFlag::SOCK_CLOEXEC;
    let (one, other) = socketpair(AddressFamily::Unix, kind, None, flags)
        .map_err(|errno| failed(errno.into()))?;
    let one = keep_clear(one).map_err(failed)?;
    Ok((one, keep_clear(other).map_err(failed)?))
}

/// The memory that both ends of a pipe share: a slot for each direction.
pub(super) struct Way {
    slots: Arc<Page<[Slot; 2]>>,
    outgoing: usize,
}

impl Way {
    /// For both ends. Where there is no memory, all goes by the socket.
    pub(super) fn pair() -> [Option<Self>; 2] {
        let slots = Page::new().ok().map(Arc::new);
        [0, 1].map(|outgoing| {
            let slots = slots.clone()?;
            Some(Self { slots, outgoing })
        })
    }

    pub(super) fn outgoing(&self) -> &Slot {
        &self.slots[self.outgoing]
    }

    pub(super) fn incoming(&self) -> &Slot {
        &self.slots[1 - self.outgoing]
    }

    /// Lets all go by the socket: somebody is to have an end who has no part of
    /// the memory, or nothing is to come any more.
    pub(super) fn close(&self) {
        self.slots.iter().for_each(Slot::close);
    }
}

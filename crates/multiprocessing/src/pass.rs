//! Passing open descriptors from process to process, over a socket that keeps
//! messages apart (`SOCK_SEQPACKET`).
//!
//! The kernel puts a copy of the descriptor into the receiver's table, under a
//! number of its own (`SCM_RIGHTS`).

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use crate::error::{Error, Result};

/// The longest message.
const MAX: usize = 4096;

/// Sends `message` and a copy of each of `descriptors`, two at most.
pub(crate) fn send(
    socket: BorrowedFd<'_>,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    let message = [IoSlice::new(message)];
    loop {
        match sendmsg(socket, &message, &mut control, SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failed("send a descriptor", errno)),
        }
    }
}

/// Waits for a message, and takes the descriptors that come with it.
pub(crate) fn recv(socket: BorrowedFd<'_>) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut message = vec![0; MAX];
    let len = loop {
        let parts = &mut [IoSliceMut::new(&mut message)];
        match recvmsg(socket, parts, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(got) if got.bytes == 0 => return Err(Error::Disconnected),
            Ok(got) => break got.bytes,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failed("receive a descriptor", errno)),
        }
    };
    message.truncate(len);
    let mut descriptors = Vec::new();
    for item in control.drain() {
        if let RecvAncillaryMessage::ScmRights(passed) = item {
            descriptors.extend(passed);
        }
    }
    Ok((message, descriptors))
}

fn failed(action: &str, errno: Errno) -> Error {
    match errno {
        Errno::PIPE | Errno::CONNRESET => Error::Disconnected,
        errno => Error::system(action, errno),
    }
}

//! Passing open descriptors from process to process, over a socket between
//! processes of one machine.
//!
//! The kernel puts a copy of the descriptor into the receiver's table, under a
//! number of its own (`SCM_RIGHTS`). It travels with the first byte of what is
//! sent in the same call, and who takes that byte without asking for
//! descriptors loses them.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use crate::error::{Error, Result};

/// The most descriptors that the kernel takes at once (`SCM_MAX_FD`).
pub(crate) const MOST: usize = 253;

const SPACE: usize = rustix::cmsg_space!(ScmRights(MOST));

/// The longest packet.
const MAX: usize = 4096;

/// Sends `message` and a copy of each of `descriptors`, [`MOST`] at most, over
/// a socket that keeps messages apart (`SOCK_SEQPACKET`).
pub(crate) fn send(
    socket: BorrowedFd<'_>,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> Result<()> {
    send_some(socket, &[IoSlice::new(message)], descriptors)
        .map_err(|errno| failed("send a descriptor", errno))?;
    Ok(())
}

/// Waits for such a message, and takes the descriptors that come with it.
pub(crate) fn recv(socket: BorrowedFd<'_>) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut message = vec![0; MAX];
    let mut descriptors = Vec::new();
    match recv_some(socket, &mut message, &mut descriptors) {
        Ok(0) => return Err(Error::Disconnected),
        Ok(len) => message.truncate(len),
        Err(errno) => return Err(failed("receive a descriptor", errno)),
    }
    Ok((message, descriptors))
}

/// Sends as much as there is room for, once there is some, and all of the
/// descriptors; how many bytes that was.
pub(crate) fn send_some(
    socket: BorrowedFd<'_>,
    parts: &[IoSlice<'_>],
    descriptors: &[BorrowedFd<'_>],
) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    rustix::io::retry_on_intr(|| {
        sendmsg(socket, parts, &mut control, SendFlags::NOSIGNAL)
    })
}

/// Waits for bytes, and takes as many as are there and `place` has room for;
/// adds what descriptors come with them. Zero bytes are the end.
pub(crate) fn recv_some(
    socket: BorrowedFd<'_>,
    place: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let parts = &mut [IoSliceMut::new(place)];
    let got = rustix::io::retry_on_intr(|| {
        recvmsg(socket, parts, &mut control, RecvFlags::CMSG_CLOEXEC)
    })?;
    for item in control.drain() {
        if let RecvAncillaryMessage::ScmRights(passed) = item {
            descriptors.extend(passed);
        }
    }
    Ok(got.bytes)
}

fn failed(action: &str, errno: Errno) -> Error {
    match errno {
        Errno::PIPE | Errno::CONNRESET => Error::Disconnected,
        errno => Error::system(action, errno),
    }
}

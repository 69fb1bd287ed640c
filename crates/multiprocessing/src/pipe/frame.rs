//! Messages on a stream: a length of four bytes, then as many bytes.
//!
//! The stream must be a socket, since only a write to a socket can ask for an
//! error where a pipe would send SIGPIPE.

use std::io::IoSlice;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, Shutdown, sendmsg, shutdown};
use nix::unistd::read;

use crate::error::{Error, Result};

/// The longest message.
pub(crate) const MAX: usize = 0x7fff_ffff;

const HEADER: usize = 4;

/// How much room is made before the first byte of a message is there.
const FIRST: usize = 64 * 1024;

/// Sends one message, and waits until there is room for all of it.
pub(crate) fn send(socket: BorrowedFd<'_>, message: &[u8]) -> Result<()> {
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let header = checked(len)?.to_be_bytes();
    let mut parts = [IoSlice::new(&header), IoSlice::new(message)];
    let mut parts = &mut parts[..];
    let mut left = HEADER + message.len();
    while left > 0 {
        let flags = MsgFlags::MSG_NOSIGNAL;
        match sendmsg::<()>(socket.as_raw_fd(), parts, &[], flags, None) {
            Ok(sent) => {
                left -= sent;
                IoSlice::advance_slices(&mut parts, sent);
            }
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(failed("send a message", errno)),
        }
    }
    Ok(())
}

/// Waits for one message.
pub(crate) fn recv(socket: BorrowedFd<'_>) -> Result<Vec<u8>> {
    let len = recv_header(socket)?;
    recv_body(socket, len)
}

/// Waits for one message and puts it at the start of `buffer`; tells its
/// length.
pub(crate) fn recv_into(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> Result<usize> {
    let len = recv_header(socket)?;
    let room = buffer.len();
    match buffer.get_mut(..len) {
        Some(place) => read_exact(socket, place).map(|()| len),
        None => Err(Error::BufferTooShort {
            message: recv_body(socket, len)?,
            room,
        }),
    }
}

fn recv_header(socket: BorrowedFd<'_>) -> Result<usize> {
    let mut header = [0; HEADER];
    read_exact(socket, &mut header)?;
    let len = checked(u32::from_be_bytes(header)).inspect_err(|_| {
        // Nobody can tell where the next message begins: the stream is lost.
        let _ = shutdown(socket.as_raw_fd(), Shutdown::Both);
    })?;
    Ok(len as usize)
}

fn checked(len: u32) -> Result<u32> {
    if len as usize > MAX {
        let len = len as usize;
        return Err(Error::TooLong { len, max: MAX });
    }
    Ok(len)
}

/// A length is only a promise: the room grows with what has come.
fn recv_body(socket: BorrowedFd<'_>, len: usize) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < len {
        let come = body.len();
        body.resize(len.min(come + come.max(FIRST)), 0);
        read_exact(socket, &mut body[come..])?;
    }
    Ok(body)
}

fn read_exact(socket: BorrowedFd<'_>, mut place: &mut [u8]) -> Result<()> {
    while !place.is_empty() {
        match read(socket, place) {
            Ok(0) => return Err(Error::Disconnected),
            Ok(come) => place = &mut place[come..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(failed("receive a message", errno)),
        }
    }
    Ok(())
}

/// A peer that closes its end with messages unread is told by ECONNRESET.
fn failed(action: &str, errno: Errno) -> Error {
    match errno {
        Errno::EPIPE | Errno::ECONNRESET => Error::Disconnected,
        errno => Error::system(action, errno),
    }
}

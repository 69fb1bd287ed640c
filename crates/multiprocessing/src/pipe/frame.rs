//! Messages on a stream: a length of four bytes, then as many bytes.
//!
//! The stream must be a socket, since only a write to a socket can ask for an
//! error where a pipe would send SIGPIPE. Descriptors travel with the length.

use std::io::IoSlice;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{Errno, read, retry_on_intr};
use rustix::net::{Shutdown, shutdown};

use crate::error::{Error, Result};
use crate::pass;
use crate::sys::receive::append_from;

/// The longest message.
pub(crate) const MAX: usize = 0x7fff_ffff;

pub(crate) const HEADER: usize = 4;

/// A message without bytes.
pub(crate) const EMPTY: [u8; HEADER] = 0_u32.to_be_bytes();

/// How much room is made before the first byte of a message is there.
pub(super) const FIRST: usize = 64 * 1024;

/// Sends one message, and waits until there is room for all of it.
pub(crate) fn send(socket: BorrowedFd<'_>, message: &[u8]) -> Result<()> {
    send_with(socket, message, &[])
}

/// As [`send`], and a copy of each of `descriptors`.
pub(crate) fn send_with(
    socket: BorrowedFd<'_>,
    message: &[u8],
    mut descriptors: &[BorrowedFd<'_>],
) -> Result<()> {
    let header = header(message.len())?;
    let mut parts = [IoSlice::new(&header), IoSlice::new(message)];
    let mut parts = &mut parts[..];
    let mut left = HEADER + message.len();
    while left > 0 {
        let sent = pass::send_some(socket, parts, descriptors)
            .map_err(|errno| failed("send a message", errno))?;
        descriptors = &[];
        left -= sent;
        IoSlice::advance_slices(&mut parts, sent);
    }
    Ok(())
}

/// Waits for one message.
pub(crate) fn recv(socket: BorrowedFd<'_>) -> Result<Vec<u8>> {
    let len = recv_header(socket, |place| read_some(socket, place))?;
    recv_body(socket, len)
}

/// As [`recv`], and takes the descriptors that come with it.
pub(crate) fn recv_with(
    socket: BorrowedFd<'_>,
) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut descriptors = Vec::new();
    let len = recv_header(socket, |place| {
        pass::recv_some(socket, place, &mut descriptors)
    })?;
    Ok((recv_body(socket, len)?, descriptors))
}

fn recv_header(
    socket: BorrowedFd<'_>,
    some: impl FnMut(&mut [u8]) -> Result<usize, Errno>,
) -> Result<usize> {
    let mut header = [0; HEADER];
    fill(&mut header, some)?;
    let len = checked(u32::from_be_bytes(header)).inspect_err(|_| {
        // Nobody can tell where the next message begins: the stream is lost.
        let _ = shutdown(socket, Shutdown::Both);
    })?;
    Ok(len as usize)
}

/// What stands before a message of this length.
pub(crate) fn header(len: usize) -> Result<[u8; HEADER]> {
    match u32::try_from(len) {
        Ok(header) if len <= MAX => Ok(header.to_be_bytes()),
        _ => Err(Error::TooLong { len, max: MAX }),
    }
}

pub(super) fn checked(len: u32) -> Result<u32> {
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
        if come == body.capacity() {
            body.reserve_exact(come.max(FIRST).min(len - come));
        }
        match append_from(socket, &mut body, len - come) {
            Ok(0) => return Err(Error::Disconnected),
            Ok(_) => {}
            Err(errno) => return Err(failed("receive a message", errno)),
        }
    }
    Ok(body)
}

/// Fills `place`, a piece at a time.
fn fill(
    mut place: &mut [u8],
    mut some: impl FnMut(&mut [u8]) -> Result<usize, Errno>,
) -> Result<()> {
    while !place.is_empty() {
        match some(place) {
            Ok(0) => return Err(Error::Disconnected),
            Ok(come) => place = &mut place[come..],
            Err(errno) => return Err(failed("receive a message", errno)),
        }
    }
    Ok(())
}

fn read_some(socket: BorrowedFd<'_>, place: &mut [u8]) -> Result<usize, Errno> {
    retry_on_intr(|| read(socket, &mut *place))
}

/// A peer that closes its end with messages unread is told by ECONNRESET, one
/// that closes it just now by ECONNREFUSED or ENOTCONN (Linux before 6.2), a
/// machine that does not answer any more by ETIMEDOUT.
pub(crate) fn failed(action: &str, errno: Errno) -> Error {
    match errno {
        Errno::PIPE
        | Errno::CONNRESET
        | Errno::CONNREFUSED
        | Errno::NOTCONN
        | Errno::TIMEDOUT => Error::Disconnected,
        errno => Error::system(action, errno),
    }
}

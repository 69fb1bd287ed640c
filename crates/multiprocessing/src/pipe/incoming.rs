//! Messages as they are received from a stream, whoever dies.
//!
//! Both ends may have several holders, in several processes, so the death of
//! one of them is not the end of the stream. Two may leave it torn:
//!
//! - The *writer* in the middle of a message, of which nothing more will come.
//!   With the bytes, the kernel tells whose they are (`SO_PASSCRED`), and
//!   gives those of two processes apart. So the reader waits for the rest only
//!   while their writer lives, and takes nobody else's bytes for it.
//! - The *reader* that has taken a part, whose rest looks like a message to the
//!   next reader. A short message is there as a whole and is taken by a single
//!   call, which nothing tears. For a long one, the reader leaves a note at the
//!   socket as long as it is in the middle.
//!
//! Nobody can tell where the next message begins in a torn stream: it is shut
//! down, which all holders of both ends see.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{Errno, retry_on_intr};
use rustix::net::sockopt::{set_socket_broadcast, socket_broadcast};
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};

use super::frame::{FIRST, HEADER, checked, failed};
use super::writer::once_there;
use crate::error::{Error, Result};
use crate::patience::read_patiently;
use crate::sys::receive::recv_now;

/// A message of so many bytes is in the kernel in one piece.
const SHORT: usize = 32 * 1024;

/// Waits for a message; its bytes, and the descriptors that come with it.
pub(super) fn message(
    socket: BorrowedFd<'_>,
) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut incoming = Incoming {
        socket,
        writer: None,
        descriptors: Vec::new(),
    };
    let message = incoming.take();
    if let Err(Error::TooLong { .. } | Error::Disconnected) = message {
        // What is there still, nobody shall take for a message.
        let _ = note(socket, true);
        let _ = shutdown(socket, Shutdown::Both);
    }
    Ok((message?, incoming.descriptors))
}

struct Incoming<'a> {
    socket: BorrowedFd<'a>,
    /// The process of whose message there is a part already, if it is told.
    writer: Option<i32>,
    descriptors: Vec<OwnedFd>,
}

impl Incoming<'_> {
    fn take(&mut self) -> Result<Vec<u8>> {
        if is_noted(self.socket) {
            return Err(Error::Disconnected);
        }
        let mut header = [0; HEADER];
        if self.peek(&mut header)? == HEADER {
            let len = checked(u32::from_be_bytes(header))? as usize;
            if len <= SHORT {
                return self.short(HEADER + len);
            }
        }
        note(self.socket, true)?;
        self.fill(&mut header)?;
        let message = self.body(checked(u32::from_be_bytes(header))?)?;
        note(self.socket, false)?;
        Ok(message)
    }

    /// A message whose frame is as long as this, and there as a whole. (Through
    /// a network, it may still be on its way.)
    fn short(&mut self, frame: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; frame];
        let come = self.some(&mut bytes)?;
        if come < frame {
            note(self.socket, true)?;
            self.fill(&mut bytes[come..])?;
            note(self.socket, false)?;
        }
        bytes.drain(..HEADER);
        Ok(bytes)
    }

    /// A length is only a promise: the room grows with what has come.
    fn body(&mut self, len: u32) -> Result<Vec<u8>> {
        let (len, mut come) = (len as usize, 0);
        let mut body = vec![0; len.min(FIRST)];
        loop {
            self.fill(&mut body[come..])?;
            come = body.len();
            if come == len {
                return Ok(body);
            }
            body.resize(len.min(2 * come), 0);
        }
    }

    /// Waits for the first bytes of a message, and lets them be.
    fn peek(&self, place: &mut [u8]) -> Result<usize> {
        let peeked = read_patiently(self.socket, || {
            retry_on_intr(|| recv(self.socket, &mut *place, RecvFlags::PEEK))
        });
        match peeked {
            Ok((0, _)) => Err(Error::Disconnected),
            Ok((come, _)) => Ok(come),
            Err(errno) => Err(failed("receive a message", errno)),
        }
    }

    /// Fills `place`, a piece at a time.
    fn fill(&mut self, mut place: &mut [u8]) -> Result<()> {
        while !place.is_empty() {
            let come = self.some(place)?;
            if come == 0 {
                return Err(Error::Disconnected);
            }
            place = &mut place[come..];
        }
        Ok(())
    }

    /// Waits for bytes of the message; none: no more will come.
    fn some(&mut self, place: &mut [u8]) -> Result<usize> {
        loop {
            match recv_now(self.socket, place, &mut self.descriptors) {
                Ok((come, writer)) => {
                    let same = self.writer.is_none() || self.writer == writer;
                    self.writer = writer;
                    return Ok(if same { come } else { 0 });
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if once_there(self.socket, self.writer)? => {}
                Err(Errno::AGAIN) => return Ok(0),
                Err(errno) => return Err(failed("receive a message", errno)),
            }
        }
    }
}

/// Whether a reader has died in the middle of a message, or has found none.
fn is_noted(socket: BorrowedFd<'_>) -> bool {
    socket_broadcast(socket).unwrap_or(false)
}

/// Notes at the socket that a reader is in the middle of a message, for all who
/// hold this end. It is a flag that every socket has (`SO_BROADCAST`), and that
/// means nothing to a stream.
fn note(socket: BorrowedFd<'_>, middle: bool) -> Result<()> {
    set_socket_broadcast(socket, middle)
        .map_err(|errno| failed("receive a message", errno))
}

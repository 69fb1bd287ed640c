//! Messages as packets, which the kernel keeps apart (`SOCK_SEQPACKET`).
//!
//! A message of up to 32 KiB is one packet: its length, and its bytes. It is
//! sent by one call and taken by one call, so that no kill tears it. A longer
//! one is some packets, of which each but the first says that it goes on.
//!
//! A writer that dies in the middle of a long one, or a reader, leaves a torn
//! message. Nothing more of it comes, then, or what comes next goes on with what
//! nobody has begun, or begins where something goes on. The kernel tells with
//! each packet who has written it, so that the reader waits for the rest only
//! while its writer lives. A torn stream is shut down, which all holders of both
//! ends see.

use std::io::IoSlice;
use std::mem;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};

use super::frame::{HEADER, checked, failed};
use super::writer::once_there;
use crate::codec::with_scratch;
use crate::error::{Error, Result};
use crate::pass;
use crate::patience::read_patiently;
use crate::sys::receive::recv_packet;

/// So many bytes of a message are in a packet at most.
const MOST: usize = 32 * 1024;

/// In the place of a length, which it is too long for: the packet goes on with a
/// message.
const GOES_ON: u32 = 1 << 31;

/// A message of which there is so much room left unused is copied to where
/// there is none.
const SHORT: usize = MOST / 4;

/// Sends a message and a copy of each of `descriptors`, and waits until there is
/// room for all of it.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    message: &[u8],
    mut descriptors: &[BorrowedFd<'_>],
) -> Result<()> {
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let (mut header, mut rest, mut most) = (checked(len)?, message, MOST);
    loop {
        let (now, later) = rest.split_at(rest.len().min(most));
        let head = header.to_be_bytes();
        let parts = [IoSlice::new(&head), IoSlice::new(now)];
        match pass::send_some(socket, &parts, descriptors) {
            Ok(_) if later.is_empty() => return Ok(()),
            Ok(_) => (rest, header, descriptors) = (later, GOES_ON, &[]),
            // Somebody has given the socket less room.
            Err(Errno::MSGSIZE) if most > 1 => most /= 2,
            Err(errno) => return Err(failed("send a message", errno)),
        }
    }
}

/// Waits for a message; its bytes, and the descriptors that come with it.
pub(super) fn recv(socket: BorrowedFd<'_>) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut incoming = Incoming {
        socket,
        writer: None,
        descriptors: Vec::new(),
    };
    let message = with_scratch(|room| incoming.take(room));
    if let Err(Error::TooLong { .. } | Error::Disconnected) = message {
        incoming.give_up();
    }
    Ok((message?, incoming.descriptors))
}

struct Incoming<'a> {
    socket: BorrowedFd<'a>,
    /// The process whose message it is, if it is told.
    writer: Option<i32>,
    descriptors: Vec<OwnedFd>,
}

impl Incoming<'_> {
    /// `room` is for the bytes of a packet, and may become the message.
    fn take(&mut self, room: &mut Vec<u8>) -> Result<Vec<u8>> {
        room.clear();
        room.reserve(MOST);
        let len = checked(self.first(room)?)? as usize;
        if room.len() == len && len <= SHORT {
            return Ok(room.clone());
        }
        let mut message = mem::take(room);
        while message.len() < len {
            self.more(&mut message, len)?;
        }
        if message.len() > len {
            return Err(Error::Disconnected);
        }
        message.shrink_to_fit();
        Ok(message)
    }

    /// Waits for the first packet of a message; its header.
    fn first(&mut self, room: &mut Vec<u8>) -> Result<u32> {
        let socket = self.socket;
        loop {
            let taken = read_patiently(socket, || self.packet(room, true));
            match taken {
                Ok((GOES_ON, _)) => return Err(Error::Disconnected),
                Ok((header, writer)) => {
                    self.writer = writer;
                    return Ok(header);
                }
                // What the other end has sent before it was closed comes after
                // the error that tells of what it had not read.
                Err(Errno::INTR | Errno::CONNRESET) => {}
                Err(errno) => return Err(failed("receive a message", errno)),
            }
        }
    }

    /// Waits for the next packet of a message that has `len` bytes.
    fn more(&mut self, message: &mut Vec<u8>, len: usize) -> Result<()> {
        let come = message.len();
        // A length is only a promise: the room grows with what has come.
        if message.capacity() - come < MOST.min(len - come) {
            message.reserve_exact(come.max(MOST).min(len - come));
        }
        loop {
            match self.packet(message, false) {
                Ok((GOES_ON, writer)) if writer == self.writer => break,
                Err(Errno::INTR | Errno::CONNRESET) => {}
                Err(Errno::AGAIN) if once_there(self.socket, self.writer)? => {}
                Ok(_) | Err(Errno::AGAIN) => return Err(Error::Disconnected),
                Err(errno) => return Err(failed("receive a message", errno)),
            }
        }
        match message.len() > come {
            true => Ok(()),
            false => Err(Error::Disconnected),
        }
    }

    /// Lets nothing come any more, for all who hold this end: what is there
    /// still, nobody shall take for the next message.
    fn give_up(&mut self) {
        let _ = shutdown(self.socket, Shutdown::Both);
        loop {
            match self.packet(&mut Vec::new(), false) {
                Ok(_) | Err(Errno::INTR | Errno::CONNRESET) => {}
                Err(_) => return,
            }
        }
    }

    /// Takes a packet, whose bytes it appends; its header, and its writer.
    fn packet(
        &mut self,
        bytes: &mut Vec<u8>,
        waits: bool,
    ) -> Result<(u32, Option<i32>), Errno> {
        let mut header = [0; HEADER];
        let descriptors = &mut self.descriptors;
        let taken =
            recv_packet(self.socket, &mut header, bytes, waits, descriptors)?;
        match taken {
            (0, None) => Err(Errno::PIPE),
            // It is no packet of ours, and goes on with nothing.
            (..HEADER, writer) => Ok((GOES_ON, writer)),
            (_, writer) => Ok((u32::from_be_bytes(header), writer)),
        }
    }
}

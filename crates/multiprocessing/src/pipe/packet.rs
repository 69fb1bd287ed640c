//! Messages as packets, which the kernel keeps apart (`SOCK_SEQPACKET`).
//!
//! A message of up to 64 KiB is one packet: its length, and its bytes. It is
//! sent by one call and taken by one call, so that no kill tears it. A longer
//! one is some packets, of which each but the first says that it goes on.
//!
//! Between processes that share memory, a short one is handed over in a slot to
//! a receiver that looks out for it.
//!
//! A writer that dies in the middle of a long one, or a reader, leaves a torn
//! message. Nothing more of it comes, then, or what comes next goes on with what
//! nobody has begun, or begins where something goes on. The kernel tells with
//! each packet who has written it, so that the reader waits for the rest only
//! while its writer lives. A torn stream is shut down, which all holders of both
//! ends see.

use std::hint::spin_loop;
use std::io::IoSlice;
use std::mem;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};
use rustix::time::{ClockId, clock_gettime};

use super::frame::{HEADER, checked, failed};
use super::slot::{Sight, Slot};
use super::writer::once_there;
use crate::codec::with_scratch;
use crate::error::{Error, Result};
use crate::pass;
use crate::patience::{Look, has_woken, others_run, patiently, read_patiently};
use crate::process::wait::readable;
use crate::sys::receive::recv_packet;

/// So many bytes of a message are in a packet at most.
const MOST: usize = 64 * 1024;

/// In the place of a length, which it is too long for: the packet goes on with a
/// message.
const GOES_ON: u32 = 1 << 31;

/// A message of no more bytes is copied out of the room for a packet; a longer
/// one keeps that.
const SHORT: usize = MOST / 4;

/// Who looks for a message does not for longer than this, in microseconds, if he
/// is not kept from it.
const LONGEST_LOOK: u64 = 60;

/// How often a sender looks for a receiver who looks.
const LOOKS: u32 = 50;

/// After having looked in vain, it sends so many messages without.
const WITHOUT: u32 = 16;

/// Sends a message and a copy of each of `descriptors`, and waits until there is
/// room for all of it.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    slot: Option<&Slot>,
    eagerness: &mut Eagerness,
    message: &[u8],
    mut descriptors: &[BorrowedFd<'_>],
) -> Result<()> {
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let (mut header, mut rest, mut most) = (checked(len)?, message, MOST);
    if let Some(slot) = slot {
        if descriptors.is_empty() {
            eagerness.await_receiver(slot);
            if slot.hand_over(message, microseconds) {
                return Ok(());
            }
        }
        slot.count_sent();
    }
    loop {
        let (now, later) = rest.split_at(rest.len().min(most));
        let head = header.to_be_bytes();
        let parts = [IoSlice::new(&head), IoSlice::new(now)];
        match pass::send_some(socket, &parts, descriptors) {
            Ok(_) if later.is_empty() => {
                has_woken();
                return Ok(());
            }
            Ok(_) => (rest, header, descriptors) = (later, GOES_ON, &[]),
            // Somebody has given the socket less room, or the kernel finds no
            // memory in one piece.
            Err(Errno::MSGSIZE | Errno::NOBUFS) if most > 1 => most /= 2,
            Err(errno) => {
                if header == GOES_ON {
                    // Nobody shall wait for the rest.
                    let _ = shutdown(socket, Shutdown::Both);
                } else if let Some(slot) = slot {
                    slot.count_unsent();
                }
                return Err(failed("send a message", errno));
            }
        }
    }
}

/// Whether a sender waits a little for a receiver who looks: one that has just
/// sent something is about to look for the answer. To go by the socket takes
/// both longer than that wait.
#[derive(Default)]
pub(super) struct Eagerness {
    /// So many messages are to come before one waits.
    without: u32,
}

impl Eagerness {
    fn await_receiver(&mut self, slot: &Slot) {
        if slot.is_looked_at() {
            self.without = 0;
        } else if self.without > 0 {
            self.without -= 1;
        } else if others_run() {
            let found = (0..LOOKS).any(|_| {
                spin_loop();
                slot.is_looked_at()
            });
            self.without = if found { 0 } else { WITHOUT };
        }
    }
}

/// The time, the same for all processes.
fn microseconds() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let (seconds, nanoseconds) = (now.tv_sec, now.tv_nsec);
    (seconds * 1_000_000 + nanoseconds / 1_000).cast_unsigned()
}

/// Waits for a message; its bytes, and the descriptors that come with it.
pub(super) fn recv(
    socket: BorrowedFd<'_>,
    slot: Option<&Slot>,
) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut incoming = Incoming {
        socket,
        slot,
        writer: None,
        descriptors: Vec::new(),
    };
    let message = with_scratch(|room| incoming.take(room));
    if message.as_ref().is_err_and(is_lost) {
        incoming.give_up();
    }
    Ok((message?, incoming.descriptors))
}

/// Whether nothing can come after this error.
pub(super) fn is_lost(error: &Error) -> bool {
    matches!(error, Error::TooLong { .. } | Error::Disconnected)
}

/// What comes first of a message.
enum First {
    /// It lay in the slot.
    Whole(Vec<u8>),
    /// A packet, with this header.
    Begins(u32),
}

struct Incoming<'a> {
    socket: BorrowedFd<'a>,
    slot: Option<&'a Slot>,
    /// The process whose message it is, if it is told.
    writer: Option<i32>,
    descriptors: Vec<OwnedFd>,
}

impl Incoming<'_> {
    /// `room` is for the bytes of a packet, and may become the message.
    fn take(&mut self, room: &mut Vec<u8>) -> Result<Vec<u8>> {
        room.clear();
        room.reserve(MOST);
        let len = match self.first(room)? {
            First::Whole(message) => return Ok(message),
            First::Begins(len) => checked(len)? as usize,
        };
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

    /// Waits for a message in the slot, or for the first packet of one.
    fn first(&mut self, room: &mut Vec<u8>) -> Result<First> {
        loop {
            match self.await_first(room) {
                Ok(First::Begins(GOES_ON)) => return Err(Error::Disconnected),
                Ok(first) => return Ok(first),
                // What the other end has sent before it was closed comes after
                // the error that tells of what it had not read.
                Err(Errno::INTR | Errno::CONNRESET) => {}
                Err(errno) => return Err(failed("receive a message", errno)),
            }
        }
    }

    fn await_first(&mut self, room: &mut Vec<u8>) -> Result<First, Errno> {
        let (socket, slot) = (self.socket, self.slot);
        let mut packet = || {
            let (header, writer) = self.packet(room, true)?;
            self.writer = writer;
            Ok(First::Begins(header))
        };
        let Some(slot) = slot else {
            return read_patiently(socket, packet);
        };
        let look = || match slot.look(|| microseconds() + LONGEST_LOOK) {
            Sight::Message => Look::Come,
            // An error is told to who sleeps.
            Sight::Elsewhere => {
                let now = Some(Duration::ZERO);
                readable(socket, now).unwrap_or(true).into()
            }
            Sight::Nothing => Look::Nothing,
        };
        patiently(look, || match slot.end_look() {
            Some(message) => Ok(First::Whole(message)),
            None => packet().inspect(|_| slot.count_taken()),
        })
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
                Err(Errno::AGAIN) if self.once_there()? => {}
                Ok(_) | Err(Errno::AGAIN) => return Err(Error::Disconnected),
                Err(errno) => return Err(failed("receive a message", errno)),
            }
        }
        match message.len() > come {
            true => Ok(()),
            false => Err(Error::Disconnected),
        }
    }

    /// As [`once_there`], of the rest of a message.
    fn once_there(&self) -> Result<bool> {
        let (socket, writer) = (self.socket, self.writer);
        read_patiently(socket, || once_there(socket, writer))
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

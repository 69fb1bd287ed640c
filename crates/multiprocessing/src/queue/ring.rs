//! A ring of messages in shared memory, under a robust lock.
//!
//! Positions count bytes from the birth of the queue and never wrap; the place
//! of a position is its remainder by the ring's length. The ring is 1 GiB of
//! *address space*; memory exists only where messages lie: a sender reserves
//! ahead of the tail, a receiver gives back behind the head.
//!
//! A message is written past the tail, where nobody looks, and becomes part of
//! the queue by one store, that of the new tail; it leaves the queue by one
//! store of the new head. So a process may be killed between any two
//! instructions: the next owner of the lock finds a message whole or not at
//! all.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::monitor::{Monitor, Signal};
use crate::sys::machine::{AtomicU64, Ordering::SeqCst};
use crate::sys::mutex::{Held, Kind, RobustMutex};
use crate::sys::region::{Region, shared_struct};

/// Where the messages begin: after the page of the header.
const DATA: usize = 4096;
/// The length of the ring.
const RING: u64 = 1 << 30;
/// Memory is reserved and given back in pieces of this size.
const PIECE: u64 = 64 * 1024;
/// Before each message stands its length; each begins at a multiple of it.
const PREFIX: u64 = 8;

/// The longest message: one that fits even where head and tail stand in the
/// middle of a piece.
const MAX_MESSAGE: u64 = RING - 2 * PIECE;

pub(super) struct Ring {
    region: Region,
    /// The most messages at a time.
    capacity: u64,
}

shared_struct! {
    struct Header {
        lock: RobustMutex,
        head: AtomicU64,
        tail: AtomicU64,
        /// How many messages were ever put, taken, and told to be done.
        put: AtomicU64,
        taken: AtomicU64,
        done: AtomicU64,
        /// The memory from `given_back` to `reserved` exists.
        reserved: AtomicU64,
        given_back: AtomicU64,
        messages: Signal,
        room: Signal,
        all_done: Signal,
    }
}

impl Ring {
    pub(super) fn new(capacity: u64) -> Result<Self> {
        let length = usize::try_from(RING).unwrap_or(usize::MAX - DATA);
        let region = Region::with_bytes(DATA, length)?;
        region.at::<Header>(0).lock.init(Kind::Plain)?;
        Ok(Self { region, capacity })
    }

    /// Puts a message at the tail; waits for room, `limit` at most.
    pub(super) fn push(
        &self,
        message: &[u8],
        limit: Option<Duration>,
    ) -> Result<()> {
        let len = message.len() as u64;
        if len > MAX_MESSAGE {
            return Err(Error::TooLong {
                len: message.len(),
                max: usize::try_from(MAX_MESSAGE).unwrap_or(usize::MAX),
            });
        }
        let header = self.header();
        let put = self.attempt(&header.room, limit, |lock| {
            if !self.has_room(header, len) {
                return Ok(None);
            }
            self.append(lock, header, message).map(Some)
        });
        put?.ok_or(Error::Full)
    }

    /// Takes the message at the head; waits for one, `limit` at most.
    pub(super) fn pop(&self, limit: Option<Duration>) -> Result<Vec<u8>> {
        let header = self.header();
        let taken = self.attempt(&header.messages, limit, |lock| {
            let empty = header.head.load(SeqCst) == header.tail.load(SeqCst);
            Ok((!empty).then(|| self.remove_first(lock, header)))
        });
        taken?.ok_or(Error::Empty)
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> Result<u64> {
        let _held = self.hold(None)?;
        Ok(self.header().count())
    }

    /// Whether a `push` would have to wait for a `pop`.
    pub(super) fn is_full(&self) -> Result<bool> {
        let _held = self.hold(None)?;
        Ok(!self.has_room(self.header(), 0))
    }

    /// Notes that what a message asked for is done.
    pub(super) fn note_done(&self) -> Result<()> {
        let _held = self.hold(None)?;
        let header = self.header();
        let done = header.done.load(SeqCst) + 1;
        if done > header.put.load(SeqCst) {
            return Err(Error::DoneTooOften);
        }
        if done == header.put.load(SeqCst) {
            header.all_done.wake();
        }
        header.done.store(done, SeqCst);
        Ok(())
    }

    /// Waits until all that was put is done, `limit` at most; tells whether it
    /// is.
    pub(super) fn wait_done(&self, limit: Option<Duration>) -> Result<bool> {
        let header = self.header();
        let done = self.attempt(&header.all_done, limit, |_held| {
            let all = header.done.load(SeqCst) == header.put.load(SeqCst);
            Ok(all.then_some(()))
        });
        Ok(done?.is_some())
    }

    fn has_room(&self, header: &Header, len: u64) -> bool {
        // By whole pieces: the one of the head is given back as a whole when
        // the head leaves it, and must not hold the end of the tail.
        let start = round_down(header.head.load(SeqCst));
        let end = header.tail.load(SeqCst) + frame(len);
        header.count() < self.capacity
            && end.next_multiple_of(PIECE) - start <= RING
    }

    fn append(
        &self,
        lock: &Held<'_>,
        header: &Header,
        message: &[u8],
    ) -> Result<()> {
        let len = message.len() as u64;
        let tail = header.tail.load(SeqCst);
        let end = tail + frame(len);
        self.reserve(header, end)?;
        self.copy_in(lock, tail, &len.to_ne_bytes());
        self.copy_in(lock, tail + PREFIX, message);
        header.messages.wake();
        header.tail.store(end, SeqCst);
        header.put.fetch_add(1, SeqCst);
        Ok(())
    }

    fn remove_first(&self, lock: &Held<'_>, header: &Header) -> Vec<u8> {
        let head = header.head.load(SeqCst);
        let len = self.len_at(lock, head);
        let mut message = vec![0; usize::try_from(len).unwrap_or(0)];
        self.copy_out(lock, head + PREFIX, &mut message);
        header.room.wake();
        header.head.store(head + frame(len), SeqCst);
        header.taken.fetch_add(1, SeqCst);
        self.tidy(header);
        message
    }

    /// Starts the piece anew when the ring is empty, so that a queue that is
    /// kept short stays in the same few pages; otherwise gives back the pieces
    /// that the head has left.
    fn tidy(&self, header: &Header) {
        let head = header.head.load(SeqCst);
        let piece = round_down(head);
        if head == header.tail.load(SeqCst) {
            // In this order: a tail before its head is told from anything
            // else, see `recover`.
            header.tail.store(piece, SeqCst);
            header.head.store(piece, SeqCst);
        }
        let given_back = header.given_back.load(SeqCst);
        if given_back < piece {
            header.given_back.store(piece, SeqCst);
            for (start, end) in places(given_back, piece) {
                self.region.give_back(start, end);
            }
        }
    }

    /// Makes sure that there is memory up to the position `end`.
    fn reserve(&self, header: &Header, end: u64) -> Result<()> {
        let reserved = header.reserved.load(SeqCst);
        if end <= reserved {
            return Ok(());
        }
        let wanted = end.next_multiple_of(PIECE);
        for (start, end) in places(reserved, wanted) {
            self.region.reserve(start, end)?;
        }
        header.reserved.store(wanted, SeqCst);
        Ok(())
    }

    fn len_at(&self, lock: &Held<'_>, position: u64) -> u64 {
        let mut len = [0; size_of::<u64>()];
        self.copy_out(lock, position, &mut len);
        u64::from_ne_bytes(len)
    }

    fn copy_in(&self, lock: &Held<'_>, position: u64, mut bytes: &[u8]) {
        for (start, end) in places(position, position + bytes.len() as u64) {
            let (now, later) = bytes.split_at(end - start);
            self.region.write(lock, start, now);
            bytes = later;
        }
    }

    fn copy_out(&self, lock: &Held<'_>, position: u64, mut bytes: &mut [u8]) {
        for (start, end) in places(position, position + bytes.len() as u64) {
            let (now, later) = bytes.split_at_mut(end - start);
            self.region.read(lock, start, now);
            bytes = later;
        }
    }

    fn header(&self) -> &Header {
        self.region.at(0)
    }
}

impl Monitor for Ring {
    fn lock(&self) -> &RobustMutex {
        &self.header().lock
    }

    fn recover(&self, lock: &Held<'_>) {
        let header = self.header();
        let (head, tail) = (header.head.load(SeqCst), header.tail.load(SeqCst));
        if tail < head {
            // Killed in `tidy`.
            header.head.store(tail, SeqCst);
        }
        let mut position = header.head.load(SeqCst);
        let mut count = 0;
        while position < tail {
            position += frame(self.len_at(lock, position));
            count += 1;
        }
        // Killed between the store that makes or ends a message and the count
        // of it.
        if count > header.count() {
            header.put.fetch_add(1, SeqCst);
        } else if count < header.count() {
            header.taken.fetch_add(1, SeqCst);
        }
    }
}

impl Header {
    /// How many messages there are now.
    fn count(&self) -> u64 {
        self.put.load(SeqCst) - self.taken.load(SeqCst)
    }
}

/// Where the piece of a position begins.
fn round_down(position: u64) -> u64 {
    position - position % PIECE
}

/// The bytes that a message of `len` takes in the ring.
fn frame(len: u64) -> u64 {
    PREFIX + len.next_multiple_of(PREFIX)
}

/// Where the positions from `start` to `end` lie in the region: one range, or
/// two where the ring begins again.
fn places(start: u64, end: u64) -> impl Iterator<Item = (usize, usize)> {
    let turn = (start / RING + 1) * RING;
    let parts = [(start, end.min(turn)), (turn, end)];
    parts
        .into_iter()
        .filter(|(start, end)| start < end)
        .map(|(start, end)| {
            let place = DATA as u64 + start % RING;
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            (place, place + usize::try_from(end - start).unwrap_or(0))
        })
}

//! What a queue keeps in shared memory: the messages, in a chain of pieces
//! between two ends.

use std::time::Duration;

use super::chain::{Chain, Links, PIECES, Place, ROOM};
use super::done::Done;
use super::end::{End, distance};
use crate::error::{Error, Result};
use crate::sys::mutex::{Held, Kind};
use crate::sys::region::{Region, shared_struct};

/// The objects take a page.
const HEADER: usize = 4096;
/// Before each message stands its length; each begins at a multiple of it.
const PREFIX: usize = 8;

/// The longest message: one for which there is room where the tail stands
/// anywhere in a piece.
const MAX_MESSAGE: usize = (PIECES - 1) * ROOM - PREFIX;

pub(super) struct Store {
    region: Region,
    /// The most messages at a time.
    capacity: u64,
}

shared_struct! {
    struct Header {
        /// Where messages go in.
        tail: End,
        /// Where they come out.
        head: End,
        done: Done,
        links: Links,
    }
}

const _: () = assert!(size_of::<Header>() <= HEADER);

impl Store {
    pub(super) fn new(capacity: u64) -> Result<Self> {
        let region = Region::with_pieces(HEADER, PIECES)?;
        let header: &Header = region.at(0);
        let (tail, head) = (&header.tail, &header.head);
        let (done, links) = (&header.done, &header.links);
        for lock in [&tail.lock, &head.lock, &done.lock, &links.lock] {
            lock.init(Kind::Plain)?;
        }
        tail.begin(Place::START);
        head.begin(Place::START);
        Ok(Self { region, capacity })
    }

    /// Puts a message at the tail; waits for room, `limit` at most.
    pub(super) fn push(
        &self,
        message: &[u8],
        limit: Option<Duration>,
    ) -> Result<()> {
        let len = message.len();
        if len > MAX_MESSAGE {
            let max = MAX_MESSAGE;
            return Err(Error::TooLong { len, max });
        }
        let Header { tail, head, .. } = self.header();
        let put = tail.attempt(head, limit, |lock, left| {
            self.append(lock, message, left)
        });
        put?.ok_or(Error::Full)
    }

    /// Takes the message at the head into `message`; waits for one, `limit` at
    /// most.
    pub(super) fn pop(
        &self,
        message: &mut Vec<u8>,
        limit: Option<Duration>,
    ) -> Result<()> {
        let Header { tail, head, .. } = self.header();
        let got = head.attempt(tail, limit, |lock, _| {
            let has_one = !head.is_level(lock);
            Ok(has_one.then(|| self.take_first(lock, message)))
        });
        if got?.ok_or(Error::Empty)? {
            self.chain().tidy();
        }
        Ok(())
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> u32 {
        let Header { tail, head, .. } = self.header();
        loop {
            let (before, put) = (head.count(), tail.count());
            if head.count() == before {
                return distance(put, before);
            }
        }
    }

    /// Whether a `push` would have to wait for a `pop`.
    pub(super) fn is_full(&self) -> Result<bool> {
        let Header { tail, head, .. } = self.header();
        let room = tail.attempt(head, Some(Duration::ZERO), |lock, left| {
            let room = self.has_room(lock, PREFIX, left)?;
            Ok(room.then_some(()))
        });
        Ok(room?.is_none())
    }

    /// Notes that what a message asked for is done.
    pub(super) fn note_done(&self) -> Result<()> {
        let Header { tail, done, .. } = self.header();
        done.note(tail)
    }

    /// Waits until all that was put is done, `limit` at most; tells whether it
    /// is.
    pub(super) fn wait_done(&self, limit: Option<Duration>) -> Result<bool> {
        let Header { tail, done, .. } = self.header();
        done.wait_for(tail, limit)
    }

    /// Whether there is room for one more message, of `len` bytes in all.
    fn has_room(
        &self,
        lock: &Held<'_>,
        len: usize,
        limit: Option<Duration>,
    ) -> Result<bool> {
        let tail = &self.header().tail;
        if u64::from(tail.ahead(lock)) >= self.capacity {
            return Ok(false);
        }
        self.chain().reserve(tail.place(lock), len, limit)
    }

    /// Tells whether there was room.
    fn append(
        &self,
        lock: &Held<'_>,
        message: &[u8],
        limit: Option<Duration>,
    ) -> Result<Option<()>> {
        let padding = message.len().next_multiple_of(PREFIX) - message.len();
        let len = PREFIX + message.len() + padding;
        if !self.has_room(lock, len, limit)? {
            return Ok(None);
        }
        let (tail, chain) = (&self.header().tail, self.chain());
        let mut place = tail.place(lock);
        chain.write(lock, &mut place, &message.len().to_ne_bytes());
        chain.write(lock, &mut place, message);
        place.skip(padding);
        tail.pass(lock, place);
        Ok(Some(()))
    }

    /// Takes the first message, and tells whether the head has left a piece.
    fn take_first(&self, lock: &Held<'_>, message: &mut Vec<u8>) -> bool {
        let (head, chain) = (&self.header().head, self.chain());
        let start = head.place(lock);
        let (mut place, mut len) = (start, [0; PREFIX]);
        chain.read(lock, &mut place, &mut len);
        let len = usize::from_ne_bytes(len);
        message.resize(len, 0);
        chain.read(lock, &mut place, message);
        place.skip(len.next_multiple_of(PREFIX) - len);
        head.pass(lock, place);
        !place.is_in_piece_of(start)
    }

    fn chain(&self) -> Chain<'_> {
        let Header {
            tail, head, links, ..
        } = self.header();
        Chain {
            region: &self.region,
            links,
            tail,
            head,
        }
    }

    fn header(&self) -> &Header {
        self.region.at(0)
    }
}

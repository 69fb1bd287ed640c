//! The memory of a queue: a chain of pieces.
//!
//! Messages are written into the pieces one after the other, each piece from
//! its begin to its end; a long message takes several. The chain begins with
//! the piece that is read, and ends with some spare ones. A piece that was read
//! to its end goes from the begin of the chain to its end, to be written
//! again: so a stream of messages stays in the same few pages. If there are
//! enough spare ones, it is given back to the system, and a writer who finds
//! none reserves one.
//!
//! All changes of the chain are made under a lock of their own. A process that
//! is killed there may leave a piece that is in use and nowhere in the chain:
//! the next owner of the lock gives it back.

use std::time::Duration;

use super::end::End;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::sys::machine::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Release, SeqCst},
};
use crate::sys::mutex::{Held, RobustMutex};
use crate::sys::region::{LINK, PIECE, Region, shared_struct};

/// So many pieces there are, of memory or of mere address space.
pub(super) const PIECES: usize = 1 << 14;
/// So many bytes of messages a piece has.
pub(super) const ROOM: usize = PIECE - LINK;
/// So many spare pieces are kept.
const SPARE: usize = 4;

/// As a link: there is no next piece.
const NONE: u32 = 0;

shared_struct! {
    /// Pieces are told by their number and 1.
    pub(super) struct Links {
        pub(super) lock: RobustMutex,
        first: AtomicU32,
        last: AtomicU32,
        /// A bit for each piece: whether it has memory.
        in_use: [AtomicU64; PIECES / 64],
    }
}

/// A place in the chain: a piece, and how many of its bytes are before. Before
/// the first piece there is none, and no room.
#[derive(Clone, Copy)]
pub(super) struct Place {
    piece: u32,
    offset: usize,
}

impl Place {
    pub(super) const START: Self = Self {
        piece: NONE,
        offset: PIECE,
    };

    pub(super) fn is_in_piece_of(self, other: Self) -> bool {
        self.piece == other.piece
    }

    /// Goes on by so many bytes, which are in the piece.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.offset += bytes;
    }

    fn room(self) -> usize {
        PIECE - self.offset
    }
}

shared_struct! {
    /// A place, in shared memory.
    pub(super) struct PlaceWords {
        piece: AtomicU32,
        offset: AtomicU32,
    }
}

impl PlaceWords {
    pub(super) fn load(&self) -> Place {
        Place {
            piece: self.piece.load(Acquire),
            offset: index(self.offset.load(Acquire)),
        }
    }

    pub(super) fn store(&self, place: Place) {
        let offset = u32::try_from(place.offset).unwrap_or(u32::MAX);
        self.piece.store(place.piece, Release);
        self.offset.store(offset, Release);
    }
}

pub(super) struct Chain<'a> {
    pub(super) region: &'a Region,
    pub(super) links: &'a Links,
    pub(super) tail: &'a End,
    pub(super) head: &'a End,
}

impl Chain<'_> {
    /// Copies `bytes` to `place`, which goes behind them.
    pub(super) fn write(
        &self,
        lock: &Held<'_>,
        place: &mut Place,
        mut bytes: &[u8],
    ) {
        while !bytes.is_empty() {
            let at = self.enter(place);
            let (now, later) = bytes.split_at(bytes.len().min(place.room()));
            self.region.write(lock, at, now);
            place.offset += now.len();
            bytes = later;
        }
    }

    /// Fills `bytes` from `place`, which goes behind them.
    pub(super) fn read(
        &self,
        lock: &Held<'_>,
        place: &mut Place,
        mut bytes: &mut [u8],
    ) {
        while !bytes.is_empty() {
            let at = self.enter(place);
            let (now, later) =
                bytes.split_at_mut(bytes.len().min(place.room()));
            self.region.read(lock, at, now);
            place.offset += now.len();
            bytes = later;
        }
    }

    /// Goes to the next piece if this one has come to its end.
    fn enter(&self, place: &mut Place) -> (usize, usize) {
        if place.room() == 0 {
            place.piece = self.next(place.piece).load(SeqCst);
            place.offset = LINK;
        }
        (number(place.piece), place.offset)
    }

    /// Sees to it that there is memory for `len` bytes from `place` on, which
    /// is that of the tail; tells whether there is.
    pub(super) fn reserve(
        &self,
        place: Place,
        len: usize,
        limit: Option<Duration>,
    ) -> Result<bool> {
        let (mut room, mut piece) = (place.room(), place.piece);
        while room < len {
            piece = match self.next(piece).load(SeqCst) {
                NONE => match self.extend(piece, limit)? {
                    NONE => return Ok(false),
                    next => next,
                },
                next => next,
            };
            room += ROOM;
        }
        Ok(true)
    }

    /// Recycles what the head has left. If that takes too long or is not
    /// possible, the next one does it, or is told.
    pub(super) fn tidy(&self) {
        if let Ok(Some(held)) = self.hold(Some(Duration::ZERO)) {
            self.recycle(&held);
        }
    }

    /// The piece after the last one, which `piece` has been; none if all are in
    /// use.
    fn extend(&self, piece: u32, limit: Option<Duration>) -> Result<u32> {
        let Some(held) = self.hold(limit)? else {
            return Ok(NONE);
        };
        self.recycle(&held);
        let next = self.next(piece).load(SeqCst);
        let Some(free) = self.free().filter(|_| next == NONE) else {
            return Ok(next);
        };
        if let Err(error) = self.region.reserve(number(free)) {
            self.cut(&held);
            return Err(error);
        }
        self.use_bit(free, true);
        self.append(&held, free);
        Ok(free)
    }

    /// Takes the pieces that the head has left from the begin of the chain.
    fn recycle(&self, lock: &Held<'_>) {
        let reading = self.head.look().piece;
        if reading == NONE {
            return;
        }
        loop {
            let left = self.links.first.load(SeqCst);
            if left == reading {
                return;
            }
            let next = self.next(left).load(SeqCst);
            self.links.first.store(next, SeqCst);
            if self.spare(SPARE).1 < SPARE {
                self.append(lock, left);
            } else {
                self.release(left);
            }
        }
    }

    /// Gives back what is spare and more than is kept.
    fn cut(&self, _lock: &Held<'_>) {
        let (last, _) = self.spare(SPARE);
        let mut extra = self.next(last).swap(NONE, SeqCst);
        self.links.last.store(last, SeqCst);
        while extra != NONE {
            let next = self.next(extra).load(SeqCst);
            self.release(extra);
            extra = next;
        }
    }

    /// Makes a piece that is in use the last one.
    fn append(&self, _lock: &Held<'_>, piece: u32) {
        self.next(piece).store(NONE, SeqCst);
        let last = self.links.last.load(SeqCst);
        self.next(last).store(piece, SeqCst);
        self.links.last.store(piece, SeqCst);
    }

    fn release(&self, piece: u32) {
        self.region.give_back(number(piece));
        self.use_bit(piece, false);
    }

    /// The last of so many spare pieces, and how many there are up to it.
    fn spare(&self, most: usize) -> (u32, usize) {
        let (mut piece, mut count) = (self.tail.look().piece, 0);
        while count < most {
            match self.next(piece).load(SeqCst) {
                NONE => break,
                next => piece = next,
            }
            count += 1;
        }
        (piece, count)
    }

    /// What follows a piece; what follows none is the first one.
    fn next(&self, piece: u32) -> &AtomicU32 {
        match piece {
            NONE => &self.links.first,
            piece => self.region.link(number(piece)),
        }
    }

    /// A piece that has no memory.
    fn free(&self) -> Option<u32> {
        let mut words = self.links.in_use.iter().enumerate();
        words.find_map(|(number, word)| {
            let bit = word.load(SeqCst).trailing_ones();
            (bit < u64::BITS).then(|| piece(number, bit))
        })
    }

    fn use_bit(&self, piece: u32, used: bool) {
        let (word, bit) = bit(piece);
        let word = &self.links.in_use[word];
        let before = word.load(SeqCst);
        word.store(if used { before | bit } else { before & !bit }, SeqCst);
    }
}

/// The number of a piece in the region.
fn number(piece: u32) -> usize {
    index(piece).saturating_sub(1)
}

fn index(word: u32) -> usize {
    usize::try_from(word).unwrap_or(usize::MAX)
}

/// The piece that has this bit of that word of `in_use`.
fn piece(word: usize, bit: u32) -> u32 {
    u32::try_from(word).unwrap_or(u32::MAX) * u64::BITS + bit + 1
}

/// Where a piece has its bit in `in_use`.
fn bit(piece: u32) -> (usize, u64) {
    (number(piece) / 64, 1 << (number(piece) % 64))
}

impl Monitor for Chain<'_> {
    fn lock(&self) -> &RobustMutex {
        &self.links.lock
    }

    /// Finds the end of the chain, and gives back what is not in it.
    fn recover(&self, _lock: &Held<'_>) {
        let mut chained = vec![0; PIECES / 64];
        let mut last = NONE;
        loop {
            let next = self.next(last).load(SeqCst);
            if next == NONE {
                break;
            }
            let (word, bit) = bit(next);
            chained[word] |= bit;
            last = next;
        }
        self.links.last.store(last, SeqCst);
        for (number, chained) in (0..).zip(chained) {
            let stray = self.links.in_use[number].load(SeqCst) & !chained;
            (0..u64::BITS)
                .filter(|bit| stray & 1 << bit != 0)
                .for_each(|bit| self.release(piece(number, bit)));
        }
    }
}

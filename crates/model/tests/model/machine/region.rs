//! In the place of the library's `sys/region.rs`: that itself, but that others
//! may come, and death, between the bytes of a message.

#[path = "../../../../multiprocessing/src/sys/region.rs"]
#[allow(dead_code, unsafe_code)]
mod real;

pub(crate) use real::{InRegion, LINK, PIECE, Shared, shared_struct};

use super::kernel;
use super::words::AtomicU32;
use crate::error::Result;
use crate::sys::mutex::Held;

/// So many bytes are copied at once.
const WORD: usize = 8;

/// Not more often than so is a copy interrupted, however long it is.
const PARTS: usize = 4;

pub(crate) struct Region(real::Region);

impl Region {
    pub(crate) fn new(size: usize) -> Result<Self> {
        real::Region::new(size).map(Self)
    }

    pub(crate) fn with_pieces(size: usize, pieces: usize) -> Result<Self> {
        real::Region::with_pieces(size, pieces).map(Self)
    }

    pub(crate) fn at<T: Shared>(&self, offset: usize) -> &T {
        self.0.at(offset)
    }

    pub(crate) fn reserve(&self, piece: usize) -> Result<()> {
        kernel::step();
        self.0.reserve(piece)
    }

    pub(crate) fn give_back(&self, piece: usize) {
        kernel::step();
        self.0.give_back(piece);
    }

    pub(crate) fn link(&self, piece: usize) -> &AtomicU32 {
        self.0.link(piece)
    }

    pub(crate) fn write(
        &self,
        held: &Held<'_>,
        (number, mut offset): (usize, usize),
        bytes: &[u8],
    ) {
        for part in bytes.chunks(part(bytes.len())) {
            kernel::step();
            self.0.write(held, (number, offset), part);
            offset += part.len();
        }
    }

    pub(crate) fn read(
        &self,
        held: &Held<'_>,
        (number, mut offset): (usize, usize),
        bytes: &mut [u8],
    ) {
        for part in bytes.chunks_mut(part(bytes.len())) {
            kernel::step();
            self.0.read(held, (number, offset), part);
            offset += part.len();
        }
    }
}

fn part(len: usize) -> usize {
    len.div_ceil(PARTS).max(WORD)
}

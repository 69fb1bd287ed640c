//! In the place of the library's `sys/region.rs`: that itself, but that others
//! may come, and death, between the bytes of a message.

#[path = "../../../../multiprocessing/src/sys/region.rs"]
#[allow(dead_code, unsafe_code)]
mod real;

pub(crate) use real::{InRegion, Shared, shared_struct};

use super::kernel;
use crate::error::Result;
use crate::sys::mutex::Held;

/// So many bytes are copied at once.
const WORD: usize = 8;

/// Not more often than so is a copy interrupted, however long it is.
const PIECES: usize = 4;

pub(crate) struct Region(real::Region);

impl Region {
    pub(crate) fn new(size: usize) -> Result<Self> {
        real::Region::new(size).map(Self)
    }

    pub(crate) fn with_bytes(size: usize, bytes: usize) -> Result<Self> {
        real::Region::with_bytes(size, bytes).map(Self)
    }

    pub(crate) fn at<T: Shared>(&self, offset: usize) -> &T {
        self.0.at(offset)
    }

    pub(crate) fn reserve(&self, start: usize, end: usize) -> Result<()> {
        kernel::step();
        self.0.reserve(start, end)
    }

    pub(crate) fn give_back(&self, start: usize, end: usize) {
        kernel::step();
        self.0.give_back(start, end);
    }

    pub(crate) fn write(&self, held: &Held<'_>, offset: usize, bytes: &[u8]) {
        let mut offset = offset;
        for piece in bytes.chunks(piece(bytes.len())) {
            kernel::step();
            self.0.write(held, offset, piece);
            offset += piece.len();
        }
    }

    pub(crate) fn read(
        &self,
        held: &Held<'_>,
        offset: usize,
        bytes: &mut [u8],
    ) {
        let mut offset = offset;
        for piece in bytes.chunks_mut(piece(bytes.len())) {
            kernel::step();
            self.0.read(held, offset, piece);
            offset += piece.len();
        }
    }
}

fn piece(len: usize) -> usize {
    len.div_ceil(PIECES).max(WORD)
}

//! Messages to a worker: a length, as [`frame`] reads it, and then the body.

use std::ops::Range;

use crate::error::Result;
use crate::pipe::frame::{self, HEADER};

/// Appends a message with the body that `write` appends; tells where it lies.
pub(super) fn append(
    to: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<Range<usize>> {
    let start = to.len();
    to.extend([0; HEADER]);
    write(to)?;
    let len = to.len() - start - HEADER;
    let header = frame::header(len)?;
    to[start..start + HEADER].copy_from_slice(&header);
    Ok(start..to.len())
}

/// A message, ready to be sent.
#[derive(Clone, Copy)]
pub(super) struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    /// The one that lies there.
    pub(super) fn at(messages: &'a [u8], place: Range<usize>) -> Self {
        Self(&messages[place])
    }

    pub(super) fn whole(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn body(self) -> &'a [u8] {
        &self.0[HEADER..]
    }
}

//! Answers: the results of the items that a worker took at once.
//!
//! They lie one after the other in one piece of memory, as they travel: a
//! task of many small items is not many small pieces.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec::{self, Bytes};
use crate::error::{Error, Result};
use crate::sys::task::Failure;

/// The result of one item: its bytes, or why there are none.
pub(crate) type ItemResult<'a> = Result<&'a [u8], &'a Failure>;

/// A result for each of some items.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// How many bytes each result has; a failure has none.
    lens: Vec<u32>,
    bytes: Bytes,
    /// Beside the numbers of their items, in this order.
    failures: Vec<(usize, Failure)>,
}

impl Answer {
    /// The same failure for `count` items.
    pub(crate) fn failed(count: usize, failure: &Failure) -> Self {
        let mut answer = Self::default();
        for _ in 0..count {
            answer.push(|_| Err(failure.clone()));
        }
        answer
    }

    /// Adds the result of the next item, whose bytes `write` appends.
    pub(crate) fn push(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Failure>,
    ) {
        let before = self.bytes.0.len();
        let failure = match write(&mut self.bytes.0) {
            Ok(()) => match u32::try_from(self.bytes.0.len() - before) {
                Ok(len) => return self.lens.push(len),
                Err(_) => Failure::Encode {
                    reason: "the result has more than 4 GiB".into(),
                },
            },
            Err(failure) => failure,
        };
        // Perhaps half of it was written.
        self.bytes.0.truncate(before);
        self.failures.push((self.lens.len(), failure));
        self.lens.push(0);
    }

    pub(super) fn count(&self) -> usize {
        self.lens.len()
    }

    /// Whether it is one for `count` items: a worker that is out of its mind
    /// may say anything.
    pub(super) fn is_for(&self, count: usize) -> bool {
        let all: u64 = self.lens.iter().map(|&len| u64::from(len)).sum();
        self.lens.len() == count && all == self.bytes.0.len() as u64
    }

    /// The results, in the order of the items; of an answer that
    /// [`is_for`](Self::is_for) them.
    pub(super) fn iter(&self) -> impl Iterator<Item = ItemResult<'_>> {
        let mut bytes = &self.bytes.0[..];
        let mut failures = self.failures.iter().peekable();
        self.lens.iter().enumerate().map(move |(number, &len)| {
            let len = usize::try_from(len).unwrap_or(bytes.len());
            let (now, later) = bytes.split_at(len.min(bytes.len()));
            bytes = later;
            match failures.next_if(|(place, _)| *place == number) {
                Some((_, failure)) => Err(failure),
                None => Ok(now),
            }
        })
    }
}

/// The item that a result is.
pub(super) fn decode<R: DeserializeOwned>(item: ItemResult<'_>) -> Result<R> {
    match item {
        Ok(bytes) => codec::decode(bytes),
        Err(failure) => Err(Error::from(failure.clone())),
    }
}

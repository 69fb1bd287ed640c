//! Answers: the results of the items that a worker took at once.
//!
//! They lie one after the other in one piece of memory, as they travel: a
//! task of many small items is not many small pieces. Behind them lie their
//! lengths, then the failures, if there are any, and last a footer that says how
//! long these two are: a worker does not know it before, and moves nothing.

use std::ops::Range;

use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use crate::codec;
use crate::error::{Error, Result};
use crate::sys::task::Failure;

/// The result of one item: its bytes, or why there are none.
pub(crate) type ItemResult<'a> = Result<&'a [u8], &'a Failure>;

/// Beside the numbers of their items, in this order.
type Failures = Vec<(usize, Failure)>;

/// What a worker sends. One that is short, as of a job with a small item, is no
/// piece of memory of its own.
pub(super) type Reply = SmallVec<[u8; 24]>;

/// How many bytes a result has; a failure has none.
type Len = u32;

/// The lengths of results, as they are encoded.
struct Lens<'a>(&'a [u8]);

impl Iterator for Lens<'_> {
    type Item = Len;

    fn next(&mut self) -> Option<Len> {
        let (len, rest) = match self.0 {
            [short @ 0..0x80, rest @ ..] => (Len::from(*short), rest),
            bytes => postcard::take_from_bytes(bytes).ok()?,
        };
        self.0 = rest;
        Some(len)
    }
}

/// The end of a reply.
#[derive(Clone, Copy)]
struct Footer {
    /// How many bytes the lengths of the results have; or [`FOR_ALL`].
    lens: Len,
    /// How many bytes the failures have.
    failures: Len,
}

/// In place of lengths: there are no results, but one failure for all items.
const FOR_ALL: Len = Len::MAX;

impl Footer {
    fn bytes(self) -> [u8; size_of::<u64>()] {
        let [lens, failures] = [self.lens, self.failures].map(u64::from);
        (failures << Len::BITS | lens).to_le_bytes()
    }

    /// That of a reply, and what lies before it.
    fn split(reply: &[u8]) -> Option<(&[u8], Self)> {
        let (before, footer) = reply.split_last_chunk()?;
        let footer = u64::from_le_bytes(*footer);
        let [lens, failures] =
            [footer & u64::from(Len::MAX), footer >> Len::BITS]
                .map(|half| Len::try_from(half).unwrap_or(Len::MAX));
        Some((before, Self { lens, failures }))
    }
}

/// Results, while a worker makes them.
#[derive(Default)]
pub(crate) struct Results {
    /// Those that are complete, and then perhaps a part of one that is not.
    bytes: Vec<u8>,
    complete: usize,
    lens: Vec<u8>,
    count: usize,
    failures: Failures,
}

impl Results {
    /// Adds the result of the next item, whose bytes `write` appends.
    pub(crate) fn push(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) {
        let written = write(&mut self.bytes);
        let len = Len::try_from(self.bytes.len() - self.complete);
        let failure = match (written, len) {
            (Ok(()), Ok(len)) => return self.complete(len),
            (Ok(()), Err(_)) => Failure::Encode {
                reason: "the result has more than 4 GiB".into(),
            },
            (Err(error), _) => error.into(),
        };
        self.fail(failure);
    }

    /// Adds the failure of the next item, in place of what there is of its
    /// result.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.bytes.truncate(self.complete);
        self.failures.push((self.count, failure));
        self.complete(0);
    }

    fn complete(&mut self, len: Len) {
        match u8::try_from(len) {
            // As it is encoded, too.
            Ok(short @ 0..0x80) => self.lens.push(short),
            // Nothing can be said against a number.
            _ => drop(codec::encode_into(&len, &mut self.lens)),
        }
        self.count += 1;
        self.complete = self.bytes.len();
    }

    /// The reply, in place of the results: they, or one failure for all items.
    pub(super) fn reply(
        &mut self,
        done: &Result<(), Failure>,
    ) -> Result<&[u8]> {
        // What has more bytes is more than a reply may have.
        let len = |bytes| Len::try_from(bytes).unwrap_or(Len::MAX);
        let lens = match done {
            Ok(()) => len(self.lens.len()),
            Err(_) => FOR_ALL,
        };
        match done {
            Ok(()) => self.bytes.append(&mut self.lens),
            Err(_) => self.bytes.clear(),
        }
        let start = self.bytes.len();
        match done {
            Ok(()) if self.failures.is_empty() => {}
            Ok(()) => codec::encode_into(&self.failures, &mut self.bytes)?,
            Err(failure) => codec::encode_into(failure, &mut self.bytes)?,
        }
        let failures = len(self.bytes.len() - start);
        self.bytes.extend(Footer { lens, failures }.bytes());
        Ok(&self.bytes)
    }

    /// Makes them none, in the memory that is there.
    pub(super) fn clear(&mut self) {
        codec::clear(&mut self.bytes);
        codec::clear(&mut self.lens);
        self.failures.clear();
        (self.complete, self.count) = (0, 0);
    }
}

/// A result for each of some items, as they have come.
#[derive(Debug, Default)]
pub(super) struct Answer {
    reply: Reply,
    /// Where the lengths of the results lie.
    lens: Range<usize>,
    failures: Failures,
    count: usize,
}

impl Answer {
    /// What a worker has sent, which is no answer if it is not one for `count`
    /// items: a worker that is out of its mind may say anything.
    pub(super) fn new(reply: Reply, count: usize) -> Result<Self, Failure> {
        let (lens, failures) = parts_of(&reply)?;
        let (mut come, mut bytes) = (0, 0);
        for len in Lens(&reply[lens.clone()]) {
            come += 1;
            bytes += u64::from(len);
        }
        if come != count || bytes != lens.start as u64 {
            let reason = format!(
                "{come} results of {bytes} bytes for {count} items of {}",
                lens.start
            );
            return Err(Failure::Decode { reason });
        }
        Ok(Self {
            reply,
            lens,
            failures,
            count,
        })
    }

    /// The same failure for `count` items.
    pub(super) fn failed(count: usize, failure: &Failure) -> Self {
        // The length 0 is a byte 0.
        let reply = Reply::from_elem(0, count);
        let failures = (0..count).map(|item| (item, failure.clone())).collect();
        Self {
            reply,
            lens: 0..count,
            failures,
            count,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Appends the results, up to the first error.
    pub(super) fn decode<R: DeserializeOwned>(
        &self,
        results: &mut Vec<R>,
    ) -> Result<()> {
        // Without failures among them, they need no lengths to be told apart.
        if self.failures.is_empty() {
            let bytes = &self.reply[..self.lens.start];
            let add = |result| results.push(result);
            return codec::decode_each(bytes, self.count, add);
        }
        for item in self.iter() {
            results.push(decode(item)?);
        }
        Ok(())
    }

    /// The results, in the order of the items.
    pub(super) fn iter(&self) -> impl Iterator<Item = ItemResult<'_>> {
        let mut bytes = &self.reply[..self.lens.start];
        let lens = Lens(&self.reply[self.lens.clone()]);
        let mut failures = self.failures.iter().peekable();
        lens.enumerate().map(move |(number, len)| {
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

/// Where the lengths lie in a reply, and the failures.
fn parts_of(reply: &[u8]) -> Result<(Range<usize>, Failures), Failure> {
    let no_footer = || Failure::Decode {
        reason: "a reply without a footer".into(),
    };
    let (reply, footer) = Footer::split(reply).ok_or_else(no_footer)?;
    let before = |len, end: usize| end.checked_sub(usize::try_from(len).ok()?);
    let end = before(footer.failures, reply.len()).ok_or_else(no_footer)?;
    if footer.lens == FOR_ALL {
        return Err(codec::decode(&reply[end..])?);
    }
    let start = before(footer.lens, end).ok_or_else(no_footer)?;
    let failures = match footer.failures {
        0 => Failures::new(),
        _ => codec::decode(&reply[end..])?,
    };
    Ok((start..end, failures))
}

/// The item that a result is.
pub(super) fn decode<R: DeserializeOwned>(item: ItemResult<'_>) -> Result<R> {
    match item {
        Ok(bytes) => codec::decode(bytes),
        Err(failure) => Err(Error::from(failure.clone())),
    }
}

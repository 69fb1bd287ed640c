//! Items as bytes: serde says what an item consists of, postcard writes it.

use std::cell::Cell;

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bounded::{Bounded, Limits};
use crate::copy;
use crate::error::{Error, Result};

thread_local! {
    static WHY: Cell<Option<&'static str>> = const { Cell::new(None) };
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A thread keeps memory of this size between messages, whatever they are.
const LITTLE: usize = 1024 * 1024;

/// It keeps memory of this size, at most, as long as messages are of that kind:
/// so does the C library's allocator, but gives it back where two are needed.
const MUCH: usize = 32 * 1024 * 1024;

/// Calls `action` with this thread's buffer, in which the last message may still
/// be: to have one, and to let it grow, took longer than to copy a short message.
pub(crate) fn with_scratch<R>(action: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    // An item that sends another one while it is encoded finds none here, nor
    // does a thread at its end, in the destructor of what it keeps.
    let mut bytes = SCRATCH.try_with(Cell::take).unwrap_or_default();
    let result = action(&mut bytes);
    shrink(&mut bytes);
    let _ = SCRATCH.try_with(|it| it.set(bytes));
    result
}

/// Removes the bytes of a message, but keeps its memory for the next one.
pub(crate) fn clear(bytes: &mut Vec<u8>) {
    shrink(bytes);
    bytes.clear();
}

/// Gives memory back, and the message with it, if it is much more than that one
/// needed.
fn shrink(bytes: &mut Vec<u8>) {
    let needed = 4 * bytes.len();
    if bytes.capacity() > needed.clamp(LITTLE, MUCH) {
        bytes.clear();
        bytes.shrink_to(LITTLE);
    }
}

/// Keeps the words of an item that cannot be encoded or decoded here, which
/// postcard drops.
pub(crate) fn explain(why: &'static str) -> &'static str {
    WHY.set(Some(why));
    why
}

fn reason(error: &postcard::Error) -> String {
    WHY.take().map_or_else(|| error.to_string(), str::to_string)
}

pub(crate) fn encode<T: Serialize + ?Sized>(item: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    encode_into(item, &mut bytes)?;
    Ok(bytes)
}

/// Appends the item to `bytes`; after an error, half of it may be there.
pub(crate) fn encode_into<T: Serialize + ?Sized>(
    item: &T,
    bytes: &mut Vec<u8>,
) -> Result<()> {
    WHY.set(None);
    let encoded = postcard::serialize_with_flavor(item, Append(bytes));
    encoded.map_err(|error| Error::Encode {
        reason: reason(&error),
    })
}

/// A number has so many bytes, at most.
const NUMBER: usize = 10;

/// Where postcard puts what it writes.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        // To call for so few takes longer than to write them.
        match bytes.len() <= NUMBER {
            true => bytes.iter().for_each(|byte| self.0.push(*byte)),
            false => copy::append(bytes, self.0),
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// The item that `bytes` are, all of them: bytes left over mean that another
/// type was sent.
///
/// Neither the time that it takes nor the memory is more than the bytes are
/// worth, whoever has written them.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    let mut item = None;
    decode_each(bytes, 1, |it| item = Some(it))?;
    item.ok_or(Error::NotReady)
}

/// As [`decode`], for `count` items, one after the other; each may have as many
/// items without content as a message of its own.
pub(crate) fn decode_each<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    count: usize,
    mut each: impl FnMut(T),
) -> Result<()> {
    WHY.set(None);
    let len = bytes.len();
    let mut bytes = postcard::Deserializer::from_bytes(bytes);
    let failed = |error| Error::Decode {
        reason: reason(&error),
    };
    for _ in 0..count {
        let limits = Limits::of(len);
        let item = T::deserialize(Bounded::new(&mut bytes, &limits));
        each(item.map_err(failed)?);
    }
    match bytes.finalize().map_err(failed)?.len() {
        0 => Ok(()),
        left => Err(Error::Decode {
            reason: format!("{left} bytes are left over"),
        }),
    }
}

/// Bytes inside of a message. To serde they are one piece, where a `Vec<u8>` is
/// a list of numbers, each of which has to be encoded once more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(from).map(|bytes| Self(copy::to_vec(bytes)))
    }
}

//! Items as bytes: serde says what an item consists of, postcard writes it.

use std::cell::Cell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bounded::{Bounded, Limits};
use crate::error::{Error, Result};

thread_local! {
    static WHY: Cell<Option<&'static str>> = const { Cell::new(None) };
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
    WHY.set(None);
    postcard::to_stdvec(item).map_err(|error| Error::Encode {
        reason: reason(&error),
    })
}

/// The item that `bytes` are, all of them: bytes left over mean that another
/// type was sent.
///
/// Neither the time that it takes nor the memory is more than the bytes are
/// worth, whoever has written them.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    WHY.set(None);
    let len = bytes.len();
    let mut bytes = postcard::Deserializer::from_bytes(bytes);
    let limits = Limits::of(len);
    let failed = |error| Error::Decode {
        reason: reason(&error),
    };
    let item = T::deserialize(Bounded::new(&mut bytes, &limits));
    let item = item.map_err(failed)?;
    match bytes.finalize().map_err(failed)?.len() {
        0 => Ok(item),
        left => Err(Error::Decode {
            reason: format!("{left} bytes are left over"),
        }),
    }
}

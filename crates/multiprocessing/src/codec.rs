//! Items as bytes: serde says what an item consists of, postcard writes it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

pub(crate) fn encode<T: Serialize + ?Sized>(item: &T) -> Result<Vec<u8>> {
    postcard::to_stdvec(item).map_err(|error| Error::Encode {
        reason: error.to_string(),
    })
}

/// The item that `bytes` are, all of them: bytes left over mean that another
/// type was sent.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((item, [])) => Ok(item),
        Ok((_, rest)) => Err(Error::Decode {
            reason: format!("{} bytes are left over", rest.len()),
        }),
        Err(error) => Err(Error::Decode {
            reason: error.to_string(),
        }),
    }
}

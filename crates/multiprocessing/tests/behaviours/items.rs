//! Items whose content shows whether it has arrived whole.

use rand::RngExt;
use serde::{Deserialize, Serialize};

/// The `number`-th item of a producer.
#[derive(Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) producer: usize,
    pub(crate) number: usize,
    #[serde(with = "bytes")]
    content: Vec<u8>,
}

impl Item {
    pub(crate) fn new(producer: usize, number: usize, len: usize) -> Self {
        Self {
            producer,
            number,
            content: content(producer, number, len),
        }
    }

    #[track_caller]
    pub(crate) fn check(&self) {
        let len = self.content.len();
        let expected = content(self.producer, self.number, len);
        assert!(self.content == expected, "a torn message of {len} bytes");
    }
}

/// Bytes that differ from item to item, and end with their number.
fn content(producer: usize, number: usize, len: usize) -> Vec<u8> {
    let pattern = format!("{producer}/{number}/{len};");
    let mut content = pattern.repeat(len / pattern.len() + 1).into_bytes();
    content.truncate(len);
    content
}

/// Mostly short, sometimes many pages.
pub(crate) fn random_len(random: &mut impl RngExt) -> usize {
    let longest = *[10, 1_000, 100 * 1024]
        .get(random.random_range(0..3_usize))
        .expect("there are three");
    random.random_range(0..=longest)
}

/// As one run of bytes, which serde alone does not see in a vector.
mod bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        bytes: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(<[u8]>::to_vec)
    }
}

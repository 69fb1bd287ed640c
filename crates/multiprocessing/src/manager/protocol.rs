//! What clients and the server say to each other: one request, one reply, each
//! in a frame.
//!
//! The server knows no type of an item: keys and values travel and lie there
//! encoded.

use std::fmt;
use std::time::Duration;

use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec;
use crate::error::{Error, Result};
use crate::pipe::frame;

/// The number of an object in its server.
pub(super) type Id = usize;

/// A key and its value.
pub(super) type Pair = (Encoded, Encoded);

/// After each arrow stands what the reply holds.
#[derive(Serialize, Deserialize)]
pub(super) enum Request {
    /// → [`Id`]
    NewDict(Vec<Pair>),
    /// → [`Id`]
    NewList(Vec<Encoded>),
    /// Zero: without limit. → [`Id`]
    NewQueue {
        maxsize: usize,
    },
    Dict(Id, DictCall),
    List(Id, ListCall),
    Queue(Id, QueueCall),
}

#[derive(Serialize, Deserialize)]
pub(super) enum DictCall {
    /// → `()`
    Set(Encoded, Encoded),
    /// → `()`
    Update(Vec<Pair>),
    /// → the value
    SetDefault(Encoded, Encoded),
    /// → `Option` of the value
    Get(Encoded),
    /// → `Option` of the value
    Remove(Encoded),
    /// → `Option<Pair>`
    PopItem,
    /// → `bool`
    Contains(Encoded),
    /// → `usize`
    Len,
    /// → `()`
    Clear,
    /// → `Vec<Encoded>`
    Keys,
    /// → `Vec<Encoded>`
    Values,
    /// → `Vec<Pair>`
    Items,
}

#[derive(Serialize, Deserialize)]
pub(super) enum ListCall {
    Read(ListRead),
    Change(ListChange),
    /// → `bool`: whether the list still had that version and has the new items
    Replace {
        version: u64,
        items: Vec<Encoded>,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) enum ListRead {
    /// → the item
    Get(usize),
    /// → `Vec<Encoded>`
    Slice(Span),
    /// → `usize`
    Index(Encoded),
    /// → `usize`
    Count(Encoded),
    /// → `usize`
    Len,
    /// → `(u64, Vec<Encoded>)`: the version and the items
    Version,
}

#[derive(Serialize, Deserialize)]
pub(super) enum ListChange {
    /// → `()`
    Extend(Vec<Encoded>),
    /// → `()`
    Set(usize, Encoded),
    /// → `()`
    SetSlice(Span, Vec<Encoded>),
    /// → `()`
    Insert(usize, Encoded),
    /// → `Option` of the item
    Pop,
    /// → the item
    PopAt(usize),
    /// → `()`
    Remove(Encoded),
    /// → `()`
    Reverse,
    /// → `()`
    Repeat(usize),
}

/// A range of indices; no end: to the end of the list.
#[derive(Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: Option<usize>,
}

/// A limit is how long the call may take; none: for ever.
#[derive(Serialize, Deserialize)]
pub(super) enum QueueCall {
    /// → `()`
    Put {
        item: Encoded,
        limit: Option<Duration>,
    },
    /// → the item
    Get { limit: Option<Duration> },
    /// → `usize`
    Size,
    /// → `bool`
    Full,
}

/// What the call returned, or why it did not.
pub(super) type Reply<T> = Result<T, Refusal>;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Refusal {
    OutOfRange { index: usize, len: usize },
    NoSuchItem,
    Full,
    Empty,
    TooLong { len: usize },
    Invalid(String),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let max = frame::MAX;
        match refusal {
            Refusal::OutOfRange { index, len } => {
                Self::OutOfRange { index, len }
            }
            Refusal::NoSuchItem => Self::NoSuchItem,
            Refusal::Full => Self::Full,
            Refusal::Empty => Self::Empty,
            Refusal::TooLong { len } => Self::TooLong { len, max },
            Refusal::Invalid(what) => Self::invalid(what),
        }
    }
}

/// An item that is encoded already, inside of a message. Equal items have
/// equal encodings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Encoded(Vec<u8>);

impl Encoded {
    pub(super) fn new<T: Serialize + ?Sized>(item: &T) -> Result<Self> {
        codec::encode(item).map(Self)
    }

    pub(super) fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        codec::decode(&self.0)
    }
}

/// As one piece; serde's own way with a `Vec<u8>` goes byte by byte.
impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_bytes(Bytes)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Encoded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Encoded, E> {
        Ok(Encoded(bytes.to_vec()))
    }
}

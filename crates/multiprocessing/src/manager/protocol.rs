//! What clients and the server say to each other: one request, one reply. Who
//! has come through the door is welcomed before.
//!
//! The server knows no type of an item: keys and values travel and lie there
//! encoded.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec::{self, Bytes};
use crate::error::Result;
use crate::sys::method::{Calling, Making};

pub(super) use super::refusal::{Refusal, Reply};

/// The number of an object in its server.
pub(super) type Id = usize;

/// A key and its value.
pub(super) type Pair = (Encoded, Encoded);

/// A server's name, which no other has.
pub(super) type Identity = u128;

/// What a client sends: a request, or what is none of an object.
#[derive(Serialize, Deserialize)]
pub(super) enum Message<R> {
    Object(R),
    Hall(HallCall),
}

#[derive(Serialize, Deserialize)]
pub(super) enum HallCall {
    /// → [`Hello`]
    Hello,
    /// → `()`
    Publish { name: String, found: Found },
    /// → `Option<Found>`
    Find { name: String },
}

/// Who serves, and in which words.
#[derive(Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) version: String,
    pub(super) identity: Identity,
}

impl Hello {
    pub(super) fn new(identity: Identity) -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        Self { version, identity }
    }
}

/// What one who has come through the door is told first.
#[derive(Serialize, Deserialize)]
pub(super) struct Welcome {
    /// The number of his seat, if he has one.
    pub(super) seat: Option<usize>,
}

/// What lies under a name, and the type of its proxy.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) id: Id,
    pub(super) kind: String,
}

/// After each arrow, here and below, stands what the reply holds.
#[derive(Serialize, Deserialize)]
pub(super) enum Request {
    /// → [`Id`]
    New(New),
    Call(Id, Call),
    /// Lets the object stay without its tether. → `()`
    Keep(Id),
    /// → `usize`: how many objects there are
    Count,
}

/// An object to be made.
#[derive(Serialize, Deserialize)]
pub(super) enum New {
    Dict(Vec<Pair>),
    List(Vec<Encoded>),
    /// Zero: without limit.
    Queue {
        maxsize: usize,
    },
    Lock(LockKind),
    /// The bound is the most units that there may ever be.
    Semaphore {
        units: u32,
        bound: u32,
    },
    Event,
    /// None: a lock of its own.
    Condition {
        lock: Option<Id>,
    },
    /// The limit is for each wait that has none of its own.
    Barrier {
        parties: usize,
        limit: Option<Duration>,
    },
    /// Of the user's own type.
    Own(Making),
}

/// A call of an object.
#[derive(Serialize, Deserialize)]
pub(super) enum Call {
    Dict(DictCall),
    List(ListCall),
    Queue(QueueCall),
    Lock(LockCall),
    Semaphore(SemaphoreCall),
    Event(EventCall),
    Condition(ConditionCall),
    Barrier(BarrierCall),
    /// → what the method returns, as [`Encoded`]
    Own(Calling),
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
    /// → `()`
    TaskDone,
    /// → `bool`: whether all items have been dealt with
    Join { limit: Option<Duration> },
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum LockKind {
    Plain,
    Recursive,
}

/// Of the calling thread, which the server knows by its connection.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum LockCall {
    /// → `bool`: whether it was acquired
    Acquire { limit: Option<Duration> },
    /// → `()`
    Release,
    /// → `bool`
    Locked,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum SemaphoreCall {
    /// → `bool`: whether there was a unit
    Acquire { limit: Option<Duration> },
    /// → `()`
    Release,
    /// → `u32`
    Value,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum EventCall {
    /// → `()`
    Set,
    /// → `()`
    Clear,
    /// → `bool`
    IsSet,
    /// → `bool`: whether it was set
    Wait { limit: Option<Duration> },
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum ConditionCall {
    /// Of its lock.
    Lock(LockCall),
    /// → `()`: whether the caller holds the lock, which is refused else
    Check,
    /// → `bool`: whether there was a notification
    Wait { limit: Option<Duration> },
    /// So many of those who wait; none: all. → `()`
    Notify(Option<u32>),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum BarrierCall {
    /// → `usize`: which of the parties the caller was
    Wait { limit: Option<Duration> },
    /// → `()`
    Abort,
    /// → `()`
    Reset,
    /// → `usize`
    Parties,
    /// → `usize`
    Waiting,
    /// → `bool`
    Broken,
}

/// An item that is encoded already, inside of a message. Equal items have
/// equal encodings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Encoded(Bytes);

impl Encoded {
    pub(super) fn new<T: Serialize + ?Sized>(item: &T) -> Result<Self> {
        codec::encode(item).map(Self::from_bytes)
    }

    /// How many bytes of memory it takes.
    pub(super) fn room(&self) -> usize {
        size_of::<Self>() + self.0.0.len()
    }

    pub(super) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Bytes(bytes))
    }

    pub(super) fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        codec::decode(&self.0.0)
    }
}

//! Why a call of an object did not return what was asked for.

use std::io;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::pipe::frame;
use crate::sys::task::Failure;

/// What the call returned, or why it did not.
pub(super) type Reply<T> = Result<T, Refusal>;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Refusal {
    OutOfRange {
        index: usize,
        len: usize,
    },
    NoSuchItem,
    Full,
    Empty,
    TooLong {
        len: usize,
    },
    Invalid(String),
    /// For one more client; the system's number says of what.
    NoRoom {
        errno: i32,
    },
    DoneTooOften,
    OwnerDied {
        pid: i32,
    },
    WouldDeadlock,
    NotOwner,
    ReleasedTooOften {
        bound: u32,
    },
    BrokenBarrier {
        reason: String,
    },
    Panicked(String),
    Encode(String),
    Decode(String),
}

/// Of the user's code in the server.
impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Panicked { message, .. } => Self::Panicked(message),
            Failure::Encode { reason } => Self::Encode(reason),
            Failure::Decode { reason } => Self::Decode(reason),
            other => Self::Invalid(Error::from(other).to_string()),
        }
    }
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
            Refusal::NoRoom { errno } => Self::system(
                "have one more client in the manager's process",
                io::Error::from_raw_os_error(errno),
            ),
            Refusal::DoneTooOften => Self::DoneTooOften,
            Refusal::OwnerDied { pid } => Self::OwnerDied { pid },
            Refusal::WouldDeadlock => Self::WouldDeadlock,
            Refusal::NotOwner => Self::NotOwner,
            Refusal::ReleasedTooOften { bound } => {
                Self::ReleasedTooOften { bound }
            }
            Refusal::BrokenBarrier { reason } => Self::BrokenBarrier { reason },
            Refusal::Panicked(message) => Self::MethodPanicked { message },
            Refusal::Encode(reason) => Self::Encode { reason },
            Refusal::Decode(reason) => Self::Decode { reason },
        }
    }
}

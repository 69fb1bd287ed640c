//! Functions by address: how a pool tells its workers what to run.
//!
//! A worker is a fork of the process that made the pool, so it has the same
//! program at the same addresses, and a function can be named by a number. A
//! closure that captures something cannot: what it captured is not there.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::Error;

/// A function, and the code that knows its types.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Function {
    runner: usize,
    function: usize,
}

/// The result of one item: its bytes, or why there are none.
pub(crate) type ItemResult = Result<Vec<u8>, Failure>;

/// Why a task has no result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Failure {
    Panicked { pid: i32, message: String },
    Encode { reason: String },
    Decode { reason: String },
    WorkerDied { pid: i32, exitcode: i32 },
    PoolBroken { reason: String },
    PoolClosed,
}

type Runner = fn(usize, &[u8]) -> Vec<ItemResult>;

impl Function {
    pub(crate) fn new<A, R>(function: fn(A) -> R) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        let runner: Runner = run::<A, R>;
        Self {
            runner: runner as usize,
            function: function as usize,
        }
    }
}

/// Runs a function on each of the encoded `items`.
pub(crate) fn call(function: Function, items: &[u8]) -> Vec<ItemResult> {
    // SAFETY: the number was a `Runner` in `Function::new`. Values of that
    // type are made there alone and travel only through the sockets between a
    // pool and its workers, which no other process has; a worker is a fork of
    // the pool's process, so the address means the same function.
    let runner = unsafe {
        std::mem::transmute::<*const (), Runner>(
            std::ptr::with_exposed_provenance(function.runner),
        )
    };
    runner(function.function, items)
}

fn run<A, R>(function: usize, items: &[u8]) -> Vec<ItemResult>
where
    A: DeserializeOwned,
    R: Serialize,
{
    // SAFETY: `Function::new` has put the address of a `fn(A) -> R` beside
    // that of this very instance of `run`; both mean the same in every fork.
    let function: fn(A) -> R = unsafe {
        std::mem::transmute::<*const (), fn(A) -> R>(
            std::ptr::with_exposed_provenance(function),
        )
    };
    match codec::decode::<Vec<A>>(items) {
        Ok(items) => {
            items.into_iter().map(|item| one(function, item)).collect()
        }
        Err(error) => vec![Err(Failure::Decode {
            reason: error.to_string(),
        })],
    }
}

fn one<A, R: Serialize>(function: fn(A) -> R, item: A) -> ItemResult {
    let result = panic::catch_unwind(AssertUnwindSafe(|| function(item)))
        .map_err(|_| Failure::Panicked {
            pid: crate::process::pid(),
            message: LAST_PANIC.take(),
        })?;
    codec::encode(&result).map_err(|error| match error {
        Error::Encode { reason } => Failure::Encode { reason },
        other => Failure::Encode {
            reason: other.to_string(),
        },
    })
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// In a worker: keeps the message of a panic for the pool, which tells it to
/// the caller, instead of printing it.
pub(crate) fn keep_panics() {
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let text = match panic.location() {
            Some(place) => format!("{message} (at {place})"),
            None => message.to_string(),
        };
        LAST_PANIC.set(text);
    }));
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Panicked { pid, message } => {
                Self::TaskPanicked { pid, message }
            }
            Failure::Encode { reason } => Self::Encode { reason },
            Failure::Decode { reason } => Self::Decode { reason },
            Failure::WorkerDied { pid, exitcode } => {
                Self::WorkerDied { pid, exitcode }
            }
            Failure::PoolBroken { reason } => Self::PoolBroken { reason },
            Failure::PoolClosed => Self::PoolClosed,
        }
    }
}

//! Functions by address: how a pool tells its workers what to run.
//!
//! A worker is a fork of the process that made the pool, so it has the same
//! program at the same addresses, and a function can be named by a number. A
//! closure that captures something cannot: what it captured is not there.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::Error;
use crate::pool::Results;

/// A function, and the code that knows its types.
#[derive(Serialize, Deserialize)]
pub(super) struct Function {
    pub(super) runner: Address,
    pub(super) function: Address,
}

/// It travels as its distance from a place in the program, in half as many bytes.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(from = "isize", into = "isize")]
pub(super) struct Address(pub(super) usize);

/// A static has one address; a function may have several.
static ORIGIN: u8 = 0;

impl From<Address> for isize {
    fn from(Address(address): Address) -> Self {
        let origin = (&raw const ORIGIN).addr();
        address.wrapping_sub(origin).cast_signed()
    }
}

impl From<isize> for Address {
    fn from(distance: isize) -> Self {
        let origin = (&raw const ORIGIN).addr();
        Self(origin.wrapping_add_signed(distance))
    }
}

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

/// Appends a result for each item, or tells why there is none for any.
type Runner = fn(usize, &[u8], &mut Results) -> Result<(), Failure>;

/// Appends the order to run `function` on each of `items` to `bytes`.
pub(crate) fn order<A, R>(
    function: fn(A) -> R,
    items: &[A],
    bytes: &mut Vec<u8>,
) -> Result<(), Error>
where
    A: Serialize + DeserializeOwned,
    R: Serialize,
{
    let runner: Runner = run_items::<A, R>;
    let function = Function {
        runner: Address(runner as usize),
        function: Address(function as usize),
    };
    codec::encode_into(&(function, items), bytes)
}

/// Runs an order: a result an item, or one failure for them all.
pub(crate) fn run(order: &[u8], results: &mut Results) -> Result<(), Failure> {
    let (function, items) = match postcard::take_from_bytes(order) {
        Ok(parts) => parts,
        Err(error) => {
            let reason = error.to_string();
            return Err(Failure::Decode { reason });
        }
    };
    let Function { runner, function } = function;
    // SAFETY: the number was a `Runner` in `order`. Orders are made there
    // alone, and reach a worker through its seat and its socket alone, where
    // only the pool's `Line` puts them; a process that inherited that memory,
    // or a copy of the socket, has nothing to write to it with. A worker is a
    // fork of the pool's process, so the address means the same function.
    let runner = unsafe {
        std::mem::transmute::<*const (), Runner>(
            std::ptr::with_exposed_provenance(runner.0),
        )
    };
    runner(function.0, items, results)
}

fn run_items<A, R>(
    function: usize,
    items: &[u8],
    results: &mut Results,
) -> Result<(), Failure>
where
    A: DeserializeOwned,
    R: Serialize,
{
    // SAFETY: `order` has put the address of a `fn(A) -> R` beside that of
    // this very instance of `run_items`; both mean the same in every fork.
    let function: fn(A) -> R = unsafe {
        std::mem::transmute::<*const (), fn(A) -> R>(
            std::ptr::with_exposed_provenance(function),
        )
    };
    let items = catch(|| codec::decode::<Vec<A>>(items))?;
    let mut items = items.into_iter();
    while items.len() > 0 {
        // A panic takes one item with it; then it goes on with the next.
        let all = catch(|| {
            for item in items.by_ref() {
                forget_panics();
                results.push(|to| codec::encode_into(&function(item), to));
            }
            Ok(())
        });
        all.unwrap_or_else(|failure| results.fail(failure));
    }
    Ok(())
}

/// Runs an initializer, which may panic; an error tells why it failed.
pub(crate) fn initialize(
    initializer: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    match catch(|| Ok(initializer())) {
        Ok(outcome) => outcome,
        Err(Failure::Panicked { message, .. }) => {
            Err(format!("it panicked: {message}"))
        }
        Err(failure) => Err(Error::from(failure).to_string()),
    }
}

/// Runs code of the user, which may panic: the function, but also what serde
/// calls of his types.
pub(super) fn catch<T>(
    code: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Failure> {
    forget_panics();
    let before = CATCHING.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(code));
    CATCHING.set(before);
    match outcome {
        Ok(result) => result.map_err(Failure::from),
        Err(payload) => {
            // Its destructor may panic as well.
            std::mem::forget(payload);
            Err(Failure::Panicked {
                pid: crate::process::pid(),
                message: LAST_PANIC.take(),
            })
        }
    }
}

/// What the code before has caught of its own is no concern of what comes.
fn forget_panics() {
    if PANICKED.take() {
        LAST_PANIC.take();
    }
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// Whether there is a last panic: quicker to ask, for each item.
    static PANICKED: Cell<bool> = const { Cell::new(false) };
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// In a worker or a server: keeps the message of a panic of the user's code,
/// to be told to the caller, instead of printing it. Threads that the code
/// starts print theirs.
pub(crate) fn keep_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !CATCHING.get() {
            return print(panic);
        }
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let text = match panic.location() {
            Some(place) => format!("{message} (at {place})"),
            None => message.to_string(),
        };
        LAST_PANIC.set(text);
        PANICKED.set(true);
    }));
}

/// Of what the codec says of a task's items and results.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Encode { reason } => Self::Encode { reason },
            Error::Decode { reason } => Self::Decode { reason },
            other => Self::Decode {
                reason: other.to_string(),
            },
        }
    }
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

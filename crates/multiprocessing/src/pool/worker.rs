//! A worker: takes jobs from its socket, one at a time, and answers each.

use std::os::fd::{AsFd, OwnedFd};

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::Result;
use crate::pipe::frame;
use crate::sys::task::{self, Function, ItemResult};

/// The name of every worker's process.
pub(super) const NAME: &str = "PoolWorker";

/// What a pool sends to a worker.
#[derive(Serialize, Deserialize)]
pub(super) enum Order {
    /// To run the function on the encoded items; answered by `Answer`.
    Run { function: Function, items: Vec<u8> },
    /// To end.
    Stop,
}

/// What a worker sends back: a result an item.
pub(super) type Answer = Vec<ItemResult>;

/// The body of a worker process.
pub(super) fn run(socket: &OwnedFd) -> i32 {
    task::keep_panics();
    // The pool's end is gone when the pool is; there is nobody to tell.
    let _ = serve(socket);
    0
}

fn serve(socket: &OwnedFd) -> Result<()> {
    loop {
        match codec::decode(&frame::recv(socket.as_fd())?)? {
            Order::Stop => return Ok(()),
            Order::Run { function, items } => {
                let answer: Answer = task::call(function, &items);
                frame::send(socket.as_fd(), &codec::encode(&answer)?)?;
            }
        }
    }
}

//! A worker: takes jobs from its socket, one at a time, and answers each.

use std::os::fd::{AsFd, OwnedFd};

use crate::codec;
use crate::error::{Error, Result};
use crate::pipe::frame;
use crate::sys::task::{self, Failure, ItemResult};

/// The name of every worker's process.
pub(super) const NAME: &str = "PoolWorker";

/// What a worker sends back: a result an item.
pub(super) type Answer = Vec<ItemResult>;

/// The body of a worker process.
pub(super) fn run(socket: &OwnedFd) -> i32 {
    task::keep_panics();
    // It ends when the pool shuts the socket or is gone: nobody to tell.
    let _ = serve(socket);
    0
}

fn serve(socket: &OwnedFd) -> Result<()> {
    loop {
        let order = frame::recv(socket.as_fd())?;
        let answer = task::run(&order);
        drop(order);
        match reply(socket, &answer) {
            Err(Error::TooLong { len, max }) => {
                let reason = format!(
                    "the results of a chunk have {len} bytes, and {max} are \
                     possible"
                );
                reply(socket, &vec![Err(Failure::Encode { reason })])?;
            }
            done => done?,
        }
    }
}

fn reply(socket: &OwnedFd, answer: &Answer) -> Result<()> {
    frame::send(socket.as_fd(), &codec::encode(answer)?)
}

//! A worker: takes jobs from its socket, one at a time, and answers each.

use std::os::fd::{AsFd, OwnedFd};

use serde::Serialize;

use super::answer::Answer;
use crate::codec;
use crate::error::{Error, Result};
use crate::patience::read_patiently;
use crate::pipe::frame;
use crate::sys::task::{self, Failure};

/// What a worker runs before its first job; an error tells why it cannot have
/// any.
pub(super) type Initializer<'a> = dyn Fn() -> Result<(), String> + 'a;

/// What a worker sends first, if there is an initializer: whether it is ready
/// for jobs.
pub(super) type Fitness = Result<(), String>;

/// The name of every worker's process.
pub(super) const NAME: &str = "PoolWorker";

/// What a worker sends back: a result an item, or one failure for them all.
pub(super) type Reply = Result<Answer, Failure>;

/// The body of a worker process.
pub(super) fn run(
    socket: &OwnedFd,
    initializer: Option<&Initializer<'_>>,
) -> i32 {
    task::keep_panics();
    if let Some(initializer) = initializer {
        let fitness: Fitness = task::initialize(initializer);
        if reply(socket, &fitness).is_err() || fitness.is_err() {
            return 1;
        }
    }
    // It ends when the pool shuts the socket or is gone: nobody to tell.
    let _ = serve(socket);
    0
}

fn serve(socket: &OwnedFd) -> Result<()> {
    loop {
        let socket_fd = socket.as_fd();
        let order = read_patiently(socket_fd, || frame::recv(socket_fd))?;
        let answer: Reply = task::run(&order);
        drop(order);
        match reply(socket, &answer) {
            Err(Error::TooLong { len, max }) => {
                let reason = format!(
                    "the results of a chunk have {len} bytes, and {max} are \
                     possible"
                );
                let lost: Reply = Err(Failure::Encode { reason });
                reply(socket, &lost)?;
            }
            done => done?,
        }
    }
}

fn reply(socket: &OwnedFd, message: &impl Serialize) -> Result<()> {
    frame::send(socket.as_fd(), &codec::encode(message)?)
}

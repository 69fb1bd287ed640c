//! A worker: takes jobs from its seat, or its socket, one at a time, and answers
//! each.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::unistd::getppid;

use super::answer::Answer;
use crate::codec;
use crate::error::{Error, Result};
use crate::patience::patiently;
use crate::pipe::frame;
use crate::process::die_with;
use crate::seat::{Seat, Wake, talk};
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
    seat: Option<&Seat>,
    initializer: Option<&Initializer<'_>>,
) -> i32 {
    task::keep_panics();
    if let Some(initializer) = initializer {
        let fitness: Fitness = task::initialize(initializer);
        let told = codec::encode(&fitness)
            .and_then(|fitness| frame::send(socket.as_fd(), &fitness));
        if told.is_err() || fitness.is_err() {
            return 1;
        }
    }
    // It ends when the pool shuts the socket or is gone: nobody to tell.
    let _ = serve(socket.as_fd(), seat);
    0
}

fn serve(socket: BorrowedFd<'_>, seat: Option<&Seat>) -> Result<()> {
    let parent = getppid().as_raw();
    loop {
        let order = next_order(socket, seat, parent)?;
        let answer: Reply = task::run(&order);
        drop(order);
        match reply(socket, seat, &answer) {
            Err(Error::TooLong { len, max }) => {
                let reason = format!(
                    "the results of a chunk have {len} bytes, and {max} are \
                     possible"
                );
                let lost: Reply = Err(Failure::Encode { reason });
                reply(socket, seat, &lost)?;
            }
            done => done?,
        }
    }
}

/// Waits for an order. The pool's end is seen at the socket; beside a seat, it
/// is this process's end, too.
fn next_order(
    socket: BorrowedFd<'_>,
    seat: Option<&Seat>,
    parent: i32,
) -> Result<Vec<u8>> {
    let Some(seat) = seat else {
        return Ok(talk::recv(socket, None)?.0);
    };
    let orders = seat.orders();
    let sleep = || -> Result<()> {
        while !orders.has_one() {
            // A task may have changed the user since the last time.
            die_with(parent)?;
            orders.sleep();
        }
        Ok(())
    };
    patiently(|| orders.has_one().into(), sleep)?;
    if let Some(order) = orders.take() {
        return Ok(order);
    }
    let order = frame::recv(socket)?;
    orders.note_taken();
    Ok(order)
}

fn reply(
    socket: BorrowedFd<'_>,
    seat: Option<&Seat>,
    answer: &Reply,
) -> Result<()> {
    let answer = codec::encode(answer)?;
    let Some(seat) = seat else {
        return frame::send(socket, &answer);
    };
    let lies_there = seat.answers().put(&answer);
    seat.bell().ring();
    if seat.answers().wake() == Wake::ByBell {
        talk::ring(socket)?;
    }
    match lies_there {
        true => Ok(()),
        false => frame::send(socket, &answer),
    }
}

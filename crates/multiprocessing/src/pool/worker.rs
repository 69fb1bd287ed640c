//! A worker: takes jobs from its seat, or its socket, one at a time, and answers
//! each.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::answer::Answer;
use super::seat::{Post, Seat};
use crate::codec;
use crate::error::{Error, Result};
use crate::patience::{patiently, read_patiently};
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
    loop {
        let order = next_order(socket, seat.map(Seat::orders))?;
        let answer: Reply = task::run(&order);
        drop(order);
        let answers = seat.map(Seat::answers);
        match reply(socket, answers, &answer) {
            Err(Error::TooLong { len, max }) => {
                let reason = format!(
                    "the results of a chunk have {len} bytes, and {max} are \
                     possible"
                );
                let lost: Reply = Err(Failure::Encode { reason });
                reply(socket, answers, &lost)?;
            }
            done => done?,
        }
    }
}

fn next_order(
    socket: BorrowedFd<'_>,
    orders: Option<&Post>,
) -> Result<Vec<u8>> {
    let Some(orders) = orders else {
        return read_patiently(socket, || frame::recv(socket));
    };
    loop {
        if let Some(order) = orders.take() {
            return Ok(order);
        }
        let sleep = || await_frame(socket, orders);
        let order = patiently(|| orders.has_one().into(), sleep)?;
        if !order.is_empty() {
            orders.note_taken();
            return Ok(order);
        }
    }
}

/// Waits for what comes by the socket: an order, or an empty message, which is
/// a bell. Does not wait if an order lies in the seat.
fn await_frame(socket: BorrowedFd<'_>, orders: &Post) -> Result<Vec<u8>> {
    orders.mark_asleep(true);
    let frame = match orders.is_here() {
        true => Ok(Vec::new()),
        false => frame::recv(socket),
    };
    orders.mark_asleep(false);
    frame
}

fn reply(
    socket: BorrowedFd<'_>,
    answers: Option<&Post>,
    answer: &Reply,
) -> Result<()> {
    let answer = codec::encode(answer)?;
    match answers {
        Some(answers) if answers.put(&answer) => match answers.is_asleep() {
            true => frame::send(socket, &[]),
            false => Ok(()),
        },
        _ => frame::send(socket, &answer),
    }
}

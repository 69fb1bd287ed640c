//! A worker: takes jobs from its seat, or its socket, one at a time, and answers
//! each.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::unistd::getppid;

use super::answer::Results;
use crate::codec;
use crate::error::Result;
use crate::patience::{patiently, read_patiently};
use crate::pipe::frame;
use crate::process::die_with;
use crate::seat::{Seat, Taken, Wake, talk};
use crate::sys::task::{self, Failure};

/// What a worker runs before its first job; an error tells why it cannot have
/// any.
pub(super) type Initializer<'a> = dyn Fn() -> Result<(), String> + 'a;

/// What a worker sends first, if there is an initializer: whether it is ready
/// for jobs.
pub(super) type Fitness = Result<(), String>;

/// The name of every worker's process.
pub(super) const NAME: &str = "PoolWorker";

/// The body of a worker process.
pub(super) fn run(
    socket: &OwnedFd,
    seat: Option<&Seat>,
    initializer: Option<&Initializer<'_>>,
) -> i32 {
    let parent = getppid().as_raw();
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
    let _ = serve(socket.as_fd(), seat, parent);
    0
}

fn serve(
    socket: BorrowedFd<'_>,
    seat: Option<&Seat>,
    parent: i32,
) -> Result<()> {
    let (mut order, mut results) = (Vec::new(), Results::default());
    loop {
        // Before it waits: what was long is given back now.
        codec::clear(&mut order);
        results.clear();
        next_order(socket, seat, parent, &mut order)?;
        let done = task::run(&order, &mut results);
        let mut reply = results.reply(&done)?;
        let (len, max) = (reply.len(), frame::MAX);
        if len > max {
            let reason = format!(
                "the results of a chunk have {len} bytes, and {max} are \
                 possible"
            );
            reply = results.reply(&Err(Failure::Encode { reason }))?;
        }
        send(socket, seat, reply)?;
    }
}

/// Waits for an order. Without a seat, the pool's death shows at the socket;
/// with one, nobody looks there, and the kernel kills the worker with its parent.
fn next_order(
    socket: BorrowedFd<'_>,
    seat: Option<&Seat>,
    parent: i32,
    order: &mut Vec<u8>,
) -> Result<()> {
    let Some(seat) = seat else {
        *order = read_patiently(socket, || frame::recv(socket))?;
        return Ok(());
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
    loop {
        match orders.take_next(order) {
            Some(Taken::Here) => return Ok(()),
            Some(Taken::Elsewhere) => {
                *order = frame::recv(socket)?;
                return Ok(());
            }
            None => patiently(|| orders.has_one().into(), sleep)?,
        }
    }
}

fn send(
    socket: BorrowedFd<'_>,
    seat: Option<&Seat>,
    reply: &[u8],
) -> Result<()> {
    let Some(seat) = seat else {
        return frame::send(socket, reply);
    };
    let lies_there = seat.answers().put(reply).is_some();
    // Who sleeps here takes from the socket what has come whole, or leaves it to
    // the thread.
    seat.bell().ring(|| {
        !lies_there
            || seat.orders().is_half_empty()
            || seat.answers().is_half_full()
    });
    match lies_there {
        false => frame::send(socket, reply),
        true if seat.answers().wake() == Wake::BySocket => talk::wake(socket),
        true => Ok(()),
    }
}

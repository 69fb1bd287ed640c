//! A seat: memory that two processes share, where short messages between them
//! lie instead of going through the kernel.
//!
//! There is a place for messages each way, since one of the two asks and the
//! other answers: a pool has jobs done by a worker, a client has a call done by
//! a manager. Who puts one there writes its length and its bytes, and then
//! counts it, by one addition: a message is there as a whole or not at all. Who
//! takes an order counts it first, in the same word: so a pool knows what a worker
//! that died has begun, and may take back what none has.
//!
//! A message that is too long, or that has descriptors with it, goes by a
//! socket, and its length here says so. By the socket, each sees the end of the
//! other, too.
//!
//! Who waits for a message leaves a mark before he sleeps: at the socket, where
//! he sees the other's end, and where an empty message wakes him; or, if the
//! other's end wakes him anyway, here, which is twice as quick. Who waits for
//! messages in several seats sleeps at the [`Bell`] beside them.
//!
//! The memory is made before the processes that share it are forked. Who finds
//! no seat free has all go by the socket.

mod bell;
mod post;
pub(crate) mod talk;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use bell::{Bell, Until};
pub(crate) use post::{Batch, MOST_MESSAGES, Post, Taken, Wake};

use crate::error::Result;
use crate::sys::region::{Region, shared_struct};

shared_struct! {
    struct Places {
        orders: Post,
        answers: Post,
    }
}

/// Some seats, and a bell beside them.
pub(crate) struct Seats {
    region: Region,
    count: usize,
}

impl Seats {
    pub(crate) fn new(count: usize) -> Result<Arc<Self>> {
        let region = Region::new(start_of(count))?;
        Ok(Arc::new(Self { region, count }))
    }

    /// All of them.
    pub(crate) fn all(self: &Arc<Self>) -> Vec<Seat> {
        (0..self.count).filter_map(|it| self.seat(it)).collect()
    }

    pub(crate) fn bell(&self) -> &Bell {
        self.region.at(0)
    }

    /// The one with this number, if there is one.
    pub(crate) fn seat(self: &Arc<Self>, number: usize) -> Option<Seat> {
        let seats = Arc::clone(self);
        (number < self.count).then_some(Seat { seats, number })
    }
}

fn start_of(number: usize) -> usize {
    size_of::<Bell>() + number * size_of::<Places>()
}

/// One of the [`Seats`], for the two who share it.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    number: usize,
}

impl Seat {
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// To who does what it is asked.
    pub(crate) fn orders(&self) -> &Post {
        &self.places().orders
    }

    /// From who does what it is asked.
    pub(crate) fn answers(&self) -> &Post {
        &self.places().answers
    }

    /// For who waits for answers from several seats, this among them.
    pub(crate) fn bell(&self) -> &Bell {
        self.seats.bell()
    }

    /// Lets who sits there look at his socket.
    pub(crate) fn call_to_socket(&self) {
        self.orders().put_elsewhere();
        // Who sleeps at the socket anyway sees what there is.
        let _ = self.orders().wake();
    }

    /// Makes it one that nobody has sat in.
    pub(crate) fn clear(&self) {
        self.orders().clear();
        self.answers().clear();
    }

    fn places(&self) -> &Places {
        self.seats.region.at(start_of(self.number))
    }
}

//! A seat: memory that two processes share, where short messages between them
//! lie instead of going through the kernel.
//!
//! There is a place for one message each way, since one of the two asks and the
//! other answers: a pool has a job done by a worker, a client has a call done by
//! a manager. Who puts one there writes its bytes and its length, and then the
//! number of the message, by one store: a message is there as a whole or not at
//! all. Who has taken it stores the number, too, so that a pool knows whether a
//! worker that died has had its job.
//!
//! A message that is too long, or that has descriptors with it, goes by a
//! socket, and its length here says so. The other side may sleep at the socket;
//! it has left a mark then, and an empty message by the socket is the bell. By
//! the socket, each sees the end of the other, too.
//!
//! The memory is made before the processes that share it are forked. Who finds
//! no seat free has all go by the socket.

mod post;
pub(crate) mod talk;

use std::sync::Arc;

pub(crate) use post::{Post, fits};

use crate::error::Result;
use crate::sys::region::{Region, shared_struct};

shared_struct! {
    struct Places {
        orders: Post,
        answers: Post,
    }
}

/// Some seats.
pub(crate) struct Seats {
    region: Region,
    count: usize,
}

impl Seats {
    pub(crate) fn new(count: usize) -> Result<Arc<Self>> {
        let region = Region::new(count * size_of::<Places>())?;
        Ok(Arc::new(Self { region, count }))
    }

    /// All of them.
    pub(crate) fn all(self: &Arc<Self>) -> Vec<Seat> {
        (0..self.count).filter_map(|it| self.seat(it)).collect()
    }

    /// The one with this number, if there is one.
    pub(crate) fn seat(self: &Arc<Self>, number: usize) -> Option<Seat> {
        let seats = Arc::clone(self);
        (number < self.count).then_some(Seat { seats, number })
    }
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

    /// Makes it one that nobody has sat in.
    pub(crate) fn clear(&self) {
        self.orders().clear();
        self.answers().clear();
    }

    fn places(&self) -> &Places {
        self.seats.region.at(self.number * size_of::<Places>())
    }
}

//! A job: what a worker is given at once, and where its results go.

use std::ops::Range;
use std::sync::Arc;

use super::answer::{Answer, Reply};
use super::message::{self, Message};
use crate::error::Result;
use crate::sys::task::Failure;

/// What a thread of the pool is to call.
pub(super) type Call = Box<dyn FnOnce() + Send>;

/// Where the results of a task's items go.
pub(super) trait Sink: Send + Sync {
    /// Takes the results of the job with this number; gives what
    /// is to be called then.
    fn fill(&self, job: usize, results: Answer) -> Option<Call>;
}

/// So many bytes a short order has.
const ORDER: usize = 48;

/// A task while its jobs are made: a call of `map` and its like.
pub(super) struct Task {
    orders: Vec<u8>,
    /// Where each order lies, and for how many items it is.
    jobs: Vec<(Range<usize>, usize)>,
}

impl Task {
    pub(super) fn of(jobs: usize) -> Self {
        Self {
            orders: Vec::with_capacity(ORDER * jobs),
            jobs: Vec::with_capacity(jobs),
        }
    }

    /// Adds a job for `count` items, whose order `write` appends.
    pub(super) fn add(
        &mut self,
        count: usize,
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let order = message::append(&mut self.orders, write)?;
        self.jobs.push((order, count));
        Ok(())
    }

    /// The jobs, whose results go to `sink`.
    pub(super) fn jobs(self, sink: Arc<dyn Sink>) -> impl Iterator<Item = Job> {
        let orders = Arc::new(Orders {
            bytes: self.orders,
            sink,
        });
        let jobs = self.jobs.into_iter().enumerate();
        jobs.map(move |(number, (order, count))| Job {
            orders: Arc::clone(&orders),
            order,
            number,
            count,
        })
    }
}

/// What the jobs of a task have in common.
struct Orders {
    bytes: Vec<u8>,
    sink: Arc<dyn Sink>,
}

/// A part of a task: some items that one worker takes at once.
pub(super) struct Job {
    orders: Arc<Orders>,
    order: Range<usize>,
    /// Which of the task's jobs it is.
    number: usize,
    /// How many items it has.
    count: usize,
}

impl Job {
    pub(super) fn order(&self) -> Message<'_> {
        Message::at(&self.orders.bytes, self.order.clone())
    }

    pub(super) fn is_for(&self, sink: &Arc<dyn Sink>) -> bool {
        Arc::ptr_eq(&self.orders.sink, sink)
    }

    /// Takes what the worker sent, or why it sent nothing.
    #[must_use]
    pub(super) fn finish(self, reply: Result<Reply, Failure>) -> Option<Call> {
        let answer = reply.and_then(|reply| Answer::new(reply, self.count));
        let answer = answer
            .unwrap_or_else(|failure| Answer::failed(self.count, &failure));
        self.orders.sink.fill(self.number, answer)
    }
}

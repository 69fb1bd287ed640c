//! A queue in the server. Each client's calls run in a thread of its own, so
//! they may wait.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{done, lock, reply};
use crate::manager::door::Client;
use crate::manager::protocol::{Encoded, QueueCall, Refusal};
use crate::sys::mutex::remaining;

/// How often a call that waits looks whether its client is still there.
const LOOK: Duration = Duration::from_secs(1);

pub(super) struct Queue {
    maxsize: usize,
    items: Mutex<VecDeque<Encoded>>,
    changed: Condvar,
}

impl Queue {
    /// Zero: without limit.
    pub(super) fn new(maxsize: usize) -> Self {
        Self {
            maxsize: match maxsize {
                0 => usize::MAX,
                maxsize => maxsize,
            },
            items: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(super) fn answer(&self, call: QueueCall, client: &Client) -> Vec<u8> {
        match call {
            QueueCall::Put { item, limit } => {
                let mut item = Some(item);
                let put = self.when(client, limit, |items| {
                    let room = items.len() < self.maxsize;
                    room.then(|| items.extend(item.take()))
                });
                reply(&put.ok_or(Refusal::Full))
            }
            QueueCall::Get { limit } => {
                let got = self.when(client, limit, VecDeque::pop_front);
                reply(&got.ok_or(Refusal::Empty))
            }
            QueueCall::Size => done(lock(&self.items).len()),
            QueueCall::Full => done(lock(&self.items).len() >= self.maxsize),
        }
    }

    /// Waits until `act` does something; none: the time is over, or the
    /// client is gone, which must not take an item with it.
    fn when<R>(
        &self,
        client: &Client,
        limit: Option<Duration>,
        mut act: impl FnMut(&mut VecDeque<Encoded>) -> Option<R>,
    ) -> Option<R> {
        let start = Instant::now();
        let mut items = lock(&self.items);
        while !client.is_gone() {
            if let Some(result) = act(&mut items) {
                // All, since the one that would be chosen may be of no use:
                // it waits for the opposite, or its client is gone.
                self.changed.notify_all();
                return Some(result);
            }
            let left = remaining(start, limit).unwrap_or(LOOK);
            if left.is_zero() {
                return None;
            }
            let waited = self.changed.wait_timeout(items, left.min(LOOK));
            items = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }
}

//! A condition in the server: a lock, and a line of those who wait.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::guest::Guest;
use super::lock::Lock;
use super::waiting::{Shared, Unmet};
use super::{done, refused, reply};
use crate::manager::protocol::{ConditionCall, Refusal, Reply};

pub(super) struct Condition {
    pub(super) lock: Arc<Lock>,
    line: Shared<Line>,
}

impl Condition {
    pub(super) fn new(lock: Arc<Lock>) -> Self {
        Self {
            lock,
            line: Shared::new(Line::default()),
        }
    }

    pub(super) fn answer(
        &self,
        call: ConditionCall,
        guest: &Arc<Guest>,
    ) -> Vec<u8> {
        if let ConditionCall::Lock(call) = call {
            return self.lock.answer(call, guest);
        }
        if !self.lock.is_owner(guest) {
            return refused(Refusal::NotOwner);
        }
        match call {
            ConditionCall::Wait { limit } => reply(&self.wait(limit, guest)),
            ConditionCall::Notify(n) => {
                let n = n.map_or(usize::MAX, |n| n as usize);
                self.line.change(|line| line.notify(n));
                done(())
            }
            ConditionCall::Lock(_) | ConditionCall::Check => done(()),
        }
    }

    /// Gives the lock up, waits for a notification, and takes the lock again.
    /// The notification is taken with the lock: who is gone before it has both
    /// leaves it to another.
    fn wait(&self, limit: Option<Duration>, guest: &Arc<Guest>) -> Reply<bool> {
        // Before the lock is free: who has it next may notify at once.
        let ticket = self.line.change(Line::join);
        let times = self.lock.release_all(guest);
        let notified = |line: &mut Line| line.is_notified(ticket).then_some(());
        // The line tells in the end, what ended the wait may be earlier.
        let _ = self.line.when(guest, limit, notified);
        match self.lock.take_back(guest, times) {
            Ok(None) => Ok(self.line.change(|line| line.leave(ticket))),
            Ok(Some(pid)) => {
                self.line.change(|line| line.give_way(ticket));
                Err(Refusal::OwnerDied { pid })
            }
            Err(Unmet::Late | Unmet::Gone) => {
                self.line.change(|line| line.give_way(ticket));
                Ok(false)
            }
        }
    }
}

/// Who waits, in the order of their coming. The time is the number of comings
/// and notifications so far.
#[derive(Default)]
struct Line {
    time: u64,
    waiting: VecDeque<Waiter>,
}

struct Waiter {
    /// The time when it came.
    came: u64,
    /// The time of its notification.
    notified: Option<u64>,
}

impl Line {
    fn now(&mut self) -> u64 {
        self.time += 1;
        self.time
    }

    fn join(&mut self) -> u64 {
        let came = self.now();
        let notified = None;
        self.waiting.push_back(Waiter { came, notified });
        came
    }

    fn notify(&mut self, n: usize) {
        let now = self.now();
        let without =
            self.waiting.iter_mut().filter(|it| it.notified.is_none());
        without.take(n).for_each(|it| it.notified = Some(now));
    }

    fn is_notified(&self, came: u64) -> bool {
        let mut waiting = self.waiting.iter();
        waiting.any(|it| it.came == came && it.notified.is_some())
    }

    /// Waits no longer; tells whether there was a notification.
    fn leave(&mut self, came: u64) -> bool {
        self.take_out(came).is_some()
    }

    /// Waits no longer, and leaves its notification, if it has one, to another
    /// who waited then.
    fn give_way(&mut self, came: u64) {
        let Some(notified) = self.take_out(came) else {
            return;
        };
        let mut others = self.waiting.iter_mut();
        let heir =
            others.find(|it| it.notified.is_none() && it.came < notified);
        if let Some(heir) = heir {
            heir.notified = Some(notified);
        }
    }

    /// The time of its notification.
    fn take_out(&mut self, came: u64) -> Option<u64> {
        let place = self.waiting.iter().position(|it| it.came == came)?;
        self.waiting.remove(place)?.notified
    }
}

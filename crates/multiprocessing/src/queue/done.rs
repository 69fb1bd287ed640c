//! How many of the messages of a queue have been dealt with.

use std::time::Duration;

use super::end::{End, distance};
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Signal};
use crate::sys::machine::{AtomicU32, Ordering::SeqCst};
use crate::sys::mutex::{Held, RobustMutex};
use crate::sys::region::shared_struct;

shared_struct! {
    pub(super) struct Done {
        pub(super) lock: RobustMutex,
        /// As an end counts messages.
        count: AtomicU32,
        all: Signal,
    }
}

impl Done {
    /// Notes that one more is done, of those that `tail` has let in.
    pub(super) fn note(&self, tail: &End) -> Result<()> {
        let _held = self.hold(None)?;
        match self.left(tail) {
            0 => return Err(Error::DoneTooOften),
            1 => self.all.wake(),
            _ => {}
        }
        let count = self.count.load(SeqCst);
        self.count.store(count.wrapping_add(1), SeqCst);
        Ok(())
    }

    /// Waits until all are done, `limit` at most; tells whether they are.
    pub(super) fn wait_for(
        &self,
        tail: &End,
        limit: Option<Duration>,
    ) -> Result<bool> {
        let done = self.attempt(&self.all, limit, |_lock| {
            Ok((self.left(tail) == 0).then_some(()))
        });
        Ok(done?.is_some())
    }

    fn left(&self, tail: &End) -> u32 {
        distance(tail.count(), self.count.load(SeqCst))
    }
}

impl Monitor for Done {
    fn lock(&self) -> &RobustMutex {
        &self.lock
    }

    fn recover(&self, _lock: &Held<'_>) {
        // Its one word is never half changed.
    }
}

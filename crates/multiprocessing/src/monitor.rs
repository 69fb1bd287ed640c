//! A monitor: shared state under a lock, and sleep until the state has changed.
//!
//! Events, conditions and barriers are monitors, and what a queue knows of tasks
//! that are done. Whoever changes the state wakes the sleepers *before* the
//! change, still under the lock: they line up for the lock and look when the
//! change is done. Were they woken after it, a process killed in between would
//! leave them asleep beside what they wait for. And all are woken, not one: the
//! one might be killed before it acts.
//!
//! (Semaphores and queues have their state in one word, to which the kernel adds
//! as it wakes, and need no lock around the two.)

use std::time::Duration;

use crate::error::Result;
use crate::futex;
use crate::sys::machine::{AtomicU32, Instant, Ordering::SeqCst};
use crate::sys::mutex::{Acquired, Held, RobustMutex, remaining};
use crate::sys::region::shared_struct;

/// Who does not want to wait for a change waits at least so long for the lock,
/// which others hold for microseconds.
pub(crate) const LOCK_PATIENCE: Duration = Duration::from_millis(100);

shared_struct! {
    /// A word that changes when there is something to look at, and how many
    /// sleep on it. The count only saves the wake-up call when it is 0; a
    /// killed sleeper leaves it too high, which costs a call and nothing else.
    pub(crate) struct Signal {
        word: AtomicU32,
        sleepers: AtomicU32,
    }
}

impl Signal {
    /// To be called under the lock, before the change.
    pub(crate) fn wake(&self) {
        self.word.fetch_add(1, SeqCst);
        if self.sleepers.load(SeqCst) > 0 {
            futex::wake_all(&self.word);
        }
    }

    /// The value of the word, to be asked for before the look at the state:
    /// what changes from then on changes the word, and a sleep ends at once.
    /// Also what somebody changes who did not get the lock.
    pub(crate) fn seen(&self) -> u32 {
        self.word.load(SeqCst)
    }

    /// To be called under the lock, which `unlock` gives up: sleeps by `sleep`,
    /// which is told a word and the value while there is nothing to look at.
    pub(crate) fn sleep(
        &self,
        seen: u32,
        unlock: impl FnOnce(),
        sleep: impl FnOnce(&AtomicU32, u32),
    ) {
        // Counted under the lock: whoever has it next knows of the sleeper.
        self.sleepers.fetch_add(1, SeqCst);
        unlock();
        sleep(&self.word, seen);
        self.sleepers.fetch_sub(1, SeqCst);
    }
}

/// Shared state under a lock.
pub(crate) trait Monitor {
    fn lock(&self) -> &RobustMutex;

    /// Puts right what a process that died under the lock left half done.
    fn recover(&self, held: &Held<'_>);

    /// Takes the lock, within `limit`; none if it took too long.
    fn hold(&self, limit: Option<Duration>) -> Result<Option<Held<'_>>> {
        let lock = self.lock();
        let limit = limit.map(|limit| limit.max(LOCK_PATIENCE));
        let acquired = lock.acquire(limit)?;
        if acquired == Acquired::No {
            return Ok(None);
        }
        let held = lock.held();
        if acquired != Acquired::Yes {
            self.recover(&held);
        }
        Ok(Some(held))
    }

    /// Tries `action` under the lock until it works, sleeping in between until
    /// `signal` says that something has changed; none if it took too long.
    fn attempt<T>(
        &self,
        signal: &Signal,
        limit: Option<Duration>,
        action: impl FnMut(&Held<'_>) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        self.attempt_asleep(signal, limit, futex::wait, action)
    }

    /// As [`attempt`](Self::attempt), but sleeps by `sleep`, which may end
    /// for other reasons, too.
    fn attempt_asleep<T>(
        &self,
        signal: &Signal,
        limit: Option<Duration>,
        sleep: impl Fn(&AtomicU32, u32, Option<Duration>),
        mut action: impl FnMut(&Held<'_>) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let start = Instant::now();
        loop {
            let left = remaining(start, limit);
            let Some(held) = self.hold(left)? else {
                return Ok(None);
            };
            let seen = signal.seen();
            if let Some(done) = action(&held)? {
                return Ok(Some(done));
            }
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            let unlock = || drop(held);
            signal.sleep(seen, unlock, |word, seen| sleep(word, seen, left));
        }
    }
}

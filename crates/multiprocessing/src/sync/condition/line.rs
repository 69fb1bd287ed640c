//! Who waits at a condition, and who may go on: a few counters, whoever and
//! however many there are. All of it changes under the condition's lock.
//!
//! The time is the number of notifications so far. Each waiter keeps in mind
//! when it came. A `notify(2)` at time 5 grants that two of those who came at
//! time 5 or before may go; each of them looks, under the lock, and the first
//! two take the grant. Who comes later cannot: a notification is for those who
//! waited already. And who is dead takes none.

use crate::monitor::Signal;
use crate::sys::machine::{AtomicU32, AtomicU64, Ordering::SeqCst};
use crate::sys::region::shared_struct;

/// So many notifications are remembered one by one. Who has not looked since
/// longer goes for nothing, rather than to miss the one that was for it.
const MEMORY: usize = 64;

shared_struct! {
    pub(super) struct Line {
        notified: Signal,
        /// How many wait and have no grant. Never too low; too high after one
        /// was killed, which costs a grant that nobody takes.
        waiting: AtomicU32,
        time: AtomicU64,
        /// Whoever came before this time may go.
        all_before: AtomicU64,
        /// By the time of the notification: how many may still go by it.
        grants: [AtomicU32; MEMORY],
    }
}

impl Line {
    /// What those who wait sleep on.
    pub(super) fn notified(&self) -> &Signal {
        &self.notified
    }

    /// Begins to wait; the time.
    pub(super) fn join(&self) -> u64 {
        self.waiting.fetch_add(1, SeqCst);
        self.time.load(SeqCst)
    }

    /// Waits no longer, and takes no grant.
    pub(super) fn leave(&self) {
        let waiting = self.waiting.load(SeqCst);
        self.waiting.store(waiting.saturating_sub(1), SeqCst);
    }

    /// Lets `n` of those go who wait.
    pub(super) fn let_go(&self, n: u32) {
        let waiting = self.waiting.load(SeqCst);
        let n = n.min(waiting);
        if n == 0 {
            return;
        }
        self.notified.wake();
        let now = self.time.load(SeqCst);
        self.grants_at(now).fetch_add(n, SeqCst);
        self.waiting.store(waiting - n, SeqCst);
        self.forget(now + 1);
        self.time.store(now + 1, SeqCst);
    }

    /// Lets all go who wait.
    pub(super) fn let_all_go(&self) {
        if self.waiting.load(SeqCst) == 0 {
            return;
        }
        self.notified.wake();
        let now = self.time.load(SeqCst);
        self.all_before.store(now + 1, SeqCst);
        self.waiting.store(0, SeqCst);
        self.forget(now + 1);
        self.time.store(now + 1, SeqCst);
    }

    /// Whether who came at the time `came` may go; it takes a grant then.
    pub(super) fn may_go(&self, came: u64) -> bool {
        if came < self.all_before.load(SeqCst) {
            return true;
        }
        let now = self.time.load(SeqCst);
        let first = came.max(now.saturating_sub(MEMORY as u64 - 1));
        let mut grants = (first..=now).map(|time| self.grants_at(time));
        // The oldest one, which fewest others could take.
        let grant = grants.find(|grant| grant.load(SeqCst) > 0);
        grant.map(|grant| grant.fetch_sub(1, SeqCst)).is_some()
    }

    /// Makes a place for the grants of the time `next`: who may still go by
    /// what stands there goes without one.
    fn forget(&self, next: u64) {
        let place = self.grants_at(next);
        if place.load(SeqCst) > 0 {
            let last = next.saturating_sub(MEMORY as u64);
            self.all_before.fetch_max(last + 1, SeqCst);
            place.store(0, SeqCst);
        }
    }

    fn grants_at(&self, time: u64) -> &AtomicU32 {
        let place = time % MEMORY as u64;
        &self.grants[usize::try_from(place).unwrap_or(0)]
    }
}

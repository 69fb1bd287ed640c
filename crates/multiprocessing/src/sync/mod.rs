//! Locks and whatever else processes, and threads, wait for.
//!
//! A `Lock` or an `RLock` is a mutex in shared memory. Taking a free one is one
//! atomic instruction and no system call; who finds it taken sleeps in the
//! kernel on that word of memory (a *futex*) until the owner wakes it. It is
//! *robust*: when an owner dies, the kernel marks its mutexes and wakes the next
//! in line, who learns of the death
//! ([`Error::OwnerDied`](crate::Error::OwnerDied)) instead of waiting for ever.
//!
//! A `Semaphore` is a counter in shared memory: it knows neither who has taken
//! units nor who waits. So the death of a waiter changes nothing, and a unit that
//! a dead process held is lost, as in Python.
//!
//! An `Event` is a flag under a lock, and a `Condition` a few counters under
//! the lock that its users hold. Who waits sleeps on a word of memory, and goes
//! to sleep only if the word still has the value that it saw under the lock;
//! whoever changes something changes the word first. So no wake-up is lost,
//! however late the sleeper is. And since nothing is kept for a sleeper, a
//! dead one holds nobody up.
//!
//! A `Barrier` has to know when one of those who wait dies: each of them has a
//! seat, which is a robust mutex that it holds.

mod barrier;
mod condition;
mod event;
mod lock;
mod semaphore;

pub use barrier::Barrier;
pub(crate) use barrier::Cause;
pub use condition::{Condition, ConditionGuard};
pub use event::Event;
pub use lock::{Lock, LockGuard, RLock, RLockGuard};
pub use semaphore::{BoundedSemaphore, Semaphore, SemaphoreGuard};
pub(crate) use semaphore::{MAX as MOST_UNITS, check_units};

//! Locks and semaphores between processes, and between threads.
//!
//! A `Lock` or an `RLock` is a mutex of the C library in shared memory.
//! Taking a free one is one atomic instruction and no system call; who finds
//! it taken sleeps in the kernel on that word of memory (a *futex*) until the
//! owner wakes it. It is *robust*: when an owner dies, the kernel marks its
//! mutexes and wakes the next in line, who learns of the death
//! ([`Error::OwnerDied`](crate::Error::OwnerDied)) instead of waiting for
//! ever.
//!
//! A `Semaphore` is a counter in shared memory under such a lock, held for a
//! moment at a time: it knows neither who has taken units nor who waits. So the
//! death of a waiter changes nothing, and a unit that a dead process held is
//! lost, as in Python.

mod lock;
mod semaphore;

pub use lock::{Lock, LockGuard, RLock, RLockGuard};
pub use semaphore::{BoundedSemaphore, Semaphore, SemaphoreGuard};

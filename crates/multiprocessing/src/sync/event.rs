//! `Event`.
//!
//! Under it lies the futex, by which the kernel lets a thread sleep while a
//! word of shared memory has a value. Who waits takes the lock, sees that the
//! event is not set, reads the word, gives the lock up, and sleeps while the
//! word has that value. Who sets the event takes the lock, changes the word and
//! wakes all who sleep, sets the event, and gives the lock up. A wake-up can
//! only be lost between the look and the sleep: but then the word has another
//! value already, and the kernel does not let the late one sleep. Who was woken
//! before the event was set waits for the lock, and finds it set. If the one
//! who sets it is killed on the way, the kernel gives the lock to the next of
//! them, and the event is either set for all, or for nobody.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::monitor::{Monitor, Signal};
use crate::sys::machine::{AtomicU32, Ordering::SeqCst};
use crate::sys::mutex::{Held, Kind, RobustMutex};
use crate::sys::point::point;
use crate::sys::region::{InRegion, shared_struct};

shared_struct! {
    /// What lies in shared memory.
    struct Flag {
        lock: RobustMutex,
        /// How often the flag has changed. It began unset, so it is set while
        /// the number is odd; and who waits sees also a set that was cleared
        /// before it could look.
        changes: AtomicU32,
        changed: Signal,
    }
}

impl Monitor for Flag {
    fn lock(&self) -> &RobustMutex {
        &self.lock
    }

    fn recover(&self, _held: &Held<'_>) {
        // Its one word is never half changed.
    }
}

/// A flag that processes wait for. Python: `multiprocessing.Event`.
///
/// ```
/// use multiprocessing::{Event, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let ready = Event::new()?;
///     let child = Process::new(|| {
///         ready.wait()?;
///         println!("go");
///         Ok::<_, multiprocessing::Error>(())
///     });
///     child.start()?;
///     ready.set()?;
///     child.join()
/// }
/// ```
///
/// Who waits when the event is set goes on, also if it is cleared at once; in
/// Python it may miss that. A waiter that is killed changes nothing for
/// anybody else, where in CPython the next `set` waits for it for ever.
#[derive(Clone)]
pub struct Event(Arc<InRegion<Flag>>);

impl Event {
    /// An event that is not set, shared with every process started from now
    /// on.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if there is no shared memory
    /// for it.
    pub fn new() -> Result<Self> {
        let flag = InRegion::<Flag>::new()?;
        flag.lock.init(Kind::Plain)?;
        Ok(Self(Arc::new(flag)))
    }

    /// Whether the event is set. Python: `is_set()`.
    #[must_use]
    pub fn is_set(&self) -> bool {
        point("Event.is_set");
        self.now()
    }

    /// Sets the event; all who wait go on. Python: `set()`.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if the lock fails.
    pub fn set(&self) -> Result<()> {
        point("Event.set");
        let _held = self.0.hold(None)?;
        if !self.now() {
            self.0.changed.wake();
            self.0.changes.fetch_add(1, SeqCst);
        }
        Ok(())
    }

    /// Makes the event unset: who waits from now on waits for the next
    /// [`set`](Self::set). Python: `clear()`.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if the lock fails.
    pub fn clear(&self) -> Result<()> {
        point("Event.clear");
        let _held = self.0.hold(None)?;
        if self.now() {
            self.0.changes.fetch_add(1, SeqCst);
        }
        Ok(())
    }

    /// Waits until the event is set. Python: `wait()`.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if the lock fails.
    pub fn wait(&self) -> Result<()> {
        self.sleep(None).map(drop)
    }

    /// Waits until the event is set, `limit` at most, and tells whether it
    /// was. Python: `wait(timeout)`, in seconds.
    ///
    /// ```
    /// # use multiprocessing::Event;
    /// # use std::time::Duration;
    /// let event = Event::new()?;
    /// assert!(!event.wait_timeout(Duration::from_millis(10))?);
    /// event.set()?;
    /// assert!(event.wait_timeout(Duration::ZERO)? && event.is_set());
    /// event.clear()?;
    /// assert!(!event.is_set());
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_timeout(&self, limit: Duration) -> Result<bool> {
        self.sleep(Some(limit))
    }

    fn now(&self) -> bool {
        self.0.changes.load(SeqCst) % 2 == 1
    }

    fn sleep(&self, limit: Option<Duration>) -> Result<bool> {
        point("Event.wait");
        let flag = &**self.0;
        let before = flag.changes.load(SeqCst);
        let set = flag.attempt(&flag.changed, limit, |_held| {
            let changed = flag.changes.load(SeqCst) != before;
            Ok((changed || self.now()).then_some(()))
        });
        Ok(set?.is_some())
    }
}

impl fmt::Debug for Event {
    /// As Python's `repr`, which says `set` or `unset`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.now() {
            "Event(set)"
        } else {
            "Event(unset)"
        })
    }
}

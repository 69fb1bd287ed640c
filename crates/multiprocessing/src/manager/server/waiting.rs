//! How a call waits: each client's calls run in a thread of its own, which
//! sleeps until the object has changed, or its client is gone.

use std::sync::Mutex;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::guest::Guest;
use super::lock;
use crate::sys::mutex::remaining;

/// What clients wait for a change of.
pub(super) struct Shared<S>(Mutex<Inner<S>>);

struct Inner<S> {
    state: S,
    asleep: Vec<Thread>,
}

/// Why a call did not do what it waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmet {
    /// The time is over.
    Late,
    /// The client is gone.
    Gone,
}

impl<S> Shared<S> {
    pub(super) fn new(state: S) -> Self {
        let asleep = Vec::new();
        Self(Mutex::new(Inner { state, asleep }))
    }

    /// Looks at what is so now.
    pub(super) fn look<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        look(&lock(&self.0).state)
    }

    /// Does something, in one step, and wakes who waits for it.
    pub(super) fn change<R>(&self, act: impl FnOnce(&mut S) -> R) -> R {
        let mut inner = lock(&self.0);
        let result = act(&mut inner.state);
        inner.wake_all();
        result
    }

    /// Waits until `act` does something, and wakes the others then. It is
    /// asked after each change, and never once the client is gone: what it
    /// would take would be lost.
    pub(super) fn when<R>(
        &self,
        guest: &Guest,
        limit: Option<Duration>,
        mut act: impl FnMut(&mut S) -> Option<R>,
    ) -> Result<R, Unmet> {
        let start = Instant::now();
        loop {
            let mut inner = lock(&self.0);
            inner.is_awake();
            if guest.is_gone() {
                return Err(Unmet::Gone);
            }
            if let Some(result) = act(&mut inner.state) {
                inner.wake_all();
                return Ok(result);
            }
            let left = remaining(start, limit);
            if left == Some(Duration::ZERO) {
                return Err(Unmet::Late);
            }
            inner.falls_asleep();
            drop(inner);
            // Whoever wakes this thread from now on ends its sleep, also if it
            // has not begun yet.
            match left {
                Some(left) => thread::park_timeout(left),
                None => thread::park(),
            }
        }
    }
}

impl<S> Inner<S> {
    fn falls_asleep(&mut self) {
        self.asleep.push(thread::current());
    }

    /// The calling thread has woken, if it slept, in whatever way.
    fn is_awake(&mut self) {
        let this = thread::current().id();
        self.asleep.retain(|thread| thread.id() != this);
    }

    /// All, since the one that would be chosen may be of no use: it waits for
    /// something else, or its client is gone.
    fn wake_all(&mut self) {
        for thread in self.asleep.drain(..) {
            thread.unpark();
        }
    }
}

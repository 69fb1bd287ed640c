//! A switch between two stacks, and nothing around it.

use corosensei::{Coroutine, CoroutineResult};

/// A coroutine that yields 0, 1, 2, …
pub(crate) struct Counter(Coroutine<u64, u64, ()>);

impl Counter {
    pub(crate) fn new() -> Self {
        Self(Coroutine::new(|yielder, first: u64| {
            let mut sent = first;
            loop {
                sent = yielder.suspend(sent + 1);
            }
        }))
    }

    pub(crate) fn next(&mut self, sent: u64) -> u64 {
        match self.0.resume(sent) {
            CoroutineResult::Yield(number) => number,
            CoroutineResult::Return(()) => unreachable!("it never ends"),
        }
    }
}

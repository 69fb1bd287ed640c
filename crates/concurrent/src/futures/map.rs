//! `map`: the results in the order of the items.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::error::Result;
use super::future::Future;

/// The results of an executor's `map`, in the order of the items. It waits for
/// each; after an error there are no more. What has not begun when it is
/// dropped, or after an error, is cancelled.
#[derive(Debug)]
#[must_use = "it is an iterator; dropping it cancels what has not begun"]
pub struct Map<R> {
    futures: VecDeque<Future<R>>,
    deadline: Option<Instant>,
}

impl<R> Map<R> {
    pub(super) fn new(
        futures: impl IntoIterator<Item = Result<Future<R>>>,
        limit: Option<Duration>,
    ) -> Result<Self> {
        let start = Instant::now();
        let mut map = Self {
            futures: VecDeque::new(),
            deadline: limit.and_then(|limit| start.checked_add(limit)),
        };
        // Into the map one by one, so that it cancels them if one is refused.
        for future in futures {
            map.futures.push_back(future?);
        }
        Ok(map)
    }

    fn cancel(&mut self) {
        for future in self.futures.drain(..) {
            future.cancel();
        }
    }
}

impl<R: Clone> Iterator for Map<R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Self::Item> {
        let future = self.futures.pop_front()?;
        let result = match self.deadline {
            None => future.result(),
            Some(deadline) => future.result_timeout(
                deadline.saturating_duration_since(Instant::now()),
            ),
        };
        if result.is_err() {
            future.cancel();
            self.cancel();
        }
        Some(result)
    }
}

impl<R> Drop for Map<R> {
    fn drop(&mut self) {
        self.cancel();
    }
}

//! `as_completed`: the futures in the order in which they are done.

use std::fmt;
use std::time::{Duration, Instant};

use super::error::{Error, Result};
use super::future::Future;
use super::watch::Watch;

/// Hands out each of `futures` when it is done or cancelled; those that are
/// done already come first. It waits where none is. Python:
/// `as_completed(fs)`.
///
/// ```
/// use concurrent::futures::{ThreadPoolExecutor, as_completed};
///
/// fn main() -> concurrent::futures::Result<()> {
///     let executor = ThreadPoolExecutor::new(2)?;
///     let futures = [executor.submit(|n| n + 1, 1)?];
///     for future in as_completed(futures) {
///         assert_eq!(future?.result()?, 2);
///     }
///     Ok(())
/// }
/// ```
pub fn as_completed<T>(
    futures: impl IntoIterator<Item = Future<T>>,
) -> AsCompleted<T> {
    AsCompleted::new(futures, None)
}

/// As [`as_completed`], but ends with [`Error::Unfinished`] when `limit`, from
/// this call on, has passed. Python: `as_completed(fs, timeout)`, in seconds.
pub fn as_completed_timeout<T>(
    futures: impl IntoIterator<Item = Future<T>>,
    limit: Duration,
) -> AsCompleted<T> {
    AsCompleted::new(futures, Instant::now().checked_add(limit))
}

/// What [`as_completed`] returns. Without a time limit no item is an error.
#[must_use = "it is an iterator, and waits only when asked"]
pub struct AsCompleted<T> {
    watch: Watch<T>,
    deadline: Option<Instant>,
    unfinished: usize,
}

impl<T> AsCompleted<T> {
    fn new(
        futures: impl IntoIterator<Item = Future<T>>,
        deadline: Option<Instant>,
    ) -> Self {
        let watch = Watch::new(futures);
        Self {
            unfinished: watch.total(),
            watch,
            deadline,
        }
    }
}

impl<T> Iterator for AsCompleted<T> {
    type Item = Result<Future<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.unfinished == 0 {
            return None;
        }
        if let Some(news) = self.watch.next(self.deadline) {
            self.unfinished -= 1;
            return self.watch.take(news.index).map(Ok);
        }
        let unfinished = std::mem::take(&mut self.unfinished);
        let total = self.watch.total();
        Some(Err(Error::Unfinished { unfinished, total }))
    }
}

impl<T> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("unfinished", &self.unfinished)
            .finish_non_exhaustive()
    }
}

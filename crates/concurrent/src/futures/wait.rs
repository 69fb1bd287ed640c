//! `wait`: until some of the futures, or all, are done.

use std::fmt;
use std::time::{Duration, Instant};

use super::future::Future;
use super::watch::Watch;

/// When [`wait`] shall return. Python: `return_when=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnWhen {
    /// When one is done or cancelled. Python: `FIRST_COMPLETED`.
    FirstCompleted,
    /// When one has failed, or all are done. Python: `FIRST_EXCEPTION`.
    FirstException,
    /// When all are done. Python: `ALL_COMPLETED`.
    AllCompleted,
}

/// What [`wait`] has found, in the order in which the futures were given.
/// Python: `DoneAndNotDoneFutures`, a tuple of two sets.
pub struct DoneAndNotDoneFutures<T> {
    /// Those that are done or cancelled.
    pub done: Vec<Future<T>>,
    /// The others.
    pub not_done: Vec<Future<T>>,
}

/// Waits until the first, or all, of `futures` are done. Python: `wait(fs,
/// return_when=…)`.
///
/// ```
/// use concurrent::futures::{ReturnWhen, ThreadPoolExecutor, wait};
///
/// fn main() -> concurrent::futures::Result<()> {
///     let executor = ThreadPoolExecutor::new(2)?;
///     let futures = [executor.submit(|n| n + 1, 1)?];
///     let both = wait(&futures, ReturnWhen::AllCompleted);
///     assert_eq!((both.done.len(), both.not_done.len()), (1, 0));
///     Ok(())
/// }
/// ```
pub fn wait<'a, T: 'a>(
    futures: impl IntoIterator<Item = &'a Future<T>>,
    return_when: ReturnWhen,
) -> DoneAndNotDoneFutures<T> {
    wait_until(futures, None, return_when)
}

/// As [`wait`], for `limit` at most. That the limit has passed is no error:
/// `not_done` tells it. Python: `wait(fs, timeout, return_when)`, in seconds.
pub fn wait_timeout<'a, T: 'a>(
    futures: impl IntoIterator<Item = &'a Future<T>>,
    limit: Duration,
    return_when: ReturnWhen,
) -> DoneAndNotDoneFutures<T> {
    wait_until(futures, Instant::now().checked_add(limit), return_when)
}

fn wait_until<'a, T: 'a>(
    futures: impl IntoIterator<Item = &'a Future<T>>,
    deadline: Option<Instant>,
    return_when: ReturnWhen,
) -> DoneAndNotDoneFutures<T> {
    let mut watch = Watch::new(futures.into_iter().cloned());
    for _ in 0..watch.total() {
        let Some(news) = watch.next(deadline) else {
            break;
        };
        let enough = match return_when {
            ReturnWhen::FirstCompleted => true,
            ReturnWhen::FirstException => news.failed,
            ReturnWhen::AllCompleted => false,
        };
        if enough {
            break;
        }
    }
    let (done, not_done) = watch.rest().partition(Future::done);
    DoneAndNotDoneFutures { done, not_done }
}

/// As Python shows it.
impl<T> fmt::Debug for DoneAndNotDoneFutures<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, not_done) = (set(&self.done), set(&self.not_done));
        write!(f, "DoneAndNotDoneFutures(done={done}, not_done={not_done})")
    }
}

fn set<T>(futures: &[Future<T>]) -> String {
    if futures.is_empty() {
        return "set()".into();
    }
    let futures: Vec<_> =
        futures.iter().map(|future| format!("{future:?}")).collect();
    format!("{{{}}}", futures.join(", "))
}

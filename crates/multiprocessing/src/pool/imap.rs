//! `imap` and `imap_unordered`: results one by one, while others are made.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Pool;
use super::answer::{Answer, decode};
use super::dispatcher::Dispatcher;
use super::job::{Call, Sink};
use crate::error::{Error, Result};
use crate::patience::{Look, patiently};
use crate::process::pid;
use crate::sys::mutex::remaining;
use crate::sys::point::point;
use crate::sys::task::Failure;

impl Pool {
    /// Lets the workers run `function` on each of the items; the results come
    /// one by one, in the order of the items, as soon as they are there.
    /// Python: `imap(function, items)`.
    ///
    /// The items are taken and sent on their way before it returns, as with
    /// [`map_async`](Pool::map_async): it is the results that need not all be
    /// in memory. A worker takes one item at a time.
    ///
    /// # Errors
    /// As [`Pool::apply_async`]. What goes wrong with an item is the error of
    /// its place.
    pub fn imap<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Imap<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        point("Pool.imap");
        self.stream(function, items, 1, Order::Items)
    }

    /// As [`Pool::imap`], with chunks of `chunk` items: a worker takes, and
    /// gives, so many at a time. Python: `imap(function, items, chunksize)`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `chunk` is 0; as [`Pool::imap`].
    pub fn imap_in_chunks<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        chunk: usize,
    ) -> Result<Imap<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        point("Pool.imap");
        self.stream(function, items, chunk, Order::Items)
    }

    /// As [`Pool::imap`], but the results come in the order in which they are
    /// made. Python: `imap_unordered(function, items)`.
    ///
    /// # Errors
    /// As [`Pool::imap`].
    pub fn imap_unordered<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Imap<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        point("Pool.imap_unordered");
        self.stream(function, items, 1, Order::Arrival)
    }

    /// As [`Pool::imap_unordered`], with chunks of `chunk` items. Python:
    /// `imap_unordered(function, items, chunksize)`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `chunk` is 0; as [`Pool::imap`].
    pub fn imap_unordered_in_chunks<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        chunk: usize,
    ) -> Result<Imap<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        point("Pool.imap_unordered");
        self.stream(function, items, chunk, Order::Arrival)
    }

    fn stream<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        chunk: usize,
        order: Order,
    ) -> Result<Imap<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let items: Vec<A> = items.into_iter().collect();
        let stream = Arc::new(Stream::new(order, chunk));
        let sink: Arc<dyn Sink> = Arc::<Stream>::clone(&stream);
        self.submit(function, &items, chunk, &sink)?;
        self.dispatcher.watch();
        Ok(Imap {
            stream,
            taken: 0,
            count: items.len(),
            dispatcher: Arc::clone(&self.dispatcher),
            creator: pid(),
            results: PhantomData,
        })
    }
}

/// The results of [`Pool::imap`] or [`Pool::imap_unordered`], as many as there
/// were items. Python: `IMapIterator`.
///
/// ```
/// use multiprocessing::Pool;
///
/// fn main() -> multiprocessing::Result<()> {
///     let pool = Pool::new(2)?;
///     let square = |x: u32| x * x;
///     for (number, result) in pool.imap(square, 0..10)?.enumerate() {
///         assert_eq!(u32::try_from(number), Ok(result?.isqrt()));
///     }
///     let mut squares: Vec<_> = pool
///         .imap_unordered(square, 0..4)?
///         .collect::<multiprocessing::Result<_>>()?;
///     squares.sort();
///     assert_eq!(squares, [0, 1, 4, 9]);
///     Ok(())
/// }
/// ```
///
/// It waits for each. An item that fails has an error in its place, and those
/// after it have their own results. When it is dropped, what has not begun is
/// given up.
#[must_use = "it is an iterator; dropping it gives up what has not begun"]
pub struct Imap<R> {
    stream: Arc<Stream>,
    taken: usize,
    count: usize,
    dispatcher: Arc<Dispatcher>,
    creator: i32,
    results: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Imap<R> {
    /// The next result, for which it waits, `limit` at most; none after the
    /// last one. Python: `next(timeout)`, in seconds.
    ///
    /// The error [`Error::TimedOut`] takes nothing away: the result is the next
    /// one, still.
    ///
    /// ```
    /// use multiprocessing::{Imap, Pool};
    /// use std::time::{Duration, Instant};
    ///
    /// fn main() -> multiprocessing::Result<()> {
    ///     let pool = Pool::new(2)?;
    ///     let pairs = |x: u32| (x, x * x);
    ///     let mut results: Imap<_> = pool.imap_in_chunks(pairs, 0..10, 5)?;
    ///     let limit = Duration::from_secs(10);
    ///     assert_eq!(results.next_timeout(limit).transpose()?, Some((0, 0)));
    ///     drop(results); // what has not begun is given up
    ///     let all = pool.imap_unordered_in_chunks(pairs, 0..10, 5)?;
    ///     assert_eq!(all.count(), 10);
    ///     Ok(())
    /// }
    /// ```
    pub fn next_timeout(&mut self, limit: Duration) -> Option<Result<R>> {
        point("IMapIterator.next");
        self.take(Some(limit))
    }

    fn take(&mut self, limit: Option<Duration>) -> Option<Result<R>> {
        if self.taken == self.count {
            return None;
        }
        if self.creator != pid() {
            // Nothing comes here.
            self.taken = self.count;
            let what = "the results of a pool's imap".into();
            let owner = self.creator;
            return Some(Err(Error::NotCreator { what, owner }));
        }
        let Some(item) = self.stream.take(self.taken, limit, &self.dispatcher)
        else {
            return Some(Err(Error::TimedOut));
        };
        self.taken += 1;
        Some(decode(item.as_deref()))
    }
}

impl<R: DeserializeOwned> Iterator for Imap<R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        point("IMapIterator.next");
        self.take(None)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.taken;
        (left, Some(left))
    }
}

impl<R: DeserializeOwned> ExactSizeIterator for Imap<R> {}

impl<R: DeserializeOwned> FusedIterator for Imap<R> {}

impl<R> Drop for Imap<R> {
    fn drop(&mut self) {
        if self.creator == pid() && self.taken < self.count {
            self.stream.refuse();
            let sink: Arc<dyn Sink> = Arc::<Stream>::clone(&self.stream);
            self.dispatcher.withdraw(&sink);
        }
    }
}

impl<R> fmt::Debug for Imap<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imap")
            .field("taken", &self.taken)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// What the place of a result depends on.
#[derive(Clone, Copy)]
enum Order {
    Items,
    Arrival,
}

/// The result of one item, on its own.
type ItemResult = Result<Vec<u8>, Failure>;

/// The results that have come and were not taken yet.
struct Stream {
    order: Order,
    /// How many items a job has; the last one may have less.
    chunk: usize,
    state: Mutex<StreamState>,
    come: Condvar,
}

struct StreamState {
    /// By their places.
    items: BTreeMap<usize, ItemResult>,
    arrived: usize,
    /// Nobody will take them.
    refused: bool,
}

impl Stream {
    fn new(order: Order, chunk: usize) -> Self {
        Self {
            order,
            chunk,
            state: Mutex::new(StreamState {
                items: BTreeMap::new(),
                arrived: 0,
                refused: false,
            }),
            come: Condvar::new(),
        }
    }

    /// Waits for the result with this place, and helps the `dispatcher` for a
    /// moment.
    fn take(
        &self,
        place: usize,
        limit: Option<Duration>,
        dispatcher: &Dispatcher,
    ) -> Option<ItemResult> {
        let here = || self.state().items.remove(&place);
        let is_there = || self.state().items.contains_key(&place);
        let start = limit.map(|_| Instant::now());
        let left = || start.and_then(|start| remaining(start, limit));
        let is_late = || left() == Some(Duration::ZERO);
        let look = || match (dispatcher.help(), is_there()) {
            (_, true) => Look::Come,
            (true, false) if is_late() => Look::Come,
            (true, false) => Look::Progress,
            (false, false) => Look::Nothing,
        };
        here().or_else(|| {
            patiently(look, || {
                here().or_else(|| {
                    dispatcher.watch();
                    self.sleep(place, left())
                })
            })
        })
    }

    fn sleep(
        &self,
        place: usize,
        limit: Option<Duration>,
    ) -> Option<ItemResult> {
        let state = self.state();
        let missing = |it: &mut StreamState| !it.items.contains_key(&place);
        let mut state = match limit {
            Some(limit) => self
                .come
                .wait_timeout_while(state, limit, missing)
                .map_or_else(|error| error.into_inner().0, |woken| woken.0),
            None => self
                .come
                .wait_while(state, missing)
                .unwrap_or_else(PoisonError::into_inner),
        };
        state.items.remove(&place)
    }

    fn refuse(&self) {
        let mut state = self.state();
        state.refused = true;
        state.items.clear();
    }

    fn state(&self) -> MutexGuard<'_, StreamState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Stream {
    fn fill(&self, job: usize, results: Answer) -> Option<Call> {
        let mut state = self.state();
        if state.refused {
            return None;
        }
        let place = match self.order {
            Order::Items => job * self.chunk,
            Order::Arrival => state.arrived,
        };
        state.arrived += results.count();
        let items = results.iter().map(|item| match item {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(failure) => Err(failure.clone()),
        });
        state.items.extend((place..).zip(items));
        drop(state);
        self.come.notify_all();
        None
    }
}

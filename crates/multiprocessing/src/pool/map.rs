//! `map` and its like: a function for many items, whose results come together.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Pool;
use super::result::{self, AsyncResult, ResultCell};
use crate::error::Result;
use crate::sys::point::point;

impl Pool {
    /// Runs `function` on each of the items and waits for all results, which
    /// are in the order of the items. Python: `map(function, items)`.
    ///
    /// If an item fails, the others are done nevertheless; the error is that
    /// of the first.
    ///
    /// # Errors
    /// As [`Pool::map_async`] and [`AsyncResult::get`].
    pub fn map<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Vec<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        point("Pool.map");
        self.submit_all(function, items, None)?.result(None)
    }

    /// As [`Pool::map`], with chunks of `chunk` items: a worker takes so many at
    /// a time. Python: `map(function, items, chunksize)`.
    ///
    /// ```
    /// # use multiprocessing::Pool;
    /// # fn main() -> multiprocessing::Result<()> {
    /// let pool = Pool::new(2)?;
    /// let squares = pool.map_in_chunks(|x: u64| x * x, 1..=5, 2)?;
    /// assert_eq!(squares, [1, 4, 9, 16, 25]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Pool::map_async_in_chunks`] and [`AsyncResult::get`].
    pub fn map_in_chunks<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        chunk: usize,
    ) -> Result<Vec<R>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        point("Pool.map");
        self.submit_all(function, items, Some(chunk))?.result(None)
    }

    /// Lets the workers run `function` on each of the items, and does not
    /// wait. Python: `map_async(function, items)`.
    ///
    /// Workers take the items in chunks, four a worker, as Python's do.
    ///
    /// # Errors
    /// As [`Pool::apply_async`].
    pub fn map_async<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> Result<AsyncResult<Vec<R>>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        point("Pool.map_async");
        let results = self.submit_all(function, items, None)?;
        self.dispatcher.watch();
        Ok(results)
    }

    /// As [`Pool::map_async`], with chunks of `chunk` items: a worker takes
    /// so many at a time. Python: `map_async(function, items, chunksize)`.
    ///
    /// ```
    /// # use multiprocessing::Pool;
    /// # fn main() -> multiprocessing::Result<()> {
    /// let pool = Pool::new(2)?;
    /// let squares = pool.map_async(|x: u64| x * x, 1..=3)?;
    /// let cubes = pool.map_async_in_chunks(|x: u64| x * x * x, 1..=3, 2)?;
    /// assert_eq!((squares.get()?, cubes.get()?), (vec![1, 4, 9], vec![1, 8, 27]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if `chunk` is 0; as [`Pool::apply_async`].
    pub fn map_async_in_chunks<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        chunk: usize,
    ) -> Result<AsyncResult<Vec<R>>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        point("Pool.map_async");
        let results = self.submit_all(function, items, Some(chunk))?;
        self.dispatcher.watch();
        Ok(results)
    }

    /// In chunks of `chunk` items; none: four a worker.
    fn submit_all<A, R>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        chunk: Option<usize>,
    ) -> Result<AsyncResult<Vec<R>>>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        let items: Vec<A> = items.into_iter().collect();
        let four_each = items.len().div_ceil(4 * self.processes).max(1);
        let chunk = chunk.unwrap_or(four_each);
        let cell = ResultCell::new(
            items.len().div_ceil(chunk.max(1)),
            self.dispatcher.seats.clone(),
        );
        self.submit(function, &items, chunk, &cell.sink())?;
        let dispatcher = Arc::clone(&self.dispatcher);
        Ok(AsyncResult::new(cell, result::all, dispatcher))
    }
}

//! `RawArray` and `RawValue`: shared memory without a lock.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use bytemuck::Pod;

use super::cells;
use crate::error::{Error, Result};
use crate::sys::point::{is_explored, point};
use crate::sys::region::Region;

/// Shared items of one type, without a lock. Python:
/// `multiprocessing.sharedctypes.RawArray`.
///
/// Items of 1, 2, 4 or 8 bytes are read and written whole; greater ones may
/// be seen half written.
///
/// ```
/// use multiprocessing::{Process, RawArray};
///
/// fn main() -> multiprocessing::Result<()> {
///     let array = RawArray::<i32>::zeroed(4)?;
///     let child = Process::new(|| {
///         array.set(0, 7)?;
///         array.set_slice(2, &[8, 9])
///     });
///     child.start()?;
///     child.join()?;
///     assert_eq!(array.get(0)?, 7);
///     assert_eq!(array.slice(1..)?, [0, 8, 9]);
///     assert!(array.get(array.len()).is_err() && !array.is_empty());
///     assert_eq!(RawArray::new([1.5, 2.5])?.slice(..)?, [1.5, 2.5]);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct RawArray<T> {
    region: Arc<Region>,
    len: usize,
    items: PhantomData<T>,
}

impl<T: Pod> RawArray<T> {
    /// `len` items of zero bytes. Python: `RawArray(typecode, len)`.
    ///
    /// # Errors
    /// [`Error::System`] if there is no shared memory for it.
    pub fn zeroed(len: usize) -> Result<Self> {
        let size = len.checked_mul(size_of::<T>()).ok_or_else(|| {
            Error::invalid(format!("an array of {len} items is too long"))
        })?;
        let size = size.max(1);
        let region = Arc::new(Region::new(size)?);
        Ok(Self {
            region,
            len,
            items: PhantomData,
        })
    }

    /// The items given, in shared memory. Python: `RawArray(typecode, items)`.
    ///
    /// # Errors
    /// As [`RawArray::zeroed`].
    pub fn new(items: impl IntoIterator<Item = T>) -> Result<Self> {
        let items: Vec<T> = items.into_iter().collect();
        let array = Self::zeroed(items.len())?;
        array.store(0, &items);
        Ok(array)
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A copy of the item at `index`. Python: `array[index]`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn get(&self, index: usize) -> Result<T> {
        point("RawArray[]");
        self.item(index)
    }

    /// Puts an item at `index`. Python: `array[index] = item`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn set(&self, index: usize, item: T) -> Result<()> {
        point("RawArray[] =");
        self.put(index, item)
    }

    /// Copies of the items in `range`. Python: `array[start:end]`; but a range
    /// that goes past the end is an error.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Vec<T>> {
        if !is_explored() {
            return self.items(&range);
        }
        let (start, end) = self.bounds(&range)?;
        (start..end)
            .map(|index| {
                point("RawArray[:]");
                self.item(index)
            })
            .collect()
    }

    /// Puts `items` in the place of as many, from `start` on. Python:
    /// `array[start:start + len(items)] = items`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; nothing is changed then.
    pub fn set_slice(&self, start: usize, items: &[T]) -> Result<()> {
        if !is_explored() {
            return self.put_items(start, items);
        }
        self.bounds(&(start..start.saturating_add(items.len())))?;
        for (index, item) in (start..).zip(items) {
            point("RawArray[:] =");
            self.put(index, *item)?;
        }
        Ok(())
    }

    /// Puts what `change` makes of each item in `range` in its place. Python:
    /// `for i in range(start, end): array[i] = change(array[i])`; but what
    /// others put there in the meantime may be lost for up to 64 bytes at once.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; nothing is changed then.
    ///
    /// # Panics
    /// If `change` does; of the items before, up to 64 bytes are as they were.
    pub fn update(
        &self,
        range: impl RangeBounds<usize>,
        mut change: impl FnMut(T) -> T,
    ) -> Result<()> {
        if !is_explored() {
            return self.change_items(&range, change);
        }
        let (start, end) = self.bounds(&range)?;
        (start..end)
            .try_for_each(|index| self.set(index, change(self.get(index)?)))
    }

    pub(super) fn item(&self, index: usize) -> Result<T> {
        self.check(index)?;
        Ok(self.load(index))
    }

    pub(super) fn put(&self, index: usize, item: T) -> Result<()> {
        self.check(index)?;
        self.store(index, &[item]);
        Ok(())
    }

    pub(super) fn items(
        &self,
        range: &impl RangeBounds<usize>,
    ) -> Result<Vec<T>> {
        let (start, end) = self.bounds(range)?;
        let mut items = vec![T::zeroed(); end.saturating_sub(start)];
        self.load_into(start, &mut items);
        Ok(items)
    }

    pub(super) fn put_items(&self, start: usize, items: &[T]) -> Result<()> {
        self.bounds(&(start..start.saturating_add(items.len())))?;
        self.store(start, items);
        Ok(())
    }

    pub(super) fn change_items(
        &self,
        range: &impl RangeBounds<usize>,
        change: impl FnMut(T) -> T,
    ) -> Result<()> {
        let (start, end) = self.bounds(range)?;
        cells::update(&self.region, start..end, change);
        Ok(())
    }

    fn check(&self, index: usize) -> Result<()> {
        if index < self.len {
            return Ok(());
        }
        Err(Error::OutOfRange {
            index,
            len: self.len,
        })
    }

    fn bounds(
        &self,
        range: &impl RangeBounds<usize>,
    ) -> Result<(usize, usize)> {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len,
        };
        let past = start.max(end);
        if past > self.len {
            return Err(Error::OutOfRange {
                index: past - 1,
                len: self.len,
            });
        }
        Ok((start, end))
    }

    fn load(&self, index: usize) -> T {
        let mut item = [T::zeroed()];
        self.load_into(index, &mut item);
        item[0]
    }

    fn load_into(&self, start: usize, items: &mut [T]) {
        let size = size_of::<T>();
        let bytes = bytemuck::cast_slice_mut(items);
        cells::load(&self.region, start * size, bytes, size);
    }

    fn store(&self, start: usize, items: &[T]) {
        let size = size_of::<T>();
        let bytes = bytemuck::cast_slice(items);
        cells::store(&self.region, start * size, bytes, size);
    }
}

impl<T> fmt::Debug for RawArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawArray(len={})", self.len)
    }
}

/// One shared item, without a lock. Python:
/// `multiprocessing.sharedctypes.RawValue`.
///
/// An item of 1, 2, 4 or 8 bytes is read and written whole; a greater one may
/// be seen half written.
///
/// ```
/// use multiprocessing::{Process, RawValue};
///
/// fn main() -> multiprocessing::Result<()> {
///     let value = RawValue::new(1)?;
///     let child = Process::new(|| value.set(2));
///     child.start()?;
///     child.join()?;
///     assert_eq!(value.get(), 2);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RawValue<T>(RawArray<T>);

impl<T: Pod> RawValue<T> {
    /// A shared item. Python: `RawValue(typecode, item)`.
    ///
    /// # Errors
    /// [`Error::System`] if there is no shared memory for it.
    pub fn new(item: T) -> Result<Self> {
        RawArray::new([item]).map(Self)
    }

    /// A copy of the item. Python: `value.value`.
    #[must_use]
    pub fn get(&self) -> T {
        point("RawValue.value");
        self.load()
    }

    /// Puts another item in its place. Python: `value.value = item`.
    pub fn set(&self, item: T) {
        point("RawValue.value =");
        self.store(item);
    }

    pub(super) fn load(&self) -> T {
        self.0.load(0)
    }

    pub(super) fn store(&self, item: T) {
        self.0.store(0, &[item]);
    }
}

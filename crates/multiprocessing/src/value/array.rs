//! `Array`: shared items with their lock.

use std::ops::RangeBounds;

use bytemuck::Pod;

use super::raw::RawArray;
use crate::error::Result;
use crate::sync::RLock;
use crate::sys::point::point;

/// Shared items of one type, guarded by an [`RLock`]. Python:
/// `multiprocessing.Array`.
///
/// ```
/// use multiprocessing::{Array, RLock};
///
/// let array = Array::new(0..10)?;
/// array.set(3, -3)?;
/// array.set_slice(4, &[-4, -5])?;
/// assert_eq!(array.slice(2..7)?, [2, -3, -4, -5, 6]);
/// array.update(4..6, |item| -item)?;
/// assert_eq!((array.get(4)?, array.get(9)?, array.len()), (4, 9, 10));
/// {
///     let _guard = array.get_lock().guard()?;
///     let items = array.get_obj(); // without the lock, which we hold
///     items.set(0, items.get(9)? + 1)?;
/// }
/// assert_eq!(array.get(0)?, 10);
///
/// let lock = RLock::new()?; // for both of these
/// let names = Array::with_lock(*b"abc", &lock)?;
/// let empty = Array::<f64>::zeroed(0)?;
/// assert!(empty.is_empty() && !names.is_empty());
/// # Ok::<(), multiprocessing::Error>(())
/// ```
///
/// Each call takes the lock; what is made of several calls has to hold it from
/// the first to the last, as with a [`Value`](super::Value).
#[derive(Clone, Debug)]
pub struct Array<T> {
    lock: RLock,
    raw: RawArray<T>,
}

impl<T: Pod> Array<T> {
    /// The items given, in shared memory, with a lock of their own. Python:
    /// `Array(typecode, items)`; here the type is the items'.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if there is no shared memory
    /// for them.
    pub fn new(items: impl IntoIterator<Item = T>) -> Result<Self> {
        Self::with_lock(items, &RLock::new()?)
    }

    /// The items given, guarded by `lock`, which may guard others too.
    /// Python: `Array(typecode, items, lock=lock)`.
    ///
    /// # Errors
    /// As [`Array::new`].
    pub fn with_lock(
        items: impl IntoIterator<Item = T>,
        lock: &RLock,
    ) -> Result<Self> {
        Ok(Self {
            lock: lock.clone(),
            raw: RawArray::new(items)?,
        })
    }

    /// `len` items of zero bytes. Python: `Array(typecode, len)`.
    ///
    /// # Errors
    /// As [`Array::new`].
    pub fn zeroed(len: usize) -> Result<Self> {
        Ok(Self {
            lock: RLock::new()?,
            raw: RawArray::zeroed(len)?,
        })
    }

    /// How many items there are. Python: `len(array)`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// A copy of the item at `index`. Python: `array[index]`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange);
    /// [`Error::OwnerDied`](crate::Error::OwnerDied) if a process died while
    /// it held the lock.
    pub fn get(&self, index: usize) -> Result<T> {
        point("Array[]");
        let _held = self.lock.hold()?;
        self.raw.item(index)
    }

    /// Puts an item at `index`. Python: `array[index] = item`.
    ///
    /// # Errors
    /// As [`Array::get`].
    pub fn set(&self, index: usize, item: T) -> Result<()> {
        point("Array[] =");
        let _held = self.lock.hold()?;
        self.raw.put(index, item)
    }

    /// Copies of the items in `range`, of one moment. Python:
    /// `array[start:end]`; but a range that goes past the end is an error.
    ///
    /// # Errors
    /// As [`Array::get`].
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Vec<T>> {
        point("Array[:]");
        let _held = self.lock.hold()?;
        self.raw.items(&range)
    }

    /// Puts `items` in the place of as many, from `start` on. Python:
    /// `array[start:start + len(items)] = items`.
    ///
    /// # Errors
    /// As [`Array::get`]; if out of range, nothing is changed.
    pub fn set_slice(&self, start: usize, items: &[T]) -> Result<()> {
        point("Array[:] =");
        let _held = self.lock.hold()?;
        self.raw.put_items(start, items)
    }

    /// Puts what `change` makes of each item in `range` in its place, with the
    /// lock held from the first to the last. Python: `with array.get_lock():
    /// for i in range(start, end): array[i] = change(array[i])`.
    ///
    /// # Errors
    /// As [`Array::get`]; if out of range, nothing is changed.
    ///
    /// # Panics
    /// If `change` does; of the items before, up to 64 bytes are as they were.
    pub fn update(
        &self,
        range: impl RangeBounds<usize>,
        change: impl FnMut(T) -> T,
    ) -> Result<()> {
        point("Array[:] =");
        let _held = self.lock.hold()?;
        self.raw.change_items(&range, change)
    }

    /// The lock. Python: `array.get_lock()`.
    #[must_use]
    pub fn get_lock(&self) -> &RLock {
        &self.lock
    }

    /// The items without the lock. Python: `array.get_obj()`.
    #[must_use]
    pub fn get_obj(&self) -> &RawArray<T> {
        &self.raw
    }
}

//! The proxies of a value and of an array: lists whose length stays.

use std::ops::RangeBounds;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::list::{ListProxy, encoded, span};
use super::protocol::{Encoded, ListChange, ListRead};
use crate::error::Result;
use crate::sys::point::point;

/// One item in a manager's server. Python: what `manager.Value(typecode, item)`
/// returns; here the type is the item's.
///
/// ```
/// use multiprocessing::{Manager, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let name = manager.value(String::new())?;
///     let child = Process::new(|| name.set("郝雪生".into()));
///     child.start()?;
///     child.join()?;
///     assert_eq!(name.get()?, "郝雪生");
///     Ok(())
/// }
/// ```
///
/// Each call is one step; what is made of several, such as adding to the item,
/// needs a lock.
///
/// # Errors
/// Each call can fail with [`Disconnected`](crate::Error::Disconnected) if
/// the server has ended, with [`Encode`](crate::Error::Encode) or
/// [`Decode`](crate::Error::Decode) if serde cannot write or read an item, and
/// with [`TooLong`](crate::Error::TooLong) for 2 GiB and more.
pub struct ValueProxy<T>(pub(super) ListProxy<T>);

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "items go in by value, as into the collections of std"
)]
impl<T: Serialize + DeserializeOwned> ValueProxy<T> {
    /// A copy of the item. Python: `value.value`, `value.get()`.
    pub fn get(&self) -> Result<T> {
        point("Value.value");
        let item: Encoded = self.0.read(ListRead::Get(0))?;
        item.decode()
    }

    /// Puts another item in its place. Python: `value.value = item`,
    /// `value.set(item)`.
    pub fn set(&self, item: T) -> Result<()> {
        point("Value.value =");
        self.0.change(ListChange::Set(0, Encoded::new(&item)?))
    }
}

/// Items of one type in a manager's server. Python: what
/// `manager.Array(typecode, items)` returns.
///
/// ```
/// let manager = multiprocessing::Manager::new()?;
/// let array = manager.array(0..10)?;
/// array.set(3, -3)?;
/// array.set_slice(4, &[-4, -5])?;
/// assert_eq!(array.slice(2..5)?, [2, -3, -4]);
/// assert_eq!((array.get(9)?, array.len()?), (9, 10));
/// assert!(!array.is_empty()?);
/// # Ok::<(), multiprocessing::Error>(())
/// ```
///
/// Its length stays; to have it change, use a [`ListProxy`].
///
/// # Errors
/// An index or a range beyond the end is
/// [`OutOfRange`](crate::Error::OutOfRange). For the rest, as those of a
/// [`ValueProxy`].
pub struct ArrayProxy<T>(pub(super) ListProxy<T>);

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "items go in by value, as into the collections of std"
)]
impl<T: Serialize + DeserializeOwned> ArrayProxy<T> {
    /// How many items there are. Python: `len(array)`.
    pub fn len(&self) -> Result<usize> {
        point("len(Array)");
        self.0.read(ListRead::Len)
    }

    /// Whether there are none. Python: `not array`.
    pub fn is_empty(&self) -> Result<bool> {
        point("not Array");
        self.0.read(ListRead::Len).map(|len: usize| len == 0)
    }

    /// A copy of the item at `index`. Python: `array[index]`.
    pub fn get(&self, index: usize) -> Result<T> {
        point("Array[]");
        let item: Encoded = self.0.read(ListRead::Get(index))?;
        item.decode()
    }

    /// Puts an item at `index`. Python: `array[index] = item`.
    pub fn set(&self, index: usize, item: T) -> Result<()> {
        point("Array[] =");
        self.0.change(ListChange::Set(index, Encoded::new(&item)?))
    }

    /// Copies of the items in `range`, of one moment. Python:
    /// `array[start:end]`; but a range that goes past the end is an error.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Vec<T>> {
        point("Array[:]");
        let range = ListRead::Slice(span(&range));
        let items: Vec<Encoded> = self.0.read(range)?;
        items.iter().map(Encoded::decode).collect()
    }

    /// Puts `items` in the place of as many, from `start` on, in one step.
    /// Python: `array[start:start + len(items)] = items`.
    pub fn set_slice(&self, start: usize, items: &[T]) -> Result<()> {
        point("Array[:] =");
        let range = span(&(start..start.saturating_add(items.len())));
        self.0.change(ListChange::SetSlice(range, encoded(items)?))
    }
}

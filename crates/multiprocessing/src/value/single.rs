//! `Value`: one shared item with its lock.

use bytemuck::Pod;

use super::raw::RawValue;
use crate::error::Result;
use crate::sync::RLock;
use crate::sys::point::point;

/// One shared item, guarded by an [`RLock`]. Python:
/// `multiprocessing.Value`.
///
/// ```
/// use multiprocessing::{Process, Value};
///
/// fn main() -> multiprocessing::Result<()> {
///     let number = Value::new(0.0)?;
///     let child = Process::new(|| number.set(3.14));
///     child.start()?;
///     child.join()?;
///     assert_eq!(number.get()?, 3.14);
///     Ok(())
/// }
/// ```
///
/// Each call takes the lock; what is made of several calls, such as adding to
/// the item, has to hold it from the first to the last:
///
/// ```
/// # let counter = multiprocessing::Value::new(0)?;
/// let _guard = counter.get_lock().guard()?;
/// counter.set(counter.get()? + 1)?;
/// # Ok::<(), multiprocessing::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Value<T> {
    lock: RLock,
    raw: RawValue<T>,
}

impl<T: Pod> Value<T> {
    /// A shared item with a lock of its own. Python: `Value(typecode, item)`;
    /// here the type is the item's.
    ///
    /// # Errors
    /// [`Error::System`](crate::Error::System) if there is no shared memory
    /// for it.
    pub fn new(item: T) -> Result<Self> {
        Self::with_lock(item, &RLock::new()?)
    }

    /// A shared item guarded by `lock`, which may guard others too. Python:
    /// `Value(typecode, item, lock=lock)`.
    ///
    /// ```
    /// # use multiprocessing::{RLock, Value};
    /// let lock = RLock::new()?;
    /// let [low, high] = [Value::with_lock(0, &lock)?, Value::with_lock(9, &lock)?];
    /// {
    ///     let _guard = lock.guard()?; // of both
    ///     low.set(high.get()? - 1)?;
    /// }
    /// assert_eq!(low.get_obj().get(), 8);
    /// # Ok::<(), multiprocessing::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Value::new`].
    pub fn with_lock(item: T, lock: &RLock) -> Result<Self> {
        Ok(Self {
            lock: lock.clone(),
            raw: RawValue::new(item)?,
        })
    }

    /// A copy of the item. Python: `value.value`.
    ///
    /// # Errors
    /// [`Error::OwnerDied`](crate::Error::OwnerDied) if a process died while
    /// it held the lock.
    pub fn get(&self) -> Result<T> {
        point("Value.value");
        let _held = self.lock.hold()?;
        Ok(self.raw.load())
    }

    /// Puts another item in its place. Python: `value.value = item`.
    ///
    /// # Errors
    /// As [`Value::get`].
    pub fn set(&self, item: T) -> Result<()> {
        point("Value.value =");
        let _held = self.lock.hold()?;
        self.raw.store(item);
        Ok(())
    }

    /// The lock. Python: `value.get_lock()`.
    #[must_use]
    pub fn get_lock(&self) -> &RLock {
        &self.lock
    }

    /// The item without the lock. Python: `value.get_obj()`.
    #[must_use]
    pub fn get_obj(&self) -> &RawValue<T> {
        &self.raw
    }
}

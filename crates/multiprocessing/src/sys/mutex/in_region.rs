//! Mutexes that are alone in their memory.

use std::mem::ManuallyDrop;
use std::ops::Deref;

use super::{Kind, RobustMutex};
use crate::error::Result;
use crate::sys::region::InRegion;

/// A mutex in a region of its own.
///
/// The list of the mutexes that a thread holds goes from mutex to mutex. So the
/// memory of one that is dropped while it is held stays.
pub(crate) struct MutexInRegion(ManuallyDrop<InRegion<RobustMutex>>);

impl MutexInRegion {
    pub(crate) fn new(kind: Kind) -> Result<Self> {
        let mutex = InRegion::<RobustMutex>::new()?;
        mutex.init(kind)?;
        Ok(Self(ManuallyDrop::new(mutex)))
    }
}

impl Deref for MutexInRegion {
    type Target = RobustMutex;

    fn deref(&self) -> &RobustMutex {
        &self.0
    }
}

impl Drop for MutexInRegion {
    fn drop(&mut self) {
        if !self.is_held_here() {
            // SAFETY: nobody uses the field after this.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}

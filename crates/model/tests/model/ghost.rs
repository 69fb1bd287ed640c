//! What a test writes down for itself: no process of the machine sees it, and
//! to write it is no step.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::machine::kernel;

#[derive(Default)]
pub(crate) struct Ghost<T>(Arc<Mutex<T>>);

impl<T: Default> Ghost<T> {
    pub(crate) fn new() -> Self {
        Self::default()
    }
}

impl<T: 'static> Ghost<T> {
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.value());
        kernel::tell();
        result
    }

    pub(crate) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.value())
    }

    /// Waits until it is so.
    pub(crate) fn until(&self, so: impl Fn(&T) -> bool + 'static) {
        let ghost = self.clone();
        kernel::until(move || ghost.look(&so));
    }

    fn value(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Ghost<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

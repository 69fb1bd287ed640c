//! What waits in an executor: a task, without its types.

use super::future::Future;

pub(super) struct Task {
    pub(super) run: Box<dyn FnOnce() + Send>,
    pub(super) cancel: Box<dyn FnOnce() -> bool + Send>,
}

impl Task {
    /// `run` looks itself whether `future` has been cancelled.
    pub(super) fn new<R: Send + 'static>(
        future: &Future<R>,
        run: impl FnOnce() + Send + 'static,
    ) -> Self {
        let future = future.clone();
        Self {
            run: Box::new(run),
            cancel: Box::new(move || future.cancel()),
        }
    }
}

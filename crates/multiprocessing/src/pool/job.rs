//! A job: what a worker is given at once, and where its results go.

use std::sync::Arc;

use super::answer::Answer;
use super::line::Message;
use super::worker::Reply;
use crate::sys::task::Failure;

/// What the pool's thread is to call.
pub(super) type Call = Box<dyn FnOnce() + Send>;

/// Where the results of a task's items go.
pub(super) trait Sink: Send + Sync {
    /// Takes the results of the items from `start` on; gives what the pool's
    /// thread has to call then.
    fn fill(&self, start: usize, results: Answer) -> Option<Call>;
}

/// A part of a task: some items that one worker takes at once.
pub(super) struct Job {
    pub(super) order: Message,
    pub(super) count: usize,
    /// Where the results go: there, from this place on.
    pub(super) sink: Arc<dyn Sink>,
    pub(super) start: usize,
}

impl Job {
    #[must_use]
    pub(super) fn fail(self, failure: &Failure) -> Option<Call> {
        let results = Answer::failed(self.count, failure);
        self.sink.fill(self.start, results)
    }

    /// Takes what the worker sent.
    #[must_use]
    pub(super) fn finish(self, reply: Reply) -> Option<Call> {
        match reply {
            Ok(answer) if answer.is_for(self.count) => {
                self.sink.fill(self.start, answer)
            }
            Ok(answer) => {
                let (come, asked) = (answer.count(), self.count);
                let reason = format!("{come} results for {asked} items");
                self.fail(&Failure::Decode { reason })
            }
            Err(failure) => self.fail(&failure),
        }
    }
}

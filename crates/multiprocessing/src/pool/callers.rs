//! What callers ask of the pool, and do in its thread's place.

use std::sync::Arc;
use std::time::Duration;

use super::calls::Caller;
use super::dispatcher::Dispatcher;
use super::job::{Call, Job, Sink};
use super::result::run_call;
use super::state::Phase;
use crate::error::{Error, Result};
use crate::patience::{Look, patiently};
use crate::seat::Until;

impl Dispatcher {
    /// Takes the jobs of a task. The thread hears the answers only if it is
    /// told to [`watch`](Self::watch).
    pub(super) fn submit(
        &self,
        jobs: impl IntoIterator<Item = Job>,
    ) -> Result<()> {
        let mut state = self.state();
        match &state.phase {
            Phase::Open => {}
            Phase::Broken(reason) => {
                return Err(Error::PoolBroken {
                    reason: reason.clone(),
                });
            }
            _ => return Err(Error::PoolClosed),
        }
        state.crew.waiting.extend(jobs);
        state.crew.dispatch();
        drop(state);
        if let Some(seats) = &self.seats {
            // Who sleeps there was alone, perhaps.
            seats.bell().ring(|| true);
        }
        Ok(())
    }

    /// Lets the thread hear whoever has a job.
    pub(super) fn watch(&self) {
        let mut state = self.state();
        if state.crew.is_unwatched() {
            // No caller need attend then.
            state.crew.will_be_watched();
            self.wake();
        }
    }

    /// Hears the workers for a caller who would else wait until the thread has;
    /// tells whether an answer had come.
    pub(super) fn help(&self) -> bool {
        let mut state = self.state();
        let has_heard = state.hear_all();
        if has_heard && state.needs_thread() {
            self.wake();
        }
        has_heard
    }

    /// Hears the workers for a caller, in the thread's place, until no job of his
    /// is `missing` or no time is `left`; or until somebody else has to hear them,
    /// as the thread does from then on.
    pub(super) fn attend(
        &self,
        missing: impl Fn() -> usize,
        left: impl Fn() -> Option<Duration>,
    ) {
        let is_over = || missing() == 0 || left() == Some(Duration::ZERO);
        let look = || match (self.help(), is_over()) {
            (_, true) => Look::Come,
            // To look on would only keep a processor from the workers.
            (true, false) if self.state().crew.is_supplied() => Look::Come,
            (true, false) => Look::Progress,
            (false, false) => Look::Nothing,
        };
        let mut has_slept = false;
        let sleep = || !is_over() && self.sleep_at_bell(&missing, left());
        while patiently(look, sleep) {
            has_slept = true;
        }
        if has_slept || !is_over() {
            self.watch();
        }
    }

    /// Sleeps until there is something to hear in the seats, `limit` at most; may
    /// wake before. Tells whether who called may go on so: one at a time does, and
    /// only while nothing has to go by a socket.
    fn sleep_at_bell(
        &self,
        missing: &impl Fn() -> usize,
        limit: Option<Duration>,
    ) -> bool {
        let Some(seats) = &self.seats else {
            return false;
        };
        if !self.state().begin_to_attend() {
            return false;
        }
        // Who waits for all that there is to do need not see each of it done. The
        // mark comes first: whoever submits more from now on rings.
        let mut until = Until::Pressing;
        seats.bell().mark(until);
        if self.state().crew.jobs() > missing() {
            until = Until::Next;
            seats.bell().mark(until);
        }
        self.help();
        let may_sleep = self.state().crew.is_heard_by_seats();
        if may_sleep && missing() > 0 {
            seats.bell().sleep(until, limit);
        }
        seats.bell().remove_mark();
        self.state().attended = false;
        may_sleep
    }

    /// Gives up what nobody has begun of the task whose results go to `sink`.
    pub(super) fn withdraw(&self, sink: &Arc<dyn Sink>) {
        let withdrawn = self.state().crew.withdraw(sink);
        if !withdrawn.is_empty() {
            // They may have been all that a closed pool had left to do.
            self.wake();
        }
    }

    /// Has `call` called; if the thread has ended, here.
    pub(super) fn run(&self, call: Call) {
        let mut state = self.state();
        if state.is_ended {
            drop(state);
            run_call(call);
        } else {
            state.calls.push(call);
            self.wake();
        }
    }

    /// Takes no more tasks.
    pub(super) fn close(&self) {
        let mut state = self.state();
        if state.phase == Phase::Open {
            state.phase = Phase::Closed;
            self.wake();
        }
    }

    /// Gives all tasks up.
    pub(super) fn terminate(&self) {
        let mut state = self.state();
        if matches!(state.phase, Phase::Open | Phase::Closed) {
            state.phase = Phase::Terminated;
            self.wake();
        }
    }

    /// Whether a callback asks.
    pub(super) fn is_calling(&self) -> bool {
        self.state().caller.as_ref().is_some_and(Caller::is_current)
    }

    pub(super) fn is_open(&self) -> bool {
        self.state().phase == Phase::Open
    }

    pub(super) fn worker_pids(&self) -> Vec<i32> {
        let state = self.state();
        state.crew.active().map(|worker| worker.pid).collect()
    }

    fn wake(&self) {
        // It fails only if the thread has not looked since 2^64 wake-ups.
        let _ = self.wake.write(1);
    }
}

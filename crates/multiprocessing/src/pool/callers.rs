//! What callers ask of the pool, and do in its thread's place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dispatcher::Dispatcher;
use super::job::{Call, Job, Sink};
use super::result::run_call;
use super::state::Phase;
use crate::error::{Error, Result};
use crate::seat::Bell;
use crate::sys::mutex::remaining;

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

    /// Hears the workers in the thread's place, until `is_done` says so, `limit`
    /// at most, or until something has to go by a socket. One caller at a time
    /// does so; then the thread watches who still has a job.
    pub(super) fn attend(
        &self,
        is_done: impl Fn() -> bool,
        limit: Option<Duration>,
    ) {
        if let Some(seats) = &self.seats
            && self.state().begin_to_attend()
        {
            self.attend_at(seats.bell(), &is_done, limit);
            self.state().attended = false;
        }
        self.watch();
    }

    fn attend_at(
        &self,
        bell: &Bell,
        is_done: &impl Fn() -> bool,
        limit: Option<Duration>,
    ) {
        let start = Instant::now();
        bell.want(true);
        loop {
            let rung = bell.rung();
            self.help();
            let left = remaining(start, limit);
            if is_done()
                || left == Some(Duration::ZERO)
                || !self.state().crew.is_heard_by_seats()
            {
                break;
            }
            bell.sleep(rung, left);
        }
        bell.want(false);
    }

    /// Gives up what nobody has begun of the task whose results go to `sink`.
    pub(super) fn withdraw(&self, sink: &Arc<dyn Sink>) {
        let withdrawn = self.state().crew.withdraw(sink);
        if !withdrawn.is_empty() {
            // They may have been all that a closed pool had left to do.
            self.wake();
        }
    }

    /// Lets the thread call `call`; if it has ended, calls it here.
    pub(super) fn run(&self, call: Call) {
        let mut state = self.state();
        if state.ended {
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

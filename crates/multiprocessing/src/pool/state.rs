//! The state of a pool, which its thread and its callers change by turns.

use std::time::Instant;

use super::calls::Caller;
use super::crew::Crew;
use super::job::Call;
use super::member::Heard;

/// What changes of it, under one lock.
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) crew: Crew,
    /// To be handed over by the thread to who calls them.
    pub(super) calls: Vec<Call>,
    /// Once there was something to call.
    pub(super) caller: Option<Caller>,
    pub(super) zygote_lives: bool,
    /// So many workers were asked of the zygote, and are not there yet.
    pub(super) coming: usize,
    /// So many of them stand for others, who were not asked for.
    pub(super) counted_on: usize,
    /// A caller does what the thread would do.
    pub(super) attended: bool,
    /// The thread will do nothing more.
    pub(super) is_ended: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// No more tasks; those that are there will be done.
    Closed,
    /// No more tasks, and none will be done.
    Terminated,
    /// As terminated, since there are no workers any more, or those that
    /// there are cannot be made ready.
    Broken(String),
}

impl State {
    pub(super) fn new(crew: Crew) -> Self {
        Self {
            phase: Phase::Open,
            crew,
            calls: Vec::new(),
            caller: None,
            zygote_lives: true,
            coming: 0,
            counted_on: 0,
            attended: false,
            is_ended: false,
        }
    }

    /// Takes all answers that have come, and gives more jobs out; tells whether
    /// there were any.
    pub(super) fn hear_all(&mut self) -> bool {
        if !self.crew.may_hear() {
            return false;
        }
        let (now, mut has_heard) = (Instant::now(), false);
        while let Some(heard) = self.crew.hear_next(now) {
            has_heard = true;
            self.take([heard]);
        }
        if has_heard {
            self.crew.dispatch();
        }
        has_heard
    }

    /// Deals with what workers have sent; callbacks are left to the thread.
    pub(super) fn take(&mut self, heard: impl IntoIterator<Item = Heard>) {
        for heard in heard {
            match heard {
                Heard::Reply(job, reply) => {
                    self.calls.extend(job.finish(reply));
                }
                Heard::Ready => {}
                Heard::Unfit { reason } => self.give_up(&reason),
            }
        }
    }

    /// Whether whoever asks is the one who attends from now on.
    pub(super) fn begin_to_attend(&mut self) -> bool {
        let is_left_to_thread =
            self.needs_thread() || !self.crew.is_unwatched();
        let can = !self.attended && !is_left_to_thread;
        self.attended |= can;
        can
    }

    pub(super) fn give_up(&mut self, reason: &str) {
        if matches!(self.phase, Phase::Open | Phase::Closed) {
            self.phase = Phase::Broken(reason.into());
        }
    }

    /// Whether something is left that only the thread does.
    pub(super) fn needs_thread(&self) -> bool {
        let is_over = match self.phase {
            Phase::Open => false,
            Phase::Closed => self.crew.is_idle(),
            Phase::Terminated | Phase::Broken(_) => true,
        };
        is_over || self.crew.vacancy || !self.calls.is_empty()
    }
}

//! The pool's thread: it hears the workers whom no caller hears, has callbacks
//! called, and replaces the dead.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::eventfd::EventFd;

use super::calls::Caller;
use super::crew::Crew;
use super::member::{Heard, Worker};
use super::result::run_call;
use super::sources::{Source, sleep};
use super::state::{Phase, State};
use super::zygote::{self, News};
use crate::error::Error;
use crate::patience::{Look, patiently};
use crate::process::Child;
use crate::process::wait::readable;
use crate::seat::{Seat, Seats};
use crate::sys::task::Failure;
use crate::threads;

/// What the pool's thread and its callers share.
pub(super) struct Dispatcher {
    state: Mutex<State>,
    pub(super) wake: EventFd,
    pub(super) seats: Option<Arc<Seats>>,
    control: OwnedFd,
    zygote: Child,
}

/// After so many looks into the seats the thread looks elsewhere, too.
const LOOKS: u32 = 1000;

/// How long an idle worker may take to end.
const GRACE: Duration = Duration::from_millis(500);

impl Dispatcher {
    pub(super) fn new(
        crew: Crew,
        seats: Option<Arc<Seats>>,
        control: OwnedFd,
        zygote: Child,
        wake: EventFd,
    ) -> Self {
        let state = Mutex::new(State::new(crew));
        Self {
            state,
            wake,
            seats,
            control,
            zygote,
        }
    }

    /// The body of the thread.
    pub(super) fn serve(&self) {
        loop {
            let mut looks = 0..LOOKS;
            let look = || looks.next().map_or(Look::Come, |_| self.look());
            let news = patiently(look, || self.sleep());
            let working = threads::working();
            self.state().crew.want_wake_ups(false);
            for source in &news {
                self.handle(source);
            }
            let mut state = self.state();
            state.hear_all();
            state.crew.dispatch();
            drop(state);
            self.fill_vacancies();
            if self.turn() {
                drop(working);
                return self.end_calls();
            }
        }
    }

    /// Looks into the seats.
    fn look(&self) -> Look {
        let _working = threads::working();
        let mut state = self.state();
        let has_heard = state.hear_all();
        // At rest, nothing can come into a seat: no need to look on.
        if state.needs_thread() || state.crew.is_at_rest() {
            return Look::Come;
        }
        match has_heard {
            true => Look::Progress,
            false => Look::Nothing,
        }
    }

    /// Sleeps until something happens, and tells where. A fork finds the
    /// thread asleep, and never with the state locked.
    fn sleep(&self) -> Vec<Source> {
        let working = threads::working();
        let (mut sources, at_hand) = self.sources();
        let watch = |one| Source::watch(one, &self.wake, &self.control);
        let mut fds: Vec<_> = sources.iter().map(watch).collect();
        drop(working);
        let slept = sleep(&mut fds, at_hand);
        let _working = threads::working();
        if let Err(error) = slept {
            self.give_up(&error.to_string());
        }
        let fired = fds.iter().map(|fd| fd.any().unwrap_or(false));
        let mut fired = fired.collect::<Vec<_>>().into_iter();
        sources.retain(|_| fired.next().unwrap_or(false));
        sources
    }

    /// What to wait for, and whether there is something to do already.
    fn sources(&self) -> (Vec<Source>, bool) {
        let mut state = self.state();
        let zygote_lives = state.zygote_lives;
        let sources = Source::all(&mut state.crew, zygote_lives);
        let at_hand = state.crew.has_answers() || state.needs_thread();
        (sources, at_hand)
    }

    fn handle(&self, source: &Source) {
        match source {
            Source::Wake => {
                let _ = self.wake.read();
            }
            Source::Zygote => self.hear_zygote(),
            Source::Socket { socket, .. } => {
                let mut state = self.state();
                let heard = state.crew.go_on(socket);
                state.take(heard);
            }
            Source::End { pid, .. } => {
                let exitcode = self.state().crew.exitcode(*pid);
                if let Some(exitcode) = exitcode {
                    self.replace(*pid, exitcode);
                }
            }
        }
    }

    fn hear_zygote(&self) {
        match zygote::hear(&self.control) {
            Ok((News::Born { pid, seat }, Some([socket, end]))) => {
                let line = (socket, self.seat(seat));
                let worker = Worker::new(pid, line, Arc::new(end), None);
                self.expect_one_less();
                self.state().crew.add(worker);
            }
            Ok((News::Born { seat, .. }, None)) => {
                // It looks, sees that nobody has the other end, and ends.
                self.seat(seat).iter().for_each(Seat::call_to_socket);
                self.expect_one_less();
                self.give_up_if_alone(&Error::MissingDescriptor.to_string());
            }
            Ok((News::Failed { reason, seat }, _)) => {
                self.expect_one_less();
                let seat = self.seat(seat);
                let mut state = self.state();
                state.crew.seats.extend(seat);
                match std::mem::take(&mut state.counted_on) {
                    0 => drop(state),
                    _ => self.ask_for_missing(state),
                }
                self.give_up_if_alone(&reason);
            }
            Ok((News::Died { pid, exitcode }, _)) => {
                self.replace(pid, exitcode);
            }
            Err(_) => self.lose_zygote(),
        }
    }

    /// Deals with the death of a worker.
    fn replace(&self, pid: i32, exitcode: i32) {
        let mut state = self.state();
        let Some(dead) = state.crew.remove(pid) else {
            return;
        };
        // It died with the zygote, whatever it did.
        let is_orphan = !dead.is_own() && !state.zygote_lives;
        let mut heard = state.crew.settle(dead, exitcode);
        heard.retain(|it| !(is_orphan && matches!(it, Heard::Unfit { .. })));
        state.take(heard);
    }

    /// If somebody has left, asks the zygote for all who are missing: also for
    /// those who could not be made when they were asked for before.
    fn fill_vacancies(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.crew.vacancy) {
            state.counted_on = state.coming;
            self.ask_for_missing(state);
        }
    }

    fn ask_for_missing(&self, mut state: MutexGuard<'_, State>) {
        let wanted = match state.phase {
            Phase::Open => state.crew.terms.processes,
            Phase::Closed if !state.crew.waiting.is_empty() => {
                state.crew.terms.processes
            }
            _ => 0,
        };
        let there = state.crew.active().count() + state.coming;
        let missing = wanted.saturating_sub(there);
        state.coming += missing;
        let seats = || state.crew.seats.pop().inspect(Seat::clear);
        let seats: Vec<_> =
            std::iter::repeat_with(seats).take(missing).collect();
        drop(state);
        let mut asked = seats.iter().map(|seat| {
            zygote::ask(&self.control, seat.as_ref().map(Seat::number))
        });
        if asked.any(|asked| asked.is_err()) {
            self.lose_zygote();
        }
    }

    fn seat(&self, number: Option<usize>) -> Option<Seat> {
        self.seats.as_ref()?.seat(number?)
    }

    fn expect_one_less(&self) {
        let mut state = self.state();
        // It is 0 if the zygote has gone, and this is what it still said.
        state.coming = state.coming.saturating_sub(1);
    }

    /// Without the zygote its workers die, and no new ones can be made; those
    /// that the pool made itself go on.
    fn lose_zygote(&self) {
        let mut state = self.state();
        state.zygote_lives = false;
        state.coming = 0;
        drop(state);
        self.give_up_if_alone("the process that makes its workers has ended");
    }

    fn give_up_if_alone(&self, reason: &str) {
        let state = self.state();
        let nobody = state.crew.active().next().is_none();
        // Those for a vacancy have still to be asked for.
        let alone = nobody && state.coming == 0 && !state.crew.vacancy;
        drop(state);
        if alone {
            self.give_up(reason);
        }
    }

    fn give_up(&self, reason: &str) {
        self.state().give_up(reason);
    }

    /// Does what is left to do after the news; tells whether it was the last.
    fn turn(&self) -> bool {
        self.hand_over_calls();
        let mut state = self.state();
        let failure = match &state.phase {
            Phase::Open => return false,
            Phase::Closed if !state.crew.is_idle() => return false,
            Phase::Closed | Phase::Terminated => Failure::PoolClosed,
            Phase::Broken(reason) => Failure::PoolBroken {
                reason: reason.clone(),
            },
        };
        let graceful = state.phase == Phase::Closed;
        let jobs = state.crew.take_jobs();
        let workers = std::mem::take(&mut state.crew.workers);
        drop(state);
        self.end(&workers, graceful);
        let failed = jobs
            .into_iter()
            .filter_map(|job| job.finish(Err(failure.clone())));
        let failed: Vec<_> = failed.collect();
        self.state().calls.extend(failed);
        self.hand_over_calls();
        true
    }

    /// Has the calls done that there are.
    fn hand_over_calls(&self) {
        let mut state = self.state();
        let calls = std::mem::take(&mut state.calls);
        if calls.is_empty() {
            return;
        }
        if state.caller.is_none() {
            state.caller = Caller::start().ok();
        }
        if let Some(caller) = &state.caller {
            return caller.call(calls);
        }
        // There are no more threads to be had.
        drop(state);
        calls.into_iter().for_each(run_call);
    }

    /// Waits until all calls are done; later ones are done by who has them.
    fn end_calls(&self) {
        let caller = self.state().caller.as_mut().and_then(Caller::end);
        // A panic of the thread has been printed; there is no more to it.
        let _ = caller.map(JoinHandle::join);
        let _working = threads::working();
        let mut state = self.state();
        state.is_ended = true;
        let calls = std::mem::take(&mut state.calls);
        drop(state);
        calls.into_iter().for_each(run_call);
    }

    /// Ends the workers and the zygote, and sees that they have ended.
    fn end(&self, workers: &[Worker], graceful: bool) {
        for worker in workers {
            if graceful {
                worker.line.shut();
            } else {
                worker.kill();
            }
        }
        for worker in workers {
            worker.await_end(GRACE);
        }
        // With the zygote, the kernel kills its workers.
        let _ = self.zygote.kill();
        let _ = self.zygote.join();
        // Those of whom we have not heard yet.
        while let Ok((_, descriptors)) = zygote::hear(&self.control) {
            if let Some([_, end]) = descriptors {
                let _ = readable(end.as_fd(), None);
            }
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

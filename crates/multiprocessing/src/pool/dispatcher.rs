//! The dispatcher: the pool's one thread. It gives jobs to workers, takes
//! their answers, calls callbacks, and replaces the dead.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::EventFd;

use super::crew::{Crew, End, Job, Sink, Worker};
use super::result::call as run_call;
use super::worker::Answer;
use super::zygote::{self, News};
use crate::error::{Error, Result};
use crate::process::Child;
use crate::process::wait::readable;
use crate::sys::task::Failure;
use crate::threads;

/// What the pool and its thread share.
pub(super) struct Dispatcher {
    state: Mutex<State>,
    wake: EventFd,
    control: OwnedFd,
    zygote: Child,
}

struct State {
    phase: Phase,
    crew: Crew,
    /// To be called by the thread.
    calls: Vec<Call>,
    zygote_lives: bool,
    /// The thread has ended, or will do nothing more.
    ended: bool,
}

/// How long an idle worker may take to end.
const GRACE: Duration = Duration::from_millis(500);

type Call = Box<dyn FnOnce() + Send>;

#[derive(Clone, PartialEq, Eq)]
enum Phase {
    Open,
    /// No more tasks; those that are there will be done.
    Closed,
    /// No more tasks, and none will be done.
    Terminated,
    /// As terminated, since there are no workers any more.
    Broken(String),
}

/// A descriptor that the thread waits for, and what it means.
enum Source {
    Wake,
    Zygote,
    Socket { socket: Arc<OwnedFd>, sending: bool },
    End { pid: i32, end: End },
}

impl Dispatcher {
    pub(super) fn new(
        workers: Vec<Worker>,
        control: OwnedFd,
        zygote: Child,
        wake: EventFd,
    ) -> Self {
        let state = Mutex::new(State {
            phase: Phase::Open,
            crew: Crew {
                workers,
                ..Crew::default()
            },
            calls: Vec::new(),
            zygote_lives: true,
            ended: false,
        });
        Self {
            state,
            wake,
            control,
            zygote,
        }
    }

    /// Takes the jobs of a task.
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
        if state.crew.workers.iter().any(Worker::is_sending) {
            // The thread sends the rest.
            self.wake();
        }
        Ok(())
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
        state.crew.workers.iter().map(|worker| worker.pid).collect()
    }

    /// The body of the thread.
    pub(super) fn serve(&self) {
        loop {
            // A fork finds this thread asleep, and never with the state locked.
            let working = threads::working();
            let sources = self.sources();
            let mut fds = sources.iter().map(|one| self.watch(one)).collect();
            drop(working);
            sleep(&mut fds);
            let _working = threads::working();
            for (source, fd) in sources.iter().zip(&fds) {
                if fd.any().unwrap_or(false) {
                    self.handle(source);
                }
            }
            if self.turn() {
                return;
            }
        }
    }

    fn sources(&self) -> Vec<Source> {
        let state = self.state();
        let mut sources = vec![Source::Wake];
        if state.zygote_lives {
            sources.push(Source::Zygote);
        }
        for worker in &state.crew.workers {
            if worker.line.is_open() {
                sources.push(Source::Socket {
                    socket: Arc::clone(worker.line.socket()),
                    sending: worker.is_sending(),
                });
            }
            // The zygote tells the end of its workers, as long as it lives.
            if worker.is_own() || !state.zygote_lives {
                sources.push(Source::End {
                    pid: worker.pid,
                    end: Arc::clone(&worker.end),
                });
            }
        }
        sources
    }

    fn watch<'a>(&'a self, source: &'a Source) -> PollFd<'a> {
        let mut events = PollFlags::POLLIN;
        let fd = match source {
            Source::Wake => self.wake.as_fd(),
            Source::Zygote => self.control.as_fd(),
            Source::Socket { socket, sending } => {
                events.set(PollFlags::POLLOUT, *sending);
                socket.as_fd()
            }
            Source::End { end, .. } => end.as_fd(),
        };
        PollFd::new(fd, events)
    }

    fn handle(&self, source: &Source) {
        match source {
            Source::Wake => {
                let _ = self.wake.read();
            }
            Source::Zygote => self.hear_zygote(),
            Source::Socket { socket, .. } => {
                let heard = self.state().crew.go_on(socket);
                self.finish(heard);
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
            Ok((News::Born { pid }, descriptors)) => match descriptors {
                Some([socket, end]) => {
                    let worker = Worker::new(pid, socket, Arc::new(end), None);
                    self.state().crew.workers.push(worker);
                }
                // It sees that nobody has the other end, and ends.
                None => self.give_up_if_alone("no descriptor is left"),
            },
            Ok((News::Failed { reason }, _)) => self.give_up_if_alone(&reason),
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
        let heard = state.crew.settle(dead, exitcode);
        let wanted = match state.phase {
            Phase::Open => true,
            Phase::Closed => !state.crew.is_idle(),
            _ => false,
        };
        drop(state);
        self.finish(heard);
        if wanted && zygote::ask(&self.control).is_err() {
            self.lose_zygote();
        }
    }

    /// Without the zygote its workers die, and no new ones can be made; those
    /// that the pool made itself go on.
    fn lose_zygote(&self) {
        self.state().zygote_lives = false;
        self.give_up_if_alone("the process that makes its workers has ended");
    }

    fn give_up_if_alone(&self, reason: &str) {
        let mut state = self.state();
        let running = matches!(state.phase, Phase::Open | Phase::Closed);
        if running && state.crew.workers.is_empty() {
            state.phase = Phase::Broken(reason.into());
        }
    }

    fn finish(&self, heard: Option<(Job, Answer)>) {
        // Before the callbacks, which may take their time.
        self.state().crew.dispatch();
        if let Some((job, answer)) = heard {
            job.finish(answer);
        }
    }

    /// Does what is left to do after the news; tells whether it was the last.
    fn turn(&self) -> bool {
        self.run_calls();
        let mut state = self.state();
        state.crew.dispatch();
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
        for job in jobs {
            job.fail(&failure);
        }
        self.run_calls();
        let mut state = self.state();
        state.ended = true;
        let calls = std::mem::take(&mut state.calls);
        drop(state);
        calls.into_iter().for_each(run_call);
        true
    }

    fn run_calls(&self) {
        loop {
            let calls = std::mem::take(&mut self.state().calls);
            if calls.is_empty() {
                return;
            }
            calls.into_iter().for_each(run_call);
        }
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // It fails only if the thread has not looked since 2^64 wake-ups.
        let _ = self.wake.write(1);
    }
}

/// Waits until something happens at one of `fds`.
fn sleep(fds: &mut Vec<PollFd<'_>>) {
    while let Err(Errno::EINTR) = poll(fds, PollTimeout::NONE) {}
}

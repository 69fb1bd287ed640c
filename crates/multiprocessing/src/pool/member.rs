//! A worker, as the pool sees it.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Signal, pidfd_send_signal};

use super::crew::Terms;
use super::job::Job;
use super::line::Line;
use super::worker::{Fitness, Reply};
use crate::codec;
use crate::patience::{self, MOMENT, SHORT};
use crate::process::Child;
use crate::process::wait::readable;
use crate::seat::Seat;

/// A process's pidfd, which is readable once the process has ended.
pub(super) type End = Arc<dyn AsFd + Send + Sync>;

/// A worker process, as the pool sees it.
pub(super) struct Worker {
    pub(super) pid: i32,
    pub(super) line: Line,
    pub(super) end: End,
    /// None if it is a child of the zygote, which then tells its exit code.
    own: Option<Child>,
    stage: Stage,
    pub(super) job: Option<Job>,
    /// The thread will see what it sends.
    pub(super) watched: bool,
    /// When it was last given a job: which of all that the pool has given.
    pub(super) turn: u64,
    /// When it was given that, and when it was done with it, if that was soon.
    given: Option<Instant>,
    soon_done: Option<Instant>,
}

/// Where a worker is in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It runs the initializer.
    Starting,
    /// It takes jobs; so many more, if there is a limit.
    Serving(Option<usize>),
    /// It has had all its jobs, and ends.
    Retired,
}

/// What came from a worker.
pub(super) enum Heard {
    /// The answer to its job.
    Answer(Job, Reply),
    /// Its initializer has failed.
    Unfit { reason: String },
}

impl Worker {
    pub(super) fn new(
        pid: i32,
        (socket, seat): (OwnedFd, Option<Seat>),
        end: End,
        own: Option<Child>,
    ) -> Self {
        Self {
            pid,
            line: Line::new(socket, seat),
            end,
            own,
            stage: Stage::Starting,
            job: None,
            watched: false,
            turn: 0,
            given: None,
            soon_done: None,
        }
    }

    /// Lets it take jobs, so many if there is a limit.
    pub(super) fn begin_to_serve(&mut self, tasks: Option<usize>) {
        self.stage = Stage::Serving(tasks);
    }

    /// Gives it a job, as the turn of that number.
    pub(super) fn give(&mut self, job: Job, turn: u64, now: Instant) {
        self.turn = turn;
        self.given = Some(now);
        self.line.begin(&job.order);
        self.job = Some(job);
    }

    /// Sends more of its job, and takes what it has sent.
    pub(super) fn go_on(&mut self, terms: Terms) -> Option<Heard> {
        if let Some(job) = &self.job {
            self.line.go_on(&job.order);
        }
        self.hear(terms)
    }

    pub(super) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    pub(super) fn is_starting(&self) -> bool {
        self.stage == Stage::Starting
    }

    pub(super) fn is_retired(&self) -> bool {
        self.stage == Stage::Retired
    }

    pub(super) fn is_free(&self) -> bool {
        matches!(self.stage, Stage::Serving(_))
            && self.job.is_none()
            && self.line.is_open()
    }

    /// Whether it still looks out for a job, after one that was short.
    pub(super) fn is_awake(&self, now: Instant) -> bool {
        let idle = |done| now.saturating_duration_since(done) < MOMENT;
        patience::is_of_use() && self.soon_done.is_some_and(idle)
    }

    /// Whether some of its job is still to be sent.
    pub(super) fn is_sending(&self) -> bool {
        let unsent = |job: &Job| !self.line.has_sent(&job.order);
        self.line.is_open() && self.job.as_ref().is_some_and(unsent)
    }

    /// Whether it may send something. An idle one only ends, which its pidfd
    /// tells.
    pub(super) fn may_send(&self) -> bool {
        self.line.is_open() && (self.is_starting() || self.job.is_some())
    }

    pub(super) fn may_have_sent(&self) -> bool {
        self.may_send() && self.line.may_have_come()
    }

    /// Whether what it sends may lie elsewhere than in its seat.
    pub(super) fn needs_socket(&self) -> bool {
        self.may_send()
            && (self.is_starting()
                || self.is_sending()
                || !self.line.has_seat())
    }

    /// Whether the thread is to watch its socket, which it does from now on.
    pub(super) fn watch(&mut self) -> bool {
        self.watched = self.may_send();
        self.line.want_bell(self.watched);
        self.watched
    }

    /// Of a worker that has ended.
    pub(super) fn exitcode(&self) -> Option<i32> {
        /// The program ignores SIGCHLD, or has waited for the worker itself.
        const UNKNOWN: i32 = 255;
        /// With the zygote, the kernel kills its workers.
        const ORPHANED: i32 = -9;
        match &self.own {
            Some(child) => child.exitcode().unwrap_or(Some(UNKNOWN)),
            None => Some(ORPHANED),
        }
    }

    pub(super) fn kill(&self) {
        // If it fails, the worker has ended already.
        let _ = pidfd_send_signal(self.end.as_fd(), Signal::KILL);
    }

    /// Waits until the worker has ended, `limit` at most; then kills it.
    pub(super) fn await_end(&self, limit: Duration) {
        if !readable(self.end.as_fd(), Some(limit)).unwrap_or(false) {
            self.kill();
            let _ = readable(self.end.as_fd(), None);
        }
        if let Some(child) = &self.own {
            let _ = child.join();
        }
    }

    /// Takes the message that it has sent, if there is one.
    pub(super) fn hear(&mut self, terms: Terms) -> Option<Heard> {
        if self.is_starting() {
            let fitness = codec::decode::<Fitness>(&self.line.recv()?);
            if let Err(reason) = fitness.unwrap_or_else(|e| Err(e.to_string()))
            {
                let pid = self.pid;
                let reason =
                    format!("the initializer failed in worker {pid}: {reason}");
                return Some(Heard::Unfit { reason });
            }
            self.stage = Stage::Serving(terms.tasks);
        }
        let reply = codec::decode(&self.line.recv()?)
            .unwrap_or_else(|error| Err(error.into()));
        let job = self.job.take()?;
        let now = Instant::now();
        let soon = |given| now.saturating_duration_since(given) < SHORT;
        self.soon_done = self.given.is_some_and(soon).then_some(now);
        if let Stage::Serving(Some(left)) = &mut self.stage {
            *left -= 1;
            if *left == 0 {
                self.stage = Stage::Retired;
                self.line.shut();
            }
        }
        Some(Heard::Answer(job, reply))
    }
}

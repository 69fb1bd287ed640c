//! A worker, as the pool sees it.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Signal, pidfd_send_signal};

use super::answer::Reply;
use super::crew::Terms;
use super::job::Job;
use super::line::Line;
use super::worker::Fitness;
use crate::codec;
use crate::patience::{self, MOMENT, SHORT};
use crate::process::Child;
use crate::process::wait::readable;
use crate::seat::{MOST_MESSAGES, Seat};
use crate::sys::task::Failure;

/// A process's pidfd, which is readable once the process has ended.
pub(super) type End = Arc<dyn AsFd + Send + Sync>;

/// After so long, a job takes its time, and does not only wait for a processor.
const TURN: Duration = Duration::from_millis(10);

/// A worker process, as the pool sees it.
pub(super) struct Worker {
    pub(super) pid: i32,
    pub(super) line: Line,
    pub(super) end: End,
    /// None if it is a child of the zygote, which then tells its exit code.
    own: Option<Child>,
    stage: Stage,
    /// Those that it has: one that it does, and others ahead.
    jobs: VecDeque<Given>,
    /// So many jobs it may have at once, the one that it does included: twice as
    /// many after each that was short.
    depth: usize,
    /// The thread will see what it sends.
    pub(super) watched: bool,
    /// When it was last given a job: which of all that the pool has given.
    pub(super) turn: u64,
    /// When it was done with its last job, and whether that one was short.
    done: Option<Instant>,
    was_short: bool,
}

/// A job that the worker has.
struct Given {
    job: Job,
    at: Instant,
    /// Where its order lies in the seat, if it does.
    place: Option<u32>,
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
    /// The reply to a job, or why there is none.
    Reply(Job, Result<Reply, Failure>),
    /// It is ready for jobs, after its initializer.
    Ready,
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
            jobs: VecDeque::new(),
            depth: 0,
            watched: false,
            turn: 0,
            done: None,
            was_short: false,
        }
    }

    /// Lets it take jobs, so many if there is a limit.
    pub(super) fn begin_to_serve(&mut self, tasks: Option<usize>) {
        self.stage = Stage::Serving(tasks);
    }

    /// Gives it a job, as the turn of that number.
    pub(super) fn give(&mut self, job: Job, turn: u64, at: Instant) {
        self.turn = turn;
        let place = match self.jobs.is_empty() {
            true => self.line.begin(job.order()),
            false => self.line.send(job.order()),
        };
        self.jobs.push_back(Given { job, at, place });
    }

    /// Sends more of its job, and takes what it has sent.
    pub(super) fn go_on(
        &mut self,
        terms: Terms,
        now: Instant,
    ) -> Option<Heard> {
        if let Some(given) = self.jobs.back() {
            self.line.go_on(given.job.order());
        }
        self.hear(terms, now)
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
            && self.jobs.is_empty()
            && self.line.is_open()
    }

    /// How many jobs it has.
    pub(super) fn load(&self) -> usize {
        self.jobs.len()
    }

    /// Whether it may have this one ahead, of the jobs that wait.
    pub(super) fn may_have_ahead(&self, job: &Job) -> bool {
        let most = match self.stage {
            Stage::Serving(Some(left)) => left.min(self.depth),
            Stage::Serving(None) => self.depth,
            Stage::Starting | Stage::Retired => 0,
        };
        (1..most).contains(&self.jobs.len())
            && self.line.is_open()
            && !self.line.is_sending()
            && self.line.has_room(job.order())
    }

    /// Since when it does a job that it was given `at` a time, or waits for a
    /// processor to do it, as far as is known.
    fn begun(&self, at: Instant) -> Instant {
        self.done.map_or(at, |done| done.max(at))
    }

    /// Whether it has jobs ahead, and is held up by a long one.
    pub(super) fn is_held_up(&self, now: Instant) -> bool {
        let first = self.jobs.front().map(|first| self.begun(first.at));
        let since = |begun| now.saturating_duration_since(begun);
        self.jobs.len() > 1 && first.is_some_and(|it| since(it) > TURN)
    }

    /// Takes jobs back that it has ahead, at most `most`, the last ones. It
    /// always keeps one, so that it is free only when it has told so.
    pub(super) fn take_back(
        &mut self,
        most: usize,
    ) -> impl Iterator<Item = Job> {
        let ahead = self.jobs.len().saturating_sub(1);
        let back = self.line.take_back(most.min(ahead));
        let back = self.jobs.split_off(self.jobs.len() - back);
        if let Some(place) = back.front().and_then(|first| first.place) {
            self.line.take_back_to(place);
        }
        back.into_iter().map(|given| given.job)
    }

    /// Takes all its jobs away: those that it has taken and not answered, and the
    /// others. Which is which holds only for one that has ended.
    pub(super) fn take_jobs(&mut self) -> [VecDeque<Job>; 2] {
        let mut taken: VecDeque<_> =
            self.jobs.drain(..).map(|it| it.job).collect();
        let untaken = self.line.untaken(taken.len());
        let others = taken.split_off(taken.len() - untaken);
        [taken, others]
    }

    /// Whether it still looks out for a job, after one that was short.
    pub(super) fn is_awake(&self, now: Instant) -> bool {
        let lately = |done| now.saturating_duration_since(done) < MOMENT;
        patience::is_of_use() && self.was_short && self.done.is_some_and(lately)
    }

    /// Whether it may send something. An idle one only ends, which its pidfd
    /// tells.
    pub(super) fn may_send(&self) -> bool {
        self.line.is_open() && (self.is_starting() || !self.jobs.is_empty())
    }

    pub(super) fn may_have_sent(&self) -> bool {
        self.may_send() && self.line.may_have_come()
    }

    /// Whether what it sends may lie elsewhere than in its seat.
    pub(super) fn needs_socket(&self) -> bool {
        self.may_send()
            && (self.is_starting()
                || self.line.is_sending()
                || !self.line.has_seat())
    }

    /// Whether the thread is to watch its socket, which it does from now on.
    pub(super) fn watch(&mut self) -> bool {
        self.watched = self.may_send();
        self.line.want_wake_up(self.watched);
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
    pub(super) fn hear(&mut self, terms: Terms, now: Instant) -> Option<Heard> {
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
            return Some(Heard::Ready);
        }
        let come = self.line.answers();
        let reply = self.line.recv()?;
        let Given { job, at, .. } = self.jobs.pop_front()?;
        // Of those that have come together, the first stands for all.
        if self.done != Some(now) {
            let took = now.saturating_duration_since(self.begun(at));
            let come = u32::try_from(come).unwrap_or(1).max(1);
            self.was_short = took < SHORT * come;
        }
        self.done = Some(now);
        self.depth = match self.was_short {
            true => (self.depth * 2).clamp(1, MOST_MESSAGES),
            false => 0,
        };
        if let Stage::Serving(Some(left)) = &mut self.stage {
            *left -= 1;
            if *left == 0 {
                self.stage = Stage::Retired;
                self.line.shut();
            }
        }
        Some(Heard::Reply(job, Ok(reply)))
    }
}

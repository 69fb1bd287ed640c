//! The workers of a pool, and who of them has which job.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Signal, pidfd_send_signal};

use super::answer::Answer;
use super::line::{Line, Message};
use super::worker::{Fitness, Reply};
use crate::codec;
use crate::patience::{self, MOMENT, SHORT};
use crate::process::Child;
use crate::process::wait::readable;
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
    job: Option<Job>,
    /// The thread will see what it sends.
    watched: bool,
    /// When it was last given a job: which of all that the pool has given.
    turn: u64,
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
        socket: OwnedFd,
        end: End,
        own: Option<Child>,
    ) -> Self {
        Self {
            pid,
            line: Line::new(socket),
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

    pub(super) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    pub(super) fn is_starting(&self) -> bool {
        self.stage == Stage::Starting
    }

    pub(super) fn is_retired(&self) -> bool {
        self.stage == Stage::Retired
    }

    fn is_free(&self) -> bool {
        matches!(self.stage, Stage::Serving(_))
            && self.job.is_none()
            && self.line.is_open()
    }

    /// Whether it still looks out for a job, after one that was short.
    fn is_awake(&self, now: Instant) -> bool {
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
    fn may_send(&self) -> bool {
        self.line.is_open() && (self.is_starting() || self.job.is_some())
    }

    /// Whether the thread is to watch its socket, which it does from now on.
    pub(super) fn watch(&mut self, idle_ones: bool) -> bool {
        self.watched = self.may_send() || (idle_ones && self.line.is_open());
        self.watched
    }

    /// Of a worker that has ended.
    fn exitcode(&self) -> Option<i32> {
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
    fn hear(&mut self, terms: Terms) -> Option<Heard> {
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

/// What holds for all workers of a pool.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// How many there are to be.
    pub(super) processes: usize,
    /// Whether they run an initializer, and tell how it went.
    pub(super) initialize: bool,
    /// How many jobs each of them does, at most.
    pub(super) tasks: Option<usize>,
}

/// The workers, and the jobs that wait for one.
pub(super) struct Crew {
    pub(super) workers: Vec<Worker>,
    pub(super) waiting: VecDeque<Job>,
    pub(super) terms: Terms,
    /// Somebody has left, or retired, since the last look at it.
    pub(super) vacancy: bool,
    /// How many jobs have been given to workers.
    turns: u64,
}

impl Crew {
    pub(super) fn new(workers: Vec<Worker>, terms: Terms) -> Self {
        let mut crew = Self {
            workers: Vec::new(),
            waiting: VecDeque::new(),
            terms,
            vacancy: false,
            turns: 0,
        };
        for worker in workers {
            crew.add(worker);
        }
        crew
    }

    /// Takes a new worker in.
    pub(super) fn add(&mut self, mut worker: Worker) {
        if !self.terms.initialize {
            worker.stage = Stage::Serving(self.terms.tasks);
        }
        self.workers.push(worker);
    }

    /// Those that take jobs, or will.
    pub(super) fn active(&self) -> impl Iterator<Item = &Worker> {
        self.workers.iter().filter(|worker| !worker.is_retired())
    }

    /// Gives waiting jobs to idle workers: first to those who have had none for
    /// longest, so that all have their turns. But jobs that take no longer than
    /// to wake somebody go to who is awake.
    pub(super) fn dispatch(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let now = Instant::now();
        loop {
            let free = self.workers.iter_mut().filter(|one| one.is_free());
            let key = |one: &&mut Worker| (!one.is_awake(now), one.turn);
            let Some(worker) = free.min_by_key(key) else {
                return;
            };
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            self.turns += 1;
            worker.turn = self.turns;
            worker.given = Some(now);
            worker.line.begin(&job.order);
            worker.job = Some(job);
        }
    }

    /// Goes on with the worker whose socket is `socket`: sends it more of its
    /// job, and receives more of its answer.
    pub(super) fn go_on(&mut self, socket: &OwnedFd) -> Option<Heard> {
        let worker = self.workers.iter_mut().find(|worker| {
            std::ptr::eq(Arc::as_ptr(worker.line.socket()), socket)
        })?;
        if let Some(job) = &worker.job {
            worker.line.go_on(&job.order);
        }
        let heard = worker.hear(self.terms);
        self.vacancy |= worker.is_retired();
        heard
    }

    /// Hears all who have a job.
    pub(super) fn hear_all(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for worker in self.workers.iter_mut().filter(|one| one.may_send()) {
            if let Some(job) = &worker.job {
                worker.line.go_on(&job.order);
            }
            heard.extend(worker.hear(self.terms));
            self.vacancy |= worker.is_retired();
        }
        heard
    }

    /// Whether somebody may send or receive something that the thread would
    /// not see.
    pub(super) fn is_unwatched(&self) -> bool {
        let mut workers = self.workers.iter();
        workers.any(|it| it.is_sending() || (it.may_send() && !it.watched))
    }

    /// How a worker has ended, if that can be known without the zygote.
    pub(super) fn exitcode(&self, pid: i32) -> Option<i32> {
        let worker = self.workers.iter().find(|worker| worker.pid == pid);
        worker?.exitcode()
    }

    /// Strikes a dead worker off.
    pub(super) fn remove(&mut self, pid: i32) -> Option<Worker> {
        let place = self.workers.iter().position(|dead| dead.pid == pid)?;
        self.vacancy = true;
        Some(self.workers.swap_remove(place))
    }

    /// Settles the job of a dead worker. It is done, if the worker could still
    /// send the answer; goes to another, if it had not read it; or is lost. A
    /// worker that died in the initializer has none.
    pub(super) fn settle(
        &mut self,
        mut dead: Worker,
        exitcode: i32,
    ) -> Option<Heard> {
        let heard = dead.hear(self.terms);
        let pid = dead.pid;
        if heard.is_none() && dead.is_starting() {
            let reason = format!(
                "worker {pid} ended with exit code {exitcode} in the \
                 initializer"
            );
            return Some(Heard::Unfit { reason });
        }
        let Some(job) = dead.job else { return heard };
        if !dead.line.has_delivered(&job.order) {
            self.waiting.push_front(job);
            return None;
        }
        let lost = Err(Failure::WorkerDied { pid, exitcode });
        Some(Heard::Answer(job, lost))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
            && self.workers.iter().all(|worker| worker.job.is_none())
    }

    /// Takes away all jobs, begun or not.
    pub(super) fn take_jobs(&mut self) -> Vec<Job> {
        let begun = self.workers.iter_mut().filter_map(|one| one.job.take());
        let begun: Vec<_> = begun.collect();
        begun.into_iter().chain(self.waiting.drain(..)).collect()
    }

    /// Takes away the jobs for `sink` that nobody has begun.
    pub(super) fn withdraw(&mut self, sink: &Arc<dyn Sink>) -> Vec<Job> {
        let waiting = self.waiting.drain(..);
        let (its, others): (Vec<_>, Vec<_>) =
            waiting.partition(|job| Arc::ptr_eq(&job.sink, sink));
        self.waiting = others.into();
        its
    }
}

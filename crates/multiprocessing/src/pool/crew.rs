//! The workers of a pool, and who of them has which job.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Signal, pidfd_send_signal};

use super::line::{Line, Message};
use super::worker::{Answer, Fitness};
use crate::codec;
use crate::process::Child;
use crate::process::wait::readable;
use crate::sys::task::{Failure, ItemResult};

/// Where the results of a task's items go.
pub(super) trait Sink: Send + Sync {
    /// Takes the results of the items from `start` on. For the dispatcher's
    /// thread.
    fn fill(&self, start: usize, results: Vec<ItemResult>);
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
    pub(super) fn fail(self, failure: &Failure) {
        let results = (0..self.count).map(|_| Err(failure.clone())).collect();
        self.sink.fill(self.start, results);
    }

    /// Takes what the worker sent: one result an item, or one failure for
    /// them all. Anything else is not of the library's making: somebody has
    /// written into the worker's socket.
    pub(super) fn finish(self, answer: Answer) {
        match &answer[..] {
            [Err(failure)] => self.fail(failure),
            _ if answer.len() == self.count => {
                self.sink.fill(self.start, answer);
            }
            _ => {
                let (come, count) = (answer.len(), self.count);
                let reason = format!("{come} results came of {count} items");
                self.fail(&Failure::Decode { reason });
            }
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
    /// When it was last given a job: which of all that the pool has given.
    turn: u64,
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
    Answer(Job, Answer),
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
            turn: 0,
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

    /// Whether some of its job is still to be sent.
    pub(super) fn is_sending(&self) -> bool {
        let unsent = |job: &Job| !self.line.has_sent(&job.order);
        self.line.is_open() && self.job.as_ref().is_some_and(unsent)
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
        let answer = codec::decode(&self.line.recv()?)
            .unwrap_or_else(|error| vec![Err(error.into())]);
        let job = self.job.take()?;
        if let Stage::Serving(Some(left)) = &mut self.stage {
            *left -= 1;
            if *left == 0 {
                self.stage = Stage::Retired;
                self.line.shut();
            }
        }
        Some(Heard::Answer(job, answer))
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
    /// longest, so that all have their turns.
    pub(super) fn dispatch(&mut self) {
        loop {
            let free = self.workers.iter_mut().filter(|one| one.is_free());
            let Some(worker) = free.min_by_key(|one| one.turn) else {
                return;
            };
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            self.turns += 1;
            worker.turn = self.turns;
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
        let lost = vec![Err(Failure::WorkerDied { pid, exitcode })];
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

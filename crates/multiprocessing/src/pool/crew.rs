//! The workers of a pool, and who of them has which job.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use super::job::{Job, Sink};
use super::member::{Heard, Worker};
use crate::seat::Seat;
use crate::sys::task::Failure;

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
    /// The seats in which nobody sits.
    pub(super) seats: Vec<Seat>,
    /// Somebody has left, or retired, since the last look at it.
    pub(super) vacancy: bool,
    /// How many jobs have been given to workers.
    turns: u64,
}

impl Crew {
    pub(super) fn new(
        workers: Vec<Worker>,
        seats: Vec<Seat>,
        terms: Terms,
    ) -> Self {
        let mut crew = Self {
            workers: Vec::new(),
            waiting: VecDeque::new(),
            terms,
            seats,
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
            worker.begin_to_serve(self.terms.tasks);
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
            worker.give(job, self.turns, now);
        }
    }

    /// Goes on with the worker whose socket is `socket`: sends it more of its
    /// job, and receives more of its answer.
    pub(super) fn go_on(&mut self, socket: &OwnedFd) -> Option<Heard> {
        let worker = self.workers.iter_mut().find(|worker| {
            std::ptr::eq(Arc::as_ptr(worker.line.socket()), socket)
        })?;
        let heard = worker.go_on(self.terms);
        self.vacancy |= worker.is_retired();
        heard
    }

    /// Hears all who have a job.
    pub(super) fn hear_all(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        let workers = self.workers.iter_mut();
        for worker in workers.filter(|one| one.may_have_sent()) {
            heard.extend(worker.go_on(self.terms));
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

    /// Whether all that workers may send comes by their seats, and nobody else
    /// watches them: once heard, they need nobody but who hears the next.
    pub(super) fn is_heard_by_seats(&self) -> bool {
        let mut workers = self.workers.iter().filter(|it| it.may_send());
        !workers.any(|it| it.needs_socket() || it.may_have_sent())
    }

    /// Lets workers send bells, or not: who is awake needs none.
    pub(super) fn want_bells(&self, wanted: bool) {
        self.workers.iter().for_each(|it| it.line.want_bell(wanted));
    }

    /// Whether nobody may send anything.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.workers.iter().any(Worker::may_send)
    }

    /// Whether somebody has put an answer into its seat.
    pub(super) fn has_answers(&self) -> bool {
        let mut workers = self.workers.iter();
        workers.any(|it| it.line.has_seat() && it.may_have_sent())
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
        let unfit = heard.is_none() && dead.is_starting();
        let Worker { pid, line, job, .. } = dead;
        let has_it = |job: &Job| line.has_delivered(&job.order);
        let delivered = job.as_ref().is_some_and(has_it);
        self.seats.extend(line.into_seat());
        if unfit {
            let reason = format!(
                "worker {pid} ended with exit code {exitcode} in the \
                 initializer"
            );
            return Some(Heard::Unfit { reason });
        }
        let Some(job) = job else { return heard };
        if !delivered {
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

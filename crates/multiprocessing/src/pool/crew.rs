//! The workers of a pool, and who of them has which job.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use super::job::{Job, Sink};
use super::member::{Heard, Worker};
use crate::seat::{MOST_MESSAGES, Seat};
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

/// So many jobs last a worker until somebody is woken who gives it more.
const MANY: usize = MOST_MESSAGES / 4;

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

    /// Gives waiting jobs to workers: first to idle ones, and of those to who
    /// has had none for longest, so that all have their turns. But jobs that
    /// take no longer than to wake somebody go to who is awake; and who does
    /// such jobs gets some ahead, which are taken back when another is idle, or
    /// when he is held up.
    pub(super) fn dispatch(&mut self) {
        while !self.waiting.is_empty() || self.level() {
            let now = Instant::now();
            self.recall(|it| it.is_held_up(now));
            while let Some(job) = self.waiting.front()
                && let Some(worker) = choose(&mut self.workers, job, now)
                && let Some(job) = self.waiting.pop_front()
            {
                self.turns += 1;
                worker.give(job, self.turns, now);
            }
            self.workers.iter_mut().for_each(|it| it.line.flush());
            if !self.waiting.is_empty() {
                return;
            }
        }
    }

    /// Takes back all that these workers have ahead: before the others that
    /// wait, which have come later.
    fn recall(&mut self, from: impl Fn(&Worker) -> bool) {
        let these = self.workers.iter_mut().filter(|it| from(it));
        let back: Vec<_> =
            these.flat_map(|it| it.take_back(MOST_MESSAGES)).collect();
        self.put_back(back);
    }

    /// Takes jobs back from who has most ahead, if somebody is idle; tells
    /// whether there were any.
    fn level(&mut self) -> bool {
        if !self.workers.iter().any(Worker::is_free) {
            return false;
        }
        let busy = self.workers.iter_mut().filter(|it| it.load() > 1);
        let mut busy: Vec<_> = busy.collect();
        busy.sort_by_key(|it| Reverse(it.load()));
        // What somebody has may be begun, and its answers not heard.
        busy.into_iter().any(|it| {
            self.waiting.extend(it.take_back(it.load() / 2));
            !self.waiting.is_empty()
        })
    }

    /// Goes on with the worker whose socket is `socket`: sends it more of its
    /// job, and receives more of its answer.
    pub(super) fn go_on(&mut self, socket: &OwnedFd) -> Option<Heard> {
        let worker = self.workers.iter_mut().find(|worker| {
            std::ptr::eq(Arc::as_ptr(worker.line.socket()), socket)
        })?;
        let heard = worker.go_on(self.terms, Instant::now());
        self.vacancy |= worker.is_retired();
        heard
    }

    /// Whether somebody who has a job may have sent something.
    pub(super) fn may_hear(&self) -> bool {
        self.workers.iter().any(Worker::may_have_sent)
    }

    /// The next that somebody who has a job has sent.
    pub(super) fn hear_next(&mut self, now: Instant) -> Option<Heard> {
        let workers = self.workers.iter_mut();
        for worker in workers.filter(|it| it.may_have_sent()) {
            let heard = worker.go_on(self.terms, now);
            self.vacancy |= worker.is_retired();
            if heard.is_some() {
                return heard;
            }
        }
        None
    }

    /// Whether somebody may send or receive something that the thread would
    /// not see.
    pub(super) fn is_unwatched(&self) -> bool {
        let mut workers = self.workers.iter();
        workers.any(|it| it.line.is_sending() || (it.may_send() && !it.watched))
    }

    /// Whether the next that any worker sends comes by its seat: nothing is
    /// under way by a socket.
    pub(super) fn is_heard_by_seats(&self) -> bool {
        let mut workers = self.workers.iter();
        !workers.any(|it| {
            it.needs_socket() || (it.may_have_sent() && !it.line.has_answer())
        })
    }

    /// The thread will look at whoever has a job now.
    pub(super) fn will_be_watched(&mut self) {
        let busy = self.workers.iter_mut().filter(|it| it.may_send());
        busy.for_each(|it| it.watched = true);
    }

    /// Lets workers wake the thread at its sockets, or not: who is awake needs
    /// no waking.
    pub(super) fn want_wake_ups(&mut self, wanted: bool) {
        self.workers
            .iter_mut()
            .for_each(|it| it.line.want_wake_up(wanted));
    }

    /// Whether nobody may send anything.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.workers.iter().any(Worker::may_send)
    }

    /// Whether somebody has put an answer into its seat.
    pub(super) fn has_answers(&self) -> bool {
        let mut workers = self.workers.iter();
        workers.any(|it| it.may_send() && it.line.has_answer())
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

    /// Settles the jobs of a dead worker. Those are done whose answers it could
    /// still send; others that it had taken are lost, and the rest go to others.
    /// A worker that died in the initializer has none.
    pub(super) fn settle(
        &mut self,
        mut dead: Worker,
        exitcode: i32,
    ) -> Vec<Heard> {
        let hear = || dead.hear(self.terms, Instant::now());
        let mut heard: Vec<_> = std::iter::from_fn(hear).collect();
        let pid = dead.pid;
        if heard.is_empty() && dead.is_starting() {
            let reason = format!(
                "worker {pid} ended with exit code {exitcode} in the \
                 initializer"
            );
            heard.push(Heard::Unfit { reason });
        }
        let [lost, others] = dead.take_jobs();
        for job in lost {
            let lost = Err(Failure::WorkerDied { pid, exitcode });
            heard.push(Heard::Reply(job, lost));
        }
        self.put_back(others.into());
        self.seats.extend(dead.line.into_seat());
        heard
    }

    /// Puts jobs that were given away before those that wait.
    fn put_back(&mut self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            self.waiting.push_front(job);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
            && self.workers.iter().all(|worker| worker.load() == 0)
    }

    /// How many jobs there are.
    pub(super) fn jobs(&self) -> usize {
        let loads = self.workers.iter().map(Worker::load);
        self.waiting.len() + loads.sum::<usize>()
    }

    /// Whether every worker has many jobs ahead.
    pub(super) fn is_supplied(&self) -> bool {
        self.workers.iter().all(|it| it.load() >= MANY)
    }

    /// Takes away all jobs, begun or not.
    pub(super) fn take_jobs(&mut self) -> Vec<Job> {
        let begun = self.workers.iter_mut().flat_map(Worker::take_jobs);
        let begun: Vec<_> = begun.flatten().collect();
        begun.into_iter().chain(self.waiting.drain(..)).collect()
    }

    /// Takes away the jobs for `sink` that nobody has begun.
    pub(super) fn withdraw(&mut self, sink: &Arc<dyn Sink>) -> Vec<Job> {
        self.recall(|_| true);
        let waiting = self.waiting.drain(..);
        let (its, others): (Vec<_>, Vec<_>) =
            waiting.partition(|job| job.is_for(sink));
        self.waiting = others.into();
        self.dispatch();
        its
    }
}

/// The worker to give `job` to, if there is one.
fn choose<'a>(
    workers: &'a mut [Worker],
    job: &Job,
    now: Instant,
) -> Option<&'a mut Worker> {
    if !workers.iter().any(Worker::is_free) {
        let ahead = workers.iter_mut().filter(|it| it.may_have_ahead(job));
        return ahead.min_by_key(|it| it.load());
    }
    let free = workers.iter_mut().filter(|it| it.is_free());
    free.min_by_key(|it| (!it.is_awake(now), it.turn))
}

//! The workers of a pool, and who of them has which job.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::socket_error;

use super::result::ResultCell;
use super::worker::{Answer, Order};
use crate::codec;
use crate::error::Result;
use crate::pipe::frame;
use crate::process::wait::readable;
use crate::process::{Child, Sentinel};
use crate::sys::task::{Failure, Function};

/// A part of a task: some items that one worker takes at once.
pub(super) struct Job {
    pub(super) function: Function,
    pub(super) items: Vec<u8>,
    pub(super) count: usize,
    /// Where the results go: into this cell, from this place on.
    pub(super) cell: Arc<ResultCell>,
    pub(super) start: usize,
}

impl Job {
    pub(super) fn fail(self, failure: &Failure) {
        let results = (0..self.count).map(|_| Err(failure.clone())).collect();
        self.cell.fill(self.start, results);
    }

    /// Takes what the worker sent: one result an item, or, if it could not
    /// read the items, one failure for them all.
    pub(super) fn finish(self, answer: Answer) {
        match &answer[..] {
            [Err(failure)] if self.count > 1 => self.fail(failure),
            _ => self.cell.fill(self.start, answer),
        }
    }
}

/// A worker process, as the pool sees it.
pub(super) struct Worker {
    pub(super) pid: i32,
    pub(super) socket: Arc<OwnedFd>,
    /// None if it is a child of the zygote, which then tells its end.
    pub(super) own: Option<(Child, Sentinel)>,
    job: Option<Job>,
    line: Line,
}

/// What is known of the other end of a worker's socket.
#[derive(PartialEq, Eq)]
enum Line {
    Open,
    /// Closed: the worker has died, or is about to.
    Closed,
    /// Closed before the worker had read its job.
    Unread,
}

impl Worker {
    pub(super) fn new(
        pid: i32,
        socket: OwnedFd,
        own: Option<(Child, Sentinel)>,
    ) -> Self {
        let socket = Arc::new(socket);
        Self {
            pid,
            socket,
            own,
            job: None,
            line: Line::Open,
        }
    }

    /// Whether answers may still come.
    pub(super) fn is_heard(&self) -> bool {
        self.line == Line::Open
    }

    /// Lets the worker end: by itself, or at once.
    pub(super) fn dismiss(&self, graceful: bool) {
        // If any of it fails, the worker has ended already.
        if graceful {
            if let Ok(stop) = codec::encode(&Order::Stop) {
                let _ = frame::send(self.socket.as_fd(), &stop);
            }
        } else if let Some((child, _)) = &self.own {
            let _ = child.kill();
        }
    }

    /// Waits until the worker has ended, `limit` at most; then kills it.
    pub(super) fn await_end(&self, limit: Duration) {
        match &self.own {
            None => drop(readable(self.socket.as_fd(), Some(limit))),
            Some((child, _)) => {
                if !child.join_timeout(limit).unwrap_or(true) {
                    let _ = child.kill();
                    let _ = child.join();
                }
            }
        }
    }

    /// Reads an answer that is there or on its way; without one, the worker
    /// has ended.
    fn hear(&mut self) -> Option<(Job, Answer)> {
        // The kernel resets a connection whose other end was closed with
        // something unread.
        let reset = socket_error(&self.socket);
        if matches!(reset, Ok(Err(Errno::CONNRESET))) {
            self.line = Line::Unread;
            return None;
        }
        let Ok(answer) = frame::recv(self.socket.as_fd()) else {
            self.line = Line::Closed;
            return None;
        };
        let answer = codec::decode(&answer).unwrap_or_else(|error| {
            let reason = error.to_string();
            vec![Err(Failure::Decode { reason })]
        });
        self.job.take().map(|job| (job, answer))
    }
}

/// The workers, and the jobs that wait for one.
#[derive(Default)]
pub(super) struct Crew {
    pub(super) workers: Vec<Worker>,
    pub(super) waiting: VecDeque<Job>,
}

impl Crew {
    /// Gives waiting jobs to idle workers.
    pub(super) fn dispatch(&mut self) {
        for worker in &mut self.workers {
            if worker.job.is_some() || worker.line != Line::Open {
                continue;
            }
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            if order(worker, &job).is_ok() {
                worker.job = Some(job);
            } else {
                worker.line = Line::Closed;
                self.waiting.push_front(job);
            }
        }
    }

    /// Hears the worker whose socket is `socket`.
    pub(super) fn hear(&mut self, socket: &OwnedFd) -> Option<(Job, Answer)> {
        let worker = self
            .workers
            .iter_mut()
            .find(|worker| std::ptr::eq(&raw const *worker.socket, socket))?;
        worker.hear()
    }

    /// Strikes a dead worker off. Its job is done, if it could still send the
    /// answer; goes to another, if it never read it; or is lost.
    pub(super) fn bury(
        &mut self,
        pid: i32,
        exitcode: i32,
    ) -> Option<(Job, Answer)> {
        let place = self.workers.iter().position(|dead| dead.pid == pid)?;
        let mut dead = self.workers.swap_remove(place);
        let mut heard = None;
        while heard.is_none() && dead.line == Line::Open && dead.job.is_some() {
            heard = dead.hear();
        }
        let Some(job) = dead.job else { return heard };
        if dead.line == Line::Unread {
            self.waiting.push_front(job);
            return None;
        }
        let failure = Failure::WorkerDied { pid, exitcode };
        let lost = (0..job.count).map(|_| Err(failure.clone())).collect();
        Some((job, lost))
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
}

fn order(worker: &Worker, job: &Job) -> Result<()> {
    let order = Order::Run {
        function: job.function,
        items: job.items.clone(),
    };
    frame::send(worker.socket.as_fd(), &codec::encode(&order)?)
}

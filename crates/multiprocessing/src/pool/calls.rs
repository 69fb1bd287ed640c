//! The thread that calls callbacks, one after the other. A slow one holds up the
//! next, and nothing else of the pool.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};

use super::job::Call;
use super::result::run_call;
use crate::error::Result;
use crate::threads;

pub(super) struct Caller {
    queue: Arc<Mutex<Queue>>,
    thread: Thread,
    /// Until somebody waits for its end.
    end: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Queue {
    calls: VecDeque<Call>,
    /// No more will come.
    is_over: bool,
}

impl Caller {
    pub(super) fn start() -> Result<Self> {
        let queue = Arc::<Mutex<Queue>>::default();
        let served = Arc::clone(&queue);
        let end = threads::spawn("callbacks", move || serve(&served))?;
        Ok(Self {
            queue,
            thread: end.thread().clone(),
            end: Some(end),
        })
    }

    pub(super) fn call(&self, calls: Vec<Call>) {
        lock(&self.queue).calls.extend(calls);
        self.thread.unpark();
    }

    /// Lets it end, after all calls that it has; gives what to join then.
    pub(super) fn end(&mut self) -> Option<JoinHandle<()>> {
        lock(&self.queue).is_over = true;
        self.thread.unpark();
        self.end.take()
    }

    /// Whether it is who asks.
    pub(super) fn is_current(&self) -> bool {
        thread::current().id() == self.thread.id()
    }
}

fn serve(queue: &Mutex<Queue>) {
    loop {
        // For each call anew: in between, a process may start.
        let working = threads::working();
        let mut waiting = lock(queue);
        let (call, is_over) = (waiting.calls.pop_front(), waiting.is_over);
        drop(waiting);
        match call {
            Some(call) => run_call(call),
            None if is_over => return,
            None => {
                drop(working);
                thread::park();
            }
        }
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

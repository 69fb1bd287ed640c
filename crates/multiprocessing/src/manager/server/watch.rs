//! Sees the end of clients, and of tethers, while all other threads wait.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::{Errno, Result};

use super::lock;
use crate::manager::sentinel::Sentinel;

/// What is done when an end has come.
type Action = Box<dyn FnOnce() + Send>;

pub(in crate::manager) struct Watch {
    epoll: OwnedFd,
    actions: Mutex<Actions>,
}

#[derive(Default)]
struct Actions {
    count: u64,
    by_number: HashMap<u64, Action>,
}

impl Watch {
    /// Begins to watch, in a thread.
    pub(in crate::manager) fn start() -> std::io::Result<Arc<Self>> {
        let watch = Arc::new(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            actions: Mutex::default(),
        });
        let thread = thread::Builder::new().name("watch".into());
        let watcher = Arc::clone(&watch);
        thread.spawn(move || watcher.run())?;
        Ok(watch)
    }

    /// Does `action` when the end comes, unless what is returned was dropped
    /// before.
    pub(super) fn at_end(
        self: &Arc<Self>,
        sentinel: Sentinel<'_>,
        action: impl FnOnce() + Send + 'static,
    ) -> Result<Watched> {
        let mut actions = lock(&self.actions);
        actions.count += 1;
        let number = actions.count;
        actions.by_number.insert(number, Box::new(action));
        drop(actions);
        let watched = Watched {
            watch: Arc::clone(self),
            number,
        };
        // An end never ends; once is enough to tell of it.
        let events = sentinel.events() | EventFlags::ONESHOT;
        let number = EventData::new_u64(number);
        epoll::add(&self.epoll, sentinel.as_fd(), number, events)?;
        Ok(watched)
    }

    fn run(&self) {
        let mut events = Vec::with_capacity(64);
        loop {
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            for event in events.drain(..) {
                // Without the lock, since it may end another watch.
                if let Some(action) = self.take(event.data.u64()) {
                    action();
                }
            }
        }
    }

    fn take(&self, number: u64) -> Option<Action> {
        lock(&self.actions).by_number.remove(&number)
    }
}

/// A descriptor that is watched: to be dropped with it.
pub(super) struct Watched {
    watch: Arc<Watch>,
    number: u64,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watch.take(self.number);
    }
}

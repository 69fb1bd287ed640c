//! The objects of a server, found by their number.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, Weak};

use super::barrier::Barrier;
use super::condition::Condition;
use super::dict::Dict;
use super::event::Event;
use super::guest::Guest;
use super::list::List;
use super::lock;
use super::lock::Lock;
use super::own::Own;
use super::queue::Queue;
use super::semaphore::Semaphore;
use super::watch::{Watch, Watched};
use crate::manager::protocol::Id;
use crate::manager::sentinel::Sentinel;

#[derive(Clone)]
pub(super) enum Object {
    Dict(Arc<Mutex<Dict>>),
    List(Arc<Mutex<List>>),
    Queue(Arc<Queue>),
    Lock(Arc<Lock>),
    Semaphore(Arc<Semaphore>),
    Event(Arc<Event>),
    Condition(Arc<Condition>),
    Barrier(Arc<Barrier>),
    Own(Arc<Own>),
}

pub(super) struct Objects {
    watch: Arc<Watch>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// Numbers are never used again.
    next: Id,
    entries: HashMap<Id, Entry>,
}

struct Entry {
    object: Object,
    /// None: the object stays.
    tether: Option<Tether>,
}

/// The server's end of what holds an object.
struct Tether {
    socket: OwnedFd,
    _watched: Watched,
}

impl Objects {
    pub(super) fn new(watch: Arc<Watch>) -> Self {
        Self {
            watch,
            table: Mutex::default(),
        }
    }

    /// Adds an object, which goes when its tether does; its number.
    pub(super) fn add(
        self: &Arc<Self>,
        object: Object,
        tether: Option<OwnedFd>,
    ) -> Id {
        let id = {
            let table = &mut *lock(&self.table);
            table.next += 1;
            let tether = None;
            table.entries.insert(table.next, Entry { object, tether });
            table.next
        };
        if let Some(socket) = tether {
            self.tie(id, socket);
        }
        id
    }

    /// Lets the object go with its tether; if that cannot be watched, it stays.
    fn tie(self: &Arc<Self>, id: Id, socket: OwnedFd) {
        let objects: Weak<Self> = Arc::downgrade(self);
        let drop_it = move || {
            if let Some(objects) = objects.upgrade() {
                objects.remove(id);
            }
        };
        let sentinel = Sentinel::Stream(socket.as_fd());
        if let Ok(watched) = self.watch.at_end(sentinel, drop_it) {
            let tether = Tether {
                socket,
                _watched: watched,
            };
            self.exchange(id, Some(tether));
        }
    }

    /// Lets the object stay without its tether.
    pub(super) fn keep(&self, id: Id) {
        self.exchange(id, None);
    }

    fn exchange(&self, id: Id, tether: Option<Tether>) {
        let mut table = lock(&self.table);
        let entry = table.entries.get_mut(&id);
        let before =
            entry.map(|entry| std::mem::replace(&mut entry.tether, tether));
        drop(table);
        drop(before);
    }

    fn remove(&self, id: Id) {
        let removed = lock(&self.table).entries.remove(&id);
        // Without the lock, since it may be much.
        drop(removed);
    }

    /// How many there are, without those that nobody has a proxy of.
    pub(super) fn count(&self) -> usize {
        let mut table = lock(&self.table);
        table.entries.retain(|_, entry| !entry.is_lost());
        table.entries.len()
    }

    /// A handle of its own, so that a call that waits stops no other object.
    pub(super) fn get(&self, id: Id) -> Option<Object> {
        let table = lock(&self.table);
        table.entries.get(&id).map(|entry| entry.object.clone())
    }

    /// Frees the locks of one who is gone.
    pub(super) fn free_locks_of(&self, guest: &Arc<Guest>) {
        let table = lock(&self.table);
        let objects = table.entries.values().map(|entry| &entry.object);
        let locks: Vec<_> = objects.filter_map(Object::lock).collect();
        drop(table);
        for lock in locks {
            lock.free_of(guest);
        }
    }
}

impl Entry {
    fn is_lost(&self) -> bool {
        let over = |it: &Tether| Sentinel::Stream(it.socket.as_fd()).is_over();
        self.tether.as_ref().is_some_and(over)
    }
}

impl Object {
    fn lock(&self) -> Option<Arc<Lock>> {
        match self {
            Self::Lock(lock) => Some(Arc::clone(lock)),
            Self::Condition(condition) => Some(Arc::clone(&condition.lock)),
            _ => None,
        }
    }
}

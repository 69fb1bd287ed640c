//! What is asked of the objects, and who answers it.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use super::barrier::Barrier;
use super::condition::Condition;
use super::dict::Dict;
use super::event::Event;
use super::guest::Guest;
use super::list::List;
use super::lock::Lock;
use super::objects::{Object, Objects};
use super::own::Own;
use super::queue::Queue;
use super::semaphore::Semaphore;
use super::{done, lock, no_such_object, refused};
use crate::manager::protocol::{Call, LockKind, New, Refusal, Request};

impl Objects {
    /// The tether is what holds an object that is to be made.
    pub(super) fn answer(
        self: &Arc<Self>,
        guest: &Arc<Guest>,
        request: Request,
        tether: Option<OwnedFd>,
    ) -> Vec<u8> {
        match request {
            Request::New(new) => match self.made(guest, new) {
                Ok(object) => done(self.add(object, tether)),
                Err(refusal) => refused(refusal),
            },
            Request::Call(id, call) => match self.get(id) {
                Some(object) => object.answer(call, guest),
                None => refused(no_such_object()),
            },
            Request::Keep(id) => {
                self.keep(id);
                done(())
            }
            Request::Count => done(self.count()),
        }
    }

    fn made(&self, guest: &Guest, new: New) -> Result<Object, Refusal> {
        Ok(match new {
            New::Dict(pairs) => {
                Object::Dict(Arc::new(Mutex::new(Dict::from_iter(pairs))))
            }
            New::List(items) => {
                Object::List(Arc::new(Mutex::new(List::from(items))))
            }
            New::Queue { maxsize } => {
                Object::Queue(Arc::new(Queue::new(maxsize)))
            }
            New::Lock(kind) => Object::Lock(Arc::new(Lock::new(kind))),
            New::Semaphore { units, bound } => {
                Object::Semaphore(Arc::new(Semaphore::new(units, bound)))
            }
            New::Event => Object::Event(Arc::new(Event::new())),
            New::Condition { lock } => {
                let lock = match lock.map(|id| self.get(id)) {
                    None => Arc::new(Lock::new(LockKind::Recursive)),
                    Some(Some(Object::Lock(lock))) => lock,
                    Some(_) => return Err(no_such_object()),
                };
                Object::Condition(Arc::new(Condition::new(lock)))
            }
            New::Barrier { parties, limit } => {
                Object::Barrier(Arc::new(Barrier::new(parties, limit)))
            }
            New::Own(making) => {
                let kin = guest.client.kin.as_ref();
                Object::Own(Arc::new(Own::make(kin, &making)?))
            }
        })
    }
}

impl Object {
    fn answer(&self, call: Call, guest: &Arc<Guest>) -> Vec<u8> {
        match (self, call) {
            (Self::Dict(dict), Call::Dict(call)) => lock(dict).answer(call),
            (Self::List(list), Call::List(call)) => lock(list).answer(call),
            (Self::Queue(queue), Call::Queue(call)) => {
                queue.answer(call, guest)
            }
            (Self::Lock(lock), Call::Lock(call)) => lock.answer(call, guest),
            (Self::Semaphore(semaphore), Call::Semaphore(call)) => {
                semaphore.answer(call, guest)
            }
            (Self::Event(event), Call::Event(call)) => {
                event.answer(call, guest)
            }
            (Self::Condition(condition), Call::Condition(call)) => {
                condition.answer(call, guest)
            }
            (Self::Barrier(barrier), Call::Barrier(call)) => {
                barrier.answer(call, guest)
            }
            (Self::Own(own), Call::Own(calling)) => {
                own.answer(guest.client.kin.as_ref(), &calling)
            }
            _ => refused(no_such_object()),
        }
    }
}

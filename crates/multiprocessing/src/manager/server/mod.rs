//! The server process: a thread for each connection, and the objects.

mod barrier;
mod condition;
mod dict;
mod event;
mod guest;
mod inherited;
mod list;
mod lock;
mod objects;
mod queue;
mod semaphore;
mod waiting;
mod watch;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::Serialize;

use self::barrier::Barrier;
use self::condition::Condition;
use self::dict::Dict;
use self::event::Event;
use self::guest::Guest;
use self::list::List;
use self::lock::Lock;
use self::objects::{Object, Objects};
use self::queue::Queue;
use self::semaphore::Semaphore;
use self::watch::Watch;
use super::door::{Client, Inside, Knock};
use super::protocol::{Call, LockKind, New, Refusal, Reply, Request};
use crate::codec;
use crate::error::{Error, Result};
use crate::pipe::frame;

/// Serves until somebody asks for the end or nobody is left; the exit code.
pub(super) fn run(door: &Inside) -> i32 {
    if inherited::close_all_but(door).is_err() {
        return 1;
    }
    ask_for_descriptors();
    let Ok(watch) = Watch::start() else {
        return 1;
    };
    let reception = Arc::new(Reception {
        objects: Arc::new(Objects::new(Arc::clone(&watch))),
        watch,
    });
    loop {
        match door.accept() {
            Ok(Knock::Client(client)) => {
                let client = Arc::new(client);
                if let Err(error) = receive(&reception, &client) {
                    turn_away(&client, &error);
                }
            }
            Ok(Knock::Nobody) => {}
            Ok(Knock::ShutDown) | Err(Error::Disconnected) => return 0,
            Err(_) => return 1,
        }
    }
}

/// Attends to the client in a thread of its own, if there is room for that.
fn receive(reception: &Arc<Reception>, client: &Arc<Client>) -> io::Result<()> {
    // Room for the next one is kept: the descriptors of a client that there is
    // no room for are lost, and it could not be told why.
    let _next = (client.stream.try_clone()?, client.stream.try_clone()?);
    let (reception, client) = (Arc::clone(reception), Arc::clone(client));
    let thread = thread::Builder::new().name("client".into());
    thread.spawn(move || reception.attend_to(&client)).map(drop)
}

/// Tells a client why it is not served, in the place of its first reply.
fn turn_away(client: &Client, error: &io::Error) {
    let errno = error.raw_os_error().unwrap_or_default();
    let refusal = refused(Refusal::NoRoom { errno });
    // If it fails, the client has gone.
    let _ = frame::send(client.stream.as_fd(), &refusal);
}

/// Two for each client, and one for each object, may be more than what a
/// process has unless it asks; without more, the server does with less.
fn ask_for_descriptors() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

struct Reception {
    watch: Arc<Watch>,
    objects: Arc<Objects>,
}

impl Reception {
    /// Answers a client's requests until it is gone, in whatever way.
    fn attend_to(&self, client: &Arc<Client>) {
        match Guest::new(client, &self.watch) {
            Ok(guest) => {
                let _ = self.serve(&guest);
                self.objects.free_locks_of(&guest);
            }
            Err(error) => turn_away(client, &error.into()),
        }
    }

    fn serve(&self, guest: &Arc<Guest>) -> Result<()> {
        let stream = guest.client.stream.as_fd();
        loop {
            let (request, descriptors) = frame::recv_with(stream)?;
            let tether = descriptors.into_iter().next();
            let request = codec::decode(&request)?;
            let mut reply = self.answer(guest, request, tether);
            let len = reply.len();
            if len > frame::MAX {
                reply = refused(Refusal::TooLong { len });
            }
            frame::send(stream, &reply)?;
        }
    }

    fn answer(
        &self,
        guest: &Arc<Guest>,
        request: Request,
        tether: Option<OwnedFd>,
    ) -> Vec<u8> {
        match request {
            Request::New(new) => match self.made(new) {
                Some(object) => done(self.objects.add(object, tether)),
                None => no_such_object(),
            },
            Request::Call(id, call) => match self.objects.get(id) {
                Some(object) => object.answer(call, guest),
                None => no_such_object(),
            },
            Request::Keep(id) => {
                self.objects.keep(id);
                done(())
            }
            Request::Count => done(self.objects.count()),
        }
    }

    /// None if it is to be made with an object that is not there.
    fn made(&self, new: New) -> Option<Object> {
        Some(match new {
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
                let lock = match lock.map(|id| self.objects.get(id)) {
                    None => Arc::new(Lock::new(LockKind::Recursive)),
                    Some(Some(Object::Lock(lock))) => lock,
                    Some(_) => return None,
                };
                Object::Condition(Arc::new(Condition::new(lock)))
            }
            New::Barrier { parties, limit } => {
                Object::Barrier(Arc::new(Barrier::new(parties, limit)))
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
            _ => no_such_object(),
        }
    }
}

/// No code between a lock and its release can fail half way, so what a
/// poisoned mutex guards is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn done<T: Serialize>(value: T) -> Vec<u8> {
    reply(&Ok(value))
}

fn refused(refusal: Refusal) -> Vec<u8> {
    reply::<()>(&Err(refusal))
}

fn no_such_object() -> Vec<u8> {
    refused(Refusal::Invalid("the manager has no such object".into()))
}

fn reply<T: Serialize>(reply: &Reply<T>) -> Vec<u8> {
    // Bytes and numbers can always be encoded.
    codec::encode(reply).unwrap_or_default()
}

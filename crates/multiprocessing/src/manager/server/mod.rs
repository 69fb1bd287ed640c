//! The server process: a thread for each connection, and the objects.

mod dict;
mod hall;
mod inherited;
mod list;
mod own;
mod queue;

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use self::dict::Dict;
use self::hall::Hall;
use self::inherited::Inherited;
use self::list::List;
use self::own::Own;
use self::queue::Queue;
use super::door::{Client, Inside, Knock};
use super::protocol::{Id, Identity, Refusal, Reply, Request};
use super::travel;
use crate::codec;
use crate::connection::Listener;
use crate::error::Error;
use crate::pipe::frame;
use crate::process::parent_process;
use crate::sys::task;

/// What a server is to do.
pub(super) struct Duty<'a> {
    pub(super) identity: Identity,
    pub(super) door: Inside,
    pub(super) listener: Option<Arc<Listener>>,
    pub(super) initializer: Option<Box<Initializer<'a>>>,
    /// Where it says whether it has begun; none: nobody asks.
    pub(super) report: Option<OwnedFd>,
}

/// What a server runs first; an error tells why it cannot serve.
pub(super) type Initializer<'a> = dyn FnOnce() -> Begun + 'a;

/// Whether a server has begun, or why not.
pub(super) type Begun = Result<(), String>;

/// Serves until somebody asks for the end or nobody is left; the exit code.
pub(super) fn run(mut duty: Duty<'_>) -> i32 {
    task::keep_panics();
    let hall = Hall::new(duty.identity);
    let begun = duty.begin(&hall);
    if let (Some(report), Ok(words)) =
        (duty.report.take(), codec::encode(&begun))
    {
        // Who has asked may be gone; then the door is shut, too.
        let _ = frame::send(report.as_fd(), &words);
    }
    let code = match begun {
        Ok(()) => duty.serve(&hall),
        Err(_) => 1,
    };
    if let Some(listener) = &duty.listener {
        listener.end();
    }
    code
}

impl Duty<'_> {
    fn begin(&mut self, hall: &Arc<Hall>) -> Begun {
        let said = |error: std::io::Error| error.to_string();
        let inherited = Inherited::list(&self.kept()).map_err(said)?;
        if let Some(initializer) = self.initializer.take() {
            let failed = |why| format!("its initializer failed: {why}");
            task::initialize(initializer).map_err(failed)?;
        }
        inherited.give_up().map_err(said)?;
        if let Some(listener) = &self.listener {
            hall.open(listener).map_err(said)?;
        }
        Ok(())
    }

    /// The descriptors that it needs itself, and the doors of managers from
    /// before it, whose proxies may be arguments of a method.
    fn kept(&self) -> Vec<i32> {
        let mut kept = travel::doors();
        kept.push(self.door.as_fd().as_raw_fd());
        kept.extend(self.report.as_ref().map(AsRawFd::as_raw_fd));
        let parent = parent_process();
        kept.extend(parent.map(|parent| parent.as_fd().as_raw_fd()));
        let listener = self.listener.iter();
        kept.extend(listener.flat_map(|it| it.descriptors()));
        kept
    }

    fn serve(&self, hall: &Arc<Hall>) -> i32 {
        loop {
            match self.door.accept() {
                Ok(Knock::Client(client)) => hall.admit(client),
                Ok(Knock::Nobody) => {}
                Ok(Knock::ShutDown) | Err(Error::Disconnected) => return 0,
                Err(_) => return 1,
            }
        }
    }
}

/// The objects, found by their number.
#[derive(Default)]
struct Objects(Mutex<Vec<Object>>);

#[derive(Clone)]
enum Object {
    Dict(Arc<Mutex<Dict>>),
    List(Arc<Mutex<List>>),
    Queue(Arc<Queue>),
    Own(Arc<Own>),
}

impl Objects {
    fn answer(&self, client: &Client, request: Request) -> Vec<u8> {
        match request {
            Request::NewDict(pairs) => {
                let dict = Dict::from_iter(pairs);
                self.add(Object::Dict(Arc::new(Mutex::new(dict))))
            }
            Request::NewList(items) => {
                let list = List::from(items);
                self.add(Object::List(Arc::new(Mutex::new(list))))
            }
            Request::NewQueue { maxsize } => {
                self.add(Object::Queue(Arc::new(Queue::new(maxsize))))
            }
            Request::Dict(id, call) => match self.get(id) {
                Some(Object::Dict(dict)) => lock(&dict).answer(call),
                _ => no_such_object(),
            },
            Request::List(id, call) => match self.get(id) {
                Some(Object::List(list)) => lock(&list).answer(call),
                _ => no_such_object(),
            },
            Request::Queue(id, call) => match self.get(id) {
                Some(Object::Queue(queue)) => queue.answer(call, client),
                _ => no_such_object(),
            },
            Request::NewOwn(making) => {
                match Own::make(client.kin.as_ref(), &making) {
                    Ok(own) => self.add(Object::Own(Arc::new(own))),
                    Err(refusal) => refused(refusal),
                }
            }
            Request::Own(id, calling) => match self.get(id) {
                Some(Object::Own(own)) => {
                    own.answer(client.kin.as_ref(), &calling)
                }
                _ => no_such_object(),
            },
        }
    }

    fn add(&self, object: Object) -> Vec<u8> {
        let mut objects = lock(&self.0);
        objects.push(object);
        done(objects.len() - 1)
    }

    /// A handle of its own, so that a call that waits stops no other object.
    fn get(&self, id: Id) -> Option<Object> {
        lock(&self.0).get(id).cloned()
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

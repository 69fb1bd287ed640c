//! The server process: a thread for each connection, and the objects.

mod dict;
mod inherited;
mod list;
mod queue;

use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde::Serialize;

use self::dict::Dict;
use self::list::List;
use self::queue::Queue;
use super::door::{Client, Inside, Knock};
use super::protocol::{Id, Refusal, Reply, Request};
use crate::codec;
use crate::error::{Error, Result};
use crate::pipe::frame;

/// Serves until somebody asks for the end or nobody is left; the exit code.
pub(super) fn run(door: &Inside) -> i32 {
    if inherited::close_all_but(door).is_err() {
        return 1;
    }
    let objects = Arc::new(Objects::default());
    loop {
        match door.accept() {
            Ok(Knock::Client(client)) => {
                let objects = Arc::clone(&objects);
                let thread = thread::Builder::new().name("client".into());
                // Without room for a thread the client is dropped here, and
                // sees it.
                let _ = thread.spawn(move || objects.serve(&client));
            }
            Ok(Knock::Nobody) => {}
            Ok(Knock::ShutDown) | Err(Error::Disconnected) => return 0,
            Err(_) => return 1,
        }
    }
}

/// The objects, found by their number.
#[derive(Default)]
pub(super) struct Objects(Mutex<Vec<Object>>);

#[derive(Clone)]
enum Object {
    Dict(Arc<Mutex<Dict>>),
    List(Arc<Mutex<List>>),
    Queue(Arc<Queue>),
}

impl Objects {
    /// Answers a client's requests until it is gone, in whatever way.
    pub(super) fn serve(&self, client: &Client) -> Result<()> {
        let stream = client.stream.as_fd();
        loop {
            let request = frame::recv(stream)?;
            let mut reply = self.answer(client, codec::decode(&request)?);
            let len = reply.len();
            if len > frame::MAX {
                reply = refused(Refusal::TooLong { len });
            }
            frame::send(stream, &reply)?;
        }
    }

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

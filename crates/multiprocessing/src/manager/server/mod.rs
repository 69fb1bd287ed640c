//! The server process: a thread for each connection, and the objects.

mod barrier;
mod condition;
mod dict;
mod event;
mod guest;
mod hall;
mod inherited;
mod list;
mod lock;
mod objects;
mod own;
mod queue;
mod requests;
mod semaphore;
mod waiting;
mod watch;

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

pub(super) use self::hall::Hall;
use self::inherited::Inherited;
#[cfg(any(test, fuzzing))]
pub(super) use self::watch::Watch;
use super::door::{Inside, Knock};
use super::protocol::{Identity, Refusal, Reply};
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
    /// Where it says whether it has begun; none: it has.
    pub(super) report: Option<OwnedFd>,
}

/// What a server runs first; an error tells why it cannot serve.
pub(super) type Initializer<'a> = dyn FnOnce() -> Begun + 'a;

/// Whether a server has begun, or why not.
pub(super) type Begun = Result<(), String>;

/// Serves until somebody asks for the end or nobody is left; the exit code.
pub(super) fn run(mut duty: Duty<'_>) -> i32 {
    task::keep_panics();
    let hall = duty.begin();
    duty.tell(&hall.as_ref().map(drop).map_err(String::clone));
    let code = match hall {
        Ok(hall) => duty.serve(&hall),
        Err(_) => 1,
    };
    if let Some(listener) = &duty.listener {
        listener.end();
    }
    code
}

impl Duty<'_> {
    fn begin(&mut self) -> Result<Arc<Hall>, String> {
        let failed = |error| Error::system("begin to serve", error).to_string();
        let inherited = Inherited::list(&self.kept()).map_err(failed)?;
        if let Some(initializer) = self.initializer.take() {
            let failed = |why| format!("its initializer failed: {why}");
            task::initialize(initializer).map_err(failed)?;
        }
        inherited.give_up().map_err(failed)?;
        // After the initializer, which may fork: it needs to be alone.
        let hall = Hall::new(self.identity, self.door.seats());
        let hall = hall.map_err(failed)?;
        if let Some(listener) = &self.listener {
            hall.open(listener).map_err(failed)?;
        }
        self.look_for_room().map_err(failed)?;
        Ok(hall)
    }

    /// Whether there is room for the descriptors of one client, and for those
    /// of the next one, who is to be told that there is no more.
    fn look_for_room(&self) -> io::Result<()> {
        let clone = || self.door.as_fd().try_clone_to_owned();
        let _room = [clone()?, clone()?, clone()?, clone()?];
        Ok(())
    }

    /// Tells its creator whether it has begun.
    fn tell(&mut self, begun: &Begun) {
        if let (Some(report), Ok(words)) =
            (self.report.take(), codec::encode(begun))
        {
            // The creator may be gone; then the door is shut, too.
            let _ = frame::send(report.as_fd(), &words);
        }
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

fn no_such_object() -> Refusal {
    Refusal::Invalid("the manager has no such object".into())
}

fn reply<T: Serialize>(reply: &Reply<T>) -> Vec<u8> {
    // Bytes and numbers can always be encoded.
    codec::encode(reply).unwrap_or_default()
}

//! What a server does besides its objects: it says who it is, knows some of the
//! objects by name, and lets clients in.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Objects, done, lock, no_such_object, refused};
use crate::codec;
use crate::connection::Listener;
use crate::error::{Error, Result};
use crate::manager::door::Client;
use crate::manager::protocol::{
    Found, HallCall, Hello, Identity, Message, Refusal,
};
use crate::pipe::frame;

/// How long to wait when there is no room for another client.
const PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Hall {
    identity: Identity,
    objects: Objects,
    names: Mutex<HashMap<String, Found>>,
}

impl Hall {
    pub(super) fn new(identity: Identity) -> Arc<Self> {
        Arc::new(Self {
            identity,
            objects: Objects::default(),
            names: Mutex::default(),
        })
    }

    /// Lets a client in, and gives it a thread of its own.
    pub(super) fn admit(self: &Arc<Self>, client: Client) {
        let hall = Arc::clone(self);
        let thread = thread::Builder::new().name("client".into());
        // Without room for a thread the client is dropped here, and sees it.
        let _ = thread.spawn(move || hall.serve(&client));
    }

    /// Lets those in who come by the address, in a thread.
    pub(super) fn open(
        self: &Arc<Self>,
        listener: &Arc<Listener>,
    ) -> std::io::Result<JoinHandle<()>> {
        let (hall, listener) = (Arc::clone(self), Arc::clone(listener));
        let thread = thread::Builder::new().name("listener".into());
        thread.spawn(move || {
            loop {
                match listener.admit() {
                    Ok(connection) => hall.admit(Client {
                        stream: connection.into_socket(),
                        kin: None,
                    }),
                    Err(Error::Closed { .. }) => break,
                    // There is no room for a descriptor, or no memory.
                    Err(_) => thread::sleep(PAUSE),
                }
            }
        })
    }

    /// Answers a client's requests until it is gone, in whatever way.
    fn serve(&self, client: &Client) -> Result<()> {
        let stream = client.stream.as_fd();
        loop {
            let message = frame::recv(stream)?;
            let mut reply = match codec::decode(&message)? {
                Message::Object(request) => {
                    self.objects.answer(client, request)
                }
                Message::Hall(call) => self.answer(call),
            };
            let len = reply.len();
            if len > frame::MAX {
                reply = refused(Refusal::TooLong { len });
            }
            frame::send(stream, &reply)?;
        }
    }

    fn answer(&self, call: HallCall) -> Vec<u8> {
        match call {
            HallCall::Hello => done(Hello::new(self.identity)),
            HallCall::Publish { name, found } => {
                if self.objects.get(found.id).is_none() {
                    return no_such_object();
                }
                lock(&self.names).insert(name, found);
                done(())
            }
            HallCall::Find { name } => done(lock(&self.names).get(&name)),
        }
    }
}

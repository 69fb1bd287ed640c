//! What a server does besides its objects: it says who it is, knows some of the
//! objects by name, and lets clients in.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::guest::Guest;
use super::objects::Objects;
use super::watch::Watch;
use super::{done, lock, no_such_object, refused};
use crate::codec;
use crate::connection::Listener;
use crate::error::{Error, Result};
use crate::manager::door::Client;
use crate::manager::protocol::{
    Found, HallCall, Hello, Identity, Message, Refusal, Welcome,
};
use crate::pipe::frame;
use crate::seat::{Seat, talk};

/// How long to wait when there is no room for another client.
const PAUSE: Duration = Duration::from_millis(10);

pub(in crate::manager) struct Hall {
    identity: Identity,
    watch: Arc<Watch>,
    objects: Arc<Objects>,
    names: Mutex<HashMap<String, Found>>,
    /// Those that no client has.
    seats: Mutex<Vec<Seat>>,
}

impl Hall {
    /// With a thread that sees who leaves.
    pub(super) fn new(
        identity: Identity,
        seats: Vec<Seat>,
    ) -> io::Result<Arc<Self>> {
        let hall = Self::watched_by(identity, Watch::start()?);
        lock(&hall.seats).extend(seats);
        Ok(Arc::new(hall))
    }

    pub(in crate::manager) fn watched_by(
        identity: Identity,
        watch: Arc<Watch>,
    ) -> Self {
        Self {
            identity,
            objects: Arc::new(Objects::new(Arc::clone(&watch))),
            watch,
            names: Mutex::default(),
            seats: Mutex::default(),
        }
    }

    /// Lets a client in, or tells it why there is no room.
    pub(super) fn admit(self: &Arc<Self>, client: Client) {
        let client = Arc::new(client);
        if let Err(error) = self.receive(&client) {
            turn_away(&client, &error);
        }
    }

    /// Attends to the client in a thread of its own.
    fn receive(self: &Arc<Self>, client: &Arc<Client>) -> io::Result<()> {
        // Room for the next one is kept: the descriptors of a client that there
        // is no room for are lost, and it could not be told why.
        let _next = (client.stream.try_clone()?, client.stream.try_clone()?);
        let (hall, client) = (Arc::clone(self), Arc::clone(client));
        let thread = thread::Builder::new().name("client".into());
        thread.spawn(move || hall.attend_to(&client)).map(drop)
    }

    /// Lets those in who come by the address, in a thread.
    pub(super) fn open(
        self: &Arc<Self>,
        listener: &Arc<Listener>,
    ) -> io::Result<JoinHandle<()>> {
        let (hall, listener) = (Arc::clone(self), Arc::clone(listener));
        let thread = thread::Builder::new().name("listener".into());
        thread.spawn(move || {
            loop {
                match listener.admit() {
                    Ok(connection) => {
                        let stream = connection.into_socket();
                        hall.admit(Client::new(stream, None));
                    }
                    Err(Error::Closed { .. }) => break,
                    // There is no room for a descriptor, or no memory.
                    Err(_) => thread::sleep(PAUSE),
                }
            }
        })
    }

    /// Answers a client's requests until it is gone, in whatever way.
    pub(in crate::manager) fn attend_to(&self, client: &Arc<Client>) {
        match Guest::new(client, &self.watch) {
            Ok(guest) => {
                let seat = client.kin.as_ref().and_then(|_| self.seat());
                let _ = self.serve(&guest, seat.as_ref());
                self.objects.free_locks_of(&guest);
                // One who is there may still write to it.
                if client.is_gone() {
                    lock(&self.seats).extend(seat);
                }
            }
            Err(error) => turn_away(client, &error.into()),
        }
    }

    fn seat(&self) -> Option<Seat> {
        let seat = lock(&self.seats).pop();
        seat.inspect(Seat::clear)
    }

    fn serve(&self, guest: &Arc<Guest>, seat: Option<&Seat>) -> Result<()> {
        let stream = guest.client.stream.as_fd();
        if guest.client.kin.is_some() {
            let seat = seat.map(Seat::number);
            frame::send(stream, &done(Welcome { seat }))?;
        }
        let (orders, answers) =
            (seat.map(Seat::orders), seat.map(Seat::answers));
        // He does not know of his seat yet.
        let mut come = talk::recv(stream, None)?;
        loop {
            let (message, descriptors) = come;
            let mut reply = self.answer(guest, &message, descriptors)?;
            let len = reply.len();
            if len > frame::MAX {
                reply = refused(Refusal::TooLong { len });
            }
            talk::send(stream, answers, &reply, &[])?;
            come = talk::recv(stream, orders)?;
        }
    }

    fn answer(
        &self,
        guest: &Arc<Guest>,
        message: &[u8],
        descriptors: Vec<OwnedFd>,
    ) -> Result<Vec<u8>> {
        Ok(match codec::decode(message)? {
            Message::Object(request) => {
                let tether = descriptors.into_iter().next();
                self.objects.answer(guest, request, tether)
            }
            Message::Hall(call) => self.answer_itself(call),
        })
    }

    fn answer_itself(&self, call: HallCall) -> Vec<u8> {
        match call {
            HallCall::Hello => done(Hello::new(self.identity)),
            HallCall::Publish { name, found } => {
                if self.objects.get(found.id).is_none() {
                    return refused(no_such_object());
                }
                lock(&self.names).insert(name, found);
                done(())
            }
            HallCall::Find { name } => done(lock(&self.names).get(&name)),
        }
    }
}

/// Tells a client why it is not served, in the place of its first reply.
fn turn_away(client: &Client, error: &io::Error) {
    let errno = error.raw_os_error().unwrap_or_default();
    let refusal = refused(Refusal::NoRoom { errno });
    // If it fails, the client has gone.
    let _ = frame::send(client.stream.as_fd(), &refusal);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::door::{self, Knock};

    #[test]
    fn a_seat_is_free_again_when_its_client_has_gone() -> Result<()> {
        let (outside, inside) = door::new()?;
        let hall = Hall::new(0, inside.seats()).expect("a thread");
        let free = || lock(&hall.seats).len();
        let all = free();
        for _ in 0..3 {
            let mut line = outside.connect()?;
            let Knock::Client(client) = inside.accept()? else {
                panic!("somebody else");
            };
            thread::scope(|scope| {
                let client = Arc::new(client);
                let attended = scope.spawn(|| {
                    hall.attend_to(&client);
                    drop(client);
                });
                let find = HallCall::Find { name: "x".into() };
                let find = codec::encode(&Message::<()>::Hall(find))?;
                for _ in 0..3 {
                    let found = line.ask::<Option<Found>>(&find, &[])?;
                    assert!(matches!(found, Ok(None)));
                }
                assert_eq!(free(), all - 1);
                drop(line);
                attended.join().expect("no panic");
                assert_eq!(free(), all);
                Ok::<_, Error>(())
            })?;
        }
        Ok(())
    }
}

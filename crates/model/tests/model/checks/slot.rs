//! The slot of a pipe, beside a socket: messages come whole, in the order of
//! their sender, and nobody sleeps at the socket while one is in the slot.

use std::sync::Arc;

use super::{bytes_of, end, message_of};
use crate::explorer::explore;
use crate::futex;
use crate::ghost::Ghost;
use crate::process::{Process, start, until_quiet};
use crate::slot::{Sight, Slot};
use crate::sys::machine::AtomicU32;
use crate::sys::machine::Ordering::SeqCst;
use crate::sys::region::{InRegion, shared_struct};

/// So many messages go by the socket at most.
const ROOM: usize = 4;

shared_struct! {
    /// What the kernel keeps of one sender's: to send is one step, and so is to
    /// take.
    struct Lane {
        sent: AtomicU32,
        taken: AtomicU32,
        places: [AtomicU32; ROOM],
    }
}

shared_struct! {
    /// A lane for each sender.
    struct Socket {
        lanes: [Lane; 2],
    }
}

impl Lane {
    fn send(&self, message: u32) {
        let place = self.sent.load(SeqCst) as usize;
        self.places[place].store(message, SeqCst);
        futex::add_and_wake_all(&self.sent, 1);
    }

    /// What has come, or how many had.
    fn take(&self) -> Result<u32, u32> {
        loop {
            let taken = self.taken.load(SeqCst);
            let sent = self.sent.load(SeqCst);
            if sent == taken {
                return Err(sent);
            }
            let message = self.places[taken as usize].load(SeqCst);
            let next = taken + 1;
            let took = self.taken.compare_exchange(taken, next, SeqCst, SeqCst);
            if took.is_ok() {
                return Ok(message);
            }
        }
    }
}

impl Socket {
    fn recv(&self) -> u32 {
        let [one, other] = &self.lanes;
        loop {
            let first = match one.take() {
                Ok(message) => return message,
                Err(sent) => sent,
            };
            let second = match other.take() {
                Ok(message) => return message,
                Err(sent) => sent,
            };
            futex::wait_any(&[(&one.sent, first), (&other.sent, second)], None);
        }
    }
}

#[derive(Clone)]
struct Pipe {
    slot: Arc<InRegion<Slot>>,
    socket: Arc<InRegion<Socket>>,
    /// When somebody looks until 10.
    now: u64,
}

impl Pipe {
    fn new(now: u64) -> Self {
        Self {
            slot: Arc::new(InRegion::new().expect("memory")),
            socket: Arc::new(InRegion::new().expect("memory")),
            now,
        }
    }

    fn send(&self, lane: usize, message: u32) {
        if !self.slot.hand_over(&bytes_of(message), || self.now) {
            self.slot.count_sent();
            self.socket.lanes[lane].send(message);
        }
    }

    fn recv(&self) -> u32 {
        for _ in 0..3 {
            match self.slot.look(|| 10) {
                Sight::Message | Sight::Elsewhere => break,
                Sight::Nothing => {}
            }
        }
        let Some(bytes) = self.slot.end_look() else {
            let message = self.socket.recv();
            self.slot.count_taken();
            return message;
        };
        message_of(&bytes)
    }

    /// Sends these; writes down those that are certainly sent.
    fn sender(
        &self,
        lane: usize,
        messages: &'static [u32],
    ) -> (Process<()>, Ghost<Vec<u32>>) {
        let (pipe, sent) = (self.clone(), Ghost::<Vec<u32>>::new());
        let done = sent.clone();
        let process = start(move || {
            for message in messages {
                pipe.send(lane, *message);
                done.change(|it| it.push(*message));
            }
        });
        (process, sent)
    }

    /// Receives whatever comes, for ever.
    fn receiver(&self) -> (Process<()>, Ghost<Vec<u32>>) {
        let (pipe, got) = (self.clone(), Ghost::<Vec<u32>>::new());
        let note = got.clone();
        let process = start(move || {
            loop {
                let message = pipe.recv();
                note.change(|it| it.push(message));
            }
        });
        (process, got)
    }
}

fn all_in_order(now: u64) {
    explore(move || {
        let pipe = Pipe::new(now);
        let (sender, _) = pipe.sender(0, &[1, 2, 3]);
        let (receiver, got) = pipe.receiver();
        until_quiet();
        assert!(sender.is_gone());
        assert_eq!(got.look(Vec::clone), [1, 2, 3]);
        receiver.end();
    });
}

#[test]
fn messages_come_in_their_order() {
    all_in_order(0);
}

#[test]
fn who_looks_for_too_long_is_not_waited_for() {
    all_in_order(11);
}

#[test]
fn two_senders_do_not_disturb_each_other() {
    explore(|| {
        let pipe = Pipe::new(0);
        let senders = [pipe.sender(0, &[1, 2]), pipe.sender(1, &[11, 12])];
        let (receiver, got) = pipe.receiver();
        until_quiet();
        assert!(senders.iter().all(|(sender, _)| sender.is_gone()));
        let of = |from: u32| -> Vec<u32> {
            let mine = |it: &&u32| (from..from + 10).contains(*it);
            got.look(|all| all.iter().filter(mine).copied().collect())
        };
        assert_eq!((of(1), of(11)), (vec![1, 2], vec![11, 12]));
        receiver.end();
    });
}

#[test]
fn a_killed_sender_has_sent_a_message_or_not() {
    explore(|| {
        let pipe = Pipe::new(0);
        let (victim, sent) = pipe.sender(0, &[1, 2]);
        let (receiver, got) = pipe.receiver();
        victim.killed();
        until_quiet();
        let (sent, before) = (sent.look(Vec::len), got.look(Vec::clone));
        assert!(before == [1, 2][..before.len()] && before.len() >= sent);
        let (next, _) = pipe.sender(0, &[3]);
        until_quiet();
        assert!(next.is_gone());
        assert_eq!(got.look(Vec::clone), [&before[..], &[3]].concat());
        receiver.end();
    });
}

#[test]
fn a_killed_receiver_takes_one_message_at_most_along() {
    explore(|| {
        let pipe = Pipe::new(0);
        let (victim, got) = pipe.receiver();
        let (sender, _) = pipe.sender(0, &[1, 2]);
        victim.killed();
        until_quiet();
        let (heir, rest) = pipe.receiver();
        until_quiet();
        assert!(sender.is_gone());
        let (got, rest) = (got.look(Vec::clone), rest.look(Vec::clone));
        let mut missing = [1, 2].to_vec();
        missing.retain(|it| !got.contains(it) && !rest.contains(it));
        assert!(missing.len() <= 1, "{missing:?}");
        assert!(got.iter().chain(&rest).is_sorted());
        assert!(victim.is_gone() || missing.is_empty());
        [victim, heir].into_iter().for_each(end);
    });
}

#[test]
fn a_closed_slot_stays_closed() {
    explore(|| {
        let pipe = Pipe::new(0);
        for _ in 0..4 {
            pipe.slot.close();
        }
        let (receiver, got) = pipe.receiver();
        let sender = {
            let pipe = pipe.clone();
            start(move || {
                assert!(!pipe.slot.hand_over(&[1; 16], || 0), "it is open");
                pipe.send(0, 1);
            })
        };
        until_quiet();
        assert!(sender.is_gone());
        assert_eq!(got.look(Vec::clone), [1]);
        receiver.end();
    });
}

//! A queue in the server.

use std::collections::VecDeque;

use super::guest::Guest;
use super::waiting::Shared;
use super::{done, reply};
use crate::manager::protocol::{Encoded, QueueCall, Refusal};

pub(super) struct Queue {
    maxsize: usize,
    state: Shared<State>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Encoded>,
    /// How many items nobody has told to be done with.
    undone: usize,
}

impl Queue {
    /// Zero: without limit.
    pub(super) fn new(maxsize: usize) -> Self {
        Self {
            maxsize: match maxsize {
                0 => usize::MAX,
                maxsize => maxsize,
            },
            state: Shared::new(State::default()),
        }
    }

    pub(super) fn answer(&self, call: QueueCall, guest: &Guest) -> Vec<u8> {
        let state = &self.state;
        match call {
            QueueCall::Put { item, limit } => {
                let mut item = Some(item);
                let put = state.when(guest, limit, |state| {
                    let room = state.items.len() < self.maxsize;
                    room.then(|| {
                        state.items.extend(item.take());
                        state.undone += 1;
                    })
                });
                reply(&put.map_err(|_| Refusal::Full))
            }
            QueueCall::Get { limit } => {
                let first = |state: &mut State| state.items.pop_front();
                let got = state.when(guest, limit, first);
                reply(&got.map_err(|_| Refusal::Empty))
            }
            QueueCall::Size => done(self.len()),
            QueueCall::Full => done(self.len() >= self.maxsize),
            QueueCall::TaskDone => reply(&state.change(|state| {
                let left = state.undone.checked_sub(1);
                state.undone = left.ok_or(Refusal::DoneTooOften)?;
                Ok(())
            })),
            QueueCall::Join { limit } => {
                let all = |state: &mut State| (state.undone == 0).then_some(());
                done(state.when(guest, limit, all).is_ok())
            }
        }
    }

    fn len(&self) -> usize {
        self.state.look(|state| state.items.len())
    }
}

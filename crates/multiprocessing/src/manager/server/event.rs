//! An event in the server.

use super::done;
use super::guest::Guest;
use super::waiting::Shared;
use crate::manager::protocol::EventCall;

/// How often it has changed. It began unset, so it is set while the number is
/// odd; and who waits sees also a set that was cleared before it could look.
pub(super) struct Event(Shared<u64>);

impl Event {
    pub(super) fn new() -> Self {
        Self(Shared::new(0))
    }

    pub(super) fn answer(&self, call: EventCall, guest: &Guest) -> Vec<u8> {
        match call {
            EventCall::Set => self.become_set(true),
            EventCall::Clear => self.become_set(false),
            EventCall::IsSet => done(self.0.look(|changes| is_set(*changes))),
            EventCall::Wait { limit } => {
                let mut before = None;
                let was_set = self.0.when(guest, limit, |changes| {
                    let before = *before.get_or_insert(*changes);
                    (is_set(*changes) || *changes != before).then_some(())
                });
                done(was_set.is_ok())
            }
        }
    }

    fn become_set(&self, set: bool) -> Vec<u8> {
        self.0.change(|changes| {
            if is_set(*changes) != set {
                *changes += 1;
            }
        });
        done(())
    }
}

fn is_set(changes: u64) -> bool {
    changes % 2 == 1
}

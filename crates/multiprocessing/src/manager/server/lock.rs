//! A lock in the server. Its owner is a thread of a client, by its connection.

use std::sync::Arc;
use std::time::Duration;

use super::guest::Guest;
use super::waiting::{Shared, Unmet};
use super::{done, reply};
use crate::manager::protocol::{LockCall, LockKind, Refusal, Reply};

pub(super) struct Lock {
    kind: LockKind,
    state: Shared<State>,
}

#[derive(Default)]
struct State {
    owner: Option<Owner>,
    /// The pid of an owner that died, until somebody is told.
    dead: Option<i32>,
}

struct Owner {
    guest: Arc<Guest>,
    /// How often it has acquired the lock.
    times: usize,
}

impl Lock {
    pub(super) fn new(kind: LockKind) -> Self {
        Self {
            kind,
            state: Shared::new(State::default()),
        }
    }

    pub(super) fn answer(&self, call: LockCall, guest: &Arc<Guest>) -> Vec<u8> {
        match call {
            LockCall::Acquire { limit } => {
                let acquired = self.state.when(guest, limit, |state| {
                    if state.is_owner(guest) {
                        return Some(state.again(self.kind, limit));
                    }
                    match state.is_free() {
                        false => None,
                        true => Some(state.first(guest)),
                    }
                });
                reply(&acquired.unwrap_or(Ok(false)))
            }
            LockCall::Release => {
                reply(&self.state.change(|state| state.release(guest)))
            }
            LockCall::Locked => {
                done(self.state.change(|state| !state.is_free()))
            }
        }
    }

    pub(super) fn is_owner(&self, guest: &Arc<Guest>) -> bool {
        self.state.look(|state| state.is_owner(guest))
    }

    /// Gives the lock up, and tells how often it was acquired.
    pub(super) fn release_all(&self, guest: &Arc<Guest>) -> usize {
        self.state.change(|state| {
            let owner = state.owner.take_if(|owner| owner.is(guest));
            owner.map_or(0, |owner| owner.times)
        })
    }

    /// Waits for the lock, and takes it as often as it was given up. The pid
    /// of who died with it meanwhile, if somebody has.
    pub(super) fn take_back(
        &self,
        guest: &Arc<Guest>,
        times: usize,
    ) -> Result<Option<i32>, Unmet> {
        self.state.when(guest, None, |state| {
            state.is_free().then(|| {
                state.owned_by(guest, times);
                state.dead.take()
            })
        })
    }

    /// Frees the lock if it belongs to one who is gone.
    pub(super) fn free_of(&self, guest: &Arc<Guest>) {
        self.state
            .change(|state| state.free_if(|owner| owner.is(guest)));
    }
}

impl State {
    fn is_owner(&self, guest: &Arc<Guest>) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.is(guest))
    }

    /// Whether nobody has it; the dead do not.
    fn is_free(&mut self) -> bool {
        self.free_if(|owner| owner.guest.is_gone());
        self.owner.is_none()
    }

    fn free_if(&mut self, is_gone: impl FnOnce(&Owner) -> bool) {
        if let Some(owner) = self.owner.take_if(|owner| is_gone(owner)) {
            self.dead = Some(owner.guest.client.pid);
        }
    }

    fn owned_by(&mut self, guest: &Arc<Guest>, times: usize) {
        let guest = Arc::clone(guest);
        self.owner = Some(Owner { guest, times });
    }

    /// Takes the lock, which is free, unless it has to be told of a death.
    fn first(&mut self, guest: &Arc<Guest>) -> Reply<bool> {
        if let Some(pid) = self.dead.take() {
            return Err(Refusal::OwnerDied { pid });
        }
        self.owned_by(guest, 1);
        Ok(true)
    }

    /// The owner acquires the lock.
    fn again(
        &mut self,
        kind: LockKind,
        limit: Option<Duration>,
    ) -> Reply<bool> {
        match kind {
            LockKind::Recursive => {
                if let Some(owner) = &mut self.owner {
                    owner.times += 1;
                }
                Ok(true)
            }
            // Who only tries waits for nobody, not even for itself.
            LockKind::Plain if limit == Some(Duration::ZERO) => Ok(false),
            LockKind::Plain => Err(Refusal::WouldDeadlock),
        }
    }

    fn release(&mut self, guest: &Arc<Guest>) -> Reply<()> {
        match &mut self.owner {
            Some(owner) if owner.is(guest) => owner.times -= 1,
            _ => return Err(Refusal::NotOwner),
        }
        self.owner.take_if(|owner| owner.times == 0);
        Ok(())
    }
}

impl Owner {
    fn is(&self, guest: &Arc<Guest>) -> bool {
        Arc::ptr_eq(&self.guest, guest)
    }
}

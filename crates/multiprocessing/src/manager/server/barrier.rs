//! A barrier in the server.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::guest::Guest;
use super::waiting::{Shared, Unmet};
use super::{done, reply};
use crate::manager::protocol::{BarrierCall, Refusal, Reply};
use crate::sync::Cause;

pub(super) struct Barrier {
    parties: usize,
    /// For each wait that has no limit of its own.
    limit: Option<Duration>,
    room: Shared<Room>,
}

#[derive(Default)]
struct Room {
    /// Those who wait, in the order of their coming.
    seated: Vec<Arc<Guest>>,
    /// Of those who wait; they keep it in mind until each has seen it.
    fate: Arc<OnceLock<Fate>>,
    /// What broke the barrier, for whoever comes.
    broken: Option<Cause>,
}

/// Whether a round passes; an error is what broke it, none: a reset.
type Fate = Result<(), Option<Cause>>;

struct Seat {
    index: usize,
    fate: Arc<OnceLock<Fate>>,
}

impl Barrier {
    pub(super) fn new(parties: usize, limit: Option<Duration>) -> Self {
        Self {
            parties,
            limit,
            room: Shared::new(Room::default()),
        }
    }

    pub(super) fn answer(
        &self,
        call: BarrierCall,
        guest: &Arc<Guest>,
    ) -> Vec<u8> {
        match call {
            BarrierCall::Wait { limit } => {
                reply(&self.wait(limit.or(self.limit), guest))
            }
            BarrierCall::Abort => {
                self.room.change(|room| room.break_by(Cause::Aborted));
                done(())
            }
            BarrierCall::Reset => {
                self.room.change(Room::reset);
                done(())
            }
            BarrierCall::Parties => done(self.parties),
            BarrierCall::Waiting => done(self.room.change(|room| {
                room.look_for_the_dead();
                room.seated.len()
            })),
            BarrierCall::Broken => done(self.room.change(|room| {
                room.look_for_the_dead();
                room.broken.is_some()
            })),
        }
    }

    /// Waits until all parties do.
    fn wait(
        &self,
        limit: Option<Duration>,
        guest: &Arc<Guest>,
    ) -> Reply<usize> {
        let mut seat = None;
        let passed = self.room.when(guest, limit, |room| {
            room.look_for_the_dead();
            let seat = match &mut seat {
                Some(seat) => seat,
                none => match room.enter(guest, self.parties) {
                    Ok(taken) => none.insert(taken),
                    Err(cause) => return Some(Err(cause)),
                },
            };
            seat.outcome()
        });
        let passed = passed.unwrap_or_else(|why| {
            self.room.change(|room| room.leave(seat.as_ref(), why))
        });
        passed.map_err(|cause| Refusal::BrokenBarrier {
            reason: Cause::reason(cause),
        })
    }
}

impl Room {
    fn enter(
        &mut self,
        guest: &Arc<Guest>,
        parties: usize,
    ) -> Result<Seat, Option<Cause>> {
        if self.broken.is_some() {
            return Err(self.broken);
        }
        let seat = Seat {
            index: self.seated.len(),
            fate: Arc::clone(&self.fate),
        };
        self.seated.push(Arc::clone(guest));
        if self.seated.len() == parties {
            self.end_round(Ok(()));
        }
        Ok(seat)
    }

    /// Of one who cannot wait any longer.
    fn leave(
        &mut self,
        seat: Option<&Seat>,
        why: Unmet,
    ) -> Result<usize, Option<Cause>> {
        if let Some(outcome) = seat.and_then(Seat::outcome) {
            return outcome;
        }
        match why {
            Unmet::Late => self.break_by(Cause::Late),
            Unmet::Gone => self.look_for_the_dead(),
        }
        Err(self.broken)
    }

    /// Breaks the barrier if one of those who wait is gone.
    fn look_for_the_dead(&mut self) {
        let dead = self.seated.iter().find(|guest| guest.is_gone());
        if let Some(guest) = dead {
            let pid = guest.client.pid.unsigned_abs();
            self.break_by(Cause::Died { pid });
        }
    }

    /// The first cause is the one that is told.
    fn break_by(&mut self, cause: Cause) {
        let cause = *self.broken.get_or_insert(cause);
        self.end_round(Err(Some(cause)));
    }

    fn reset(&mut self) {
        self.broken = None;
        self.end_round(Err(None));
    }

    /// Lets go who waits; who comes waits for others.
    fn end_round(&mut self, fate: Fate) {
        self.seated.clear();
        // It has no other yet, or it would not be this round's.
        let _ = std::mem::take(&mut self.fate).set(fate);
    }
}

impl Seat {
    fn outcome(&self) -> Option<Result<usize, Option<Cause>>> {
        let fate = *self.fate.get()?;
        Some(fate.map(|()| self.index))
    }
}

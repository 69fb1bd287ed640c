//! A semaphore in the server, bounded or not.

use super::guest::Guest;
use super::waiting::Shared;
use super::{done, reply};
use crate::manager::protocol::{Refusal, SemaphoreCall};

pub(super) struct Semaphore {
    units: Shared<u32>,
    bound: u32,
}

impl Semaphore {
    pub(super) fn new(units: u32, bound: u32) -> Self {
        Self {
            units: Shared::new(units),
            bound,
        }
    }

    pub(super) fn answer(&self, call: SemaphoreCall, guest: &Guest) -> Vec<u8> {
        match call {
            SemaphoreCall::Acquire { limit } => {
                let acquired = self.units.when(guest, limit, |units| {
                    *units = units.checked_sub(1)?;
                    Some(())
                });
                done(acquired.is_ok())
            }
            SemaphoreCall::Release => reply(&self.units.change(|units| {
                let bound = self.bound;
                if *units >= bound {
                    return Err(Refusal::ReleasedTooOften { bound });
                }
                *units += 1;
                Ok(())
            })),
            SemaphoreCall::Value => done(self.units.look(|units| *units)),
        }
    }
}

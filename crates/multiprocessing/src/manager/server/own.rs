//! An object of the user's own type in the server.

use std::sync::Mutex;

use super::{done, lock, refused, reply};
use crate::manager::door::Kin;
use crate::manager::protocol::{Encoded, Refusal};
use crate::sys::method::{self, Calling, Making, Object};

/// Each call is one step: the others wait.
pub(super) struct Own(Mutex<Object>);

impl Own {
    pub(super) fn make(
        kin: Option<&Kin>,
        making: &Making,
    ) -> Result<Self, Refusal> {
        let object = method::make(kin.ok_or_else(stranger)?, making)?;
        Ok(Self(Mutex::new(object)))
    }

    pub(super) fn answer(
        &self,
        kin: Option<&Kin>,
        calling: &Calling,
    ) -> Vec<u8> {
        let Some(kin) = kin else {
            return refused(stranger());
        };
        match method::call(kin, calling, &mut lock(&self.0)) {
            Ok(result) => done(Encoded::from_bytes(result)),
            Err(failure) => reply::<()>(&Err(failure.into())),
        }
    }
}

/// Why who has come by an address may not: the functions of its program are
/// not those of this one.
fn stranger() -> Refusal {
    let what = "only the family of the manager may call methods of an object";
    Refusal::Invalid(what.into())
}

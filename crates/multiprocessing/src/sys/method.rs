//! Methods by address: how a proxy tells a manager's server what to run.
//!
//! The server is a fork of the process that made the manager, and so are those
//! who have it by inheritance: a function can be named by a number, as for a
//! pool's tasks. Who comes by an address is another program, in which the
//! number means something else, and is never listened to: each order needs a
//! [`Kin`].

use std::any::Any;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::task::{Address, Failure, Function, catch};
use crate::codec::{self, Bytes};
use crate::error::Error;
use crate::manager::Kin;

/// An object whose type only its functions know.
pub(crate) type Object = Box<dyn Any + Send>;

type Maker = fn(usize, &[u8]) -> Result<Object, Failure>;
type Caller = fn(usize, &mut Object, &[u8]) -> Result<Vec<u8>, Failure>;

/// The order to make an object.
#[derive(Serialize, Deserialize)]
pub(crate) struct Making(Bytes);

/// The order to call a method.
#[derive(Serialize, Deserialize)]
pub(crate) struct Calling(Bytes);

impl Making {
    pub(crate) fn new<A, T>(
        make: fn(A) -> T,
        arguments: &A,
    ) -> Result<Self, Error>
    where
        A: Serialize + DeserializeOwned,
        T: Send + 'static,
    {
        let maker: Maker = run_maker::<A, T>;
        order(maker as usize, make as usize, arguments).map(Self)
    }
}

impl Calling {
    pub(crate) fn new<T, A, R>(
        method: fn(&mut T, A) -> R,
        arguments: &A,
    ) -> Result<Self, Error>
    where
        T: Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize,
    {
        let caller: Caller = run_caller::<T, A, R>;
        order(caller as usize, method as usize, arguments).map(Self)
    }
}

/// Makes an object as a client of the family has ordered it.
pub(crate) fn make(_kin: &Kin, order: &Making) -> Result<Object, Failure> {
    let (Function { runner, function }, arguments) = parts(&order.0)?;
    // SAFETY: the number was a `Maker` in `Making::new`, which alone makes such
    // orders. It comes from a fork of the same process, of which `Kin` is the
    // proof: there the address means the same function. For what was loaded
    // after the fork (by dlopen) vouches who has loaded it, which is unsafe by
    // itself.
    let maker = unsafe {
        std::mem::transmute::<*const (), Maker>(
            std::ptr::with_exposed_provenance(runner.0),
        )
    };
    maker(function.0, arguments)
}

/// Calls a method as a client of the family has ordered it.
pub(crate) fn call(
    _kin: &Kin,
    order: &Calling,
    object: &mut Object,
) -> Result<Vec<u8>, Failure> {
    let (Function { runner, function }, arguments) = parts(&order.0)?;
    // SAFETY: as in `make`, with a `Caller` of `Calling::new`.
    let caller = unsafe {
        std::mem::transmute::<*const (), Caller>(
            std::ptr::with_exposed_provenance(runner.0),
        )
    };
    caller(function.0, object, arguments)
}

fn order<A: Serialize>(
    runner: usize,
    function: usize,
    arguments: &A,
) -> Result<Bytes, Error> {
    let [runner, function] = [runner, function].map(Address);
    codec::encode(&(Function { runner, function }, arguments)).map(Bytes)
}

fn parts(order: &Bytes) -> Result<(Function, &[u8]), Failure> {
    postcard::take_from_bytes(&order.0).map_err(|error| Failure::Decode {
        reason: error.to_string(),
    })
}

fn run_maker<A, T>(make: usize, arguments: &[u8]) -> Result<Object, Failure>
where
    A: DeserializeOwned,
    T: Send + 'static,
{
    // SAFETY: `Making::new` has put the address of a `fn(A) -> T` beside that
    // of this very instance of `run_maker`; both mean the same in every fork.
    let make: fn(A) -> T = unsafe {
        std::mem::transmute::<*const (), fn(A) -> T>(
            std::ptr::with_exposed_provenance(make),
        )
    };
    catch(|| Ok(Box::new(make(codec::decode(arguments)?)) as Object))
}

fn run_caller<T, A, R>(
    method: usize,
    object: &mut Object,
    arguments: &[u8],
) -> Result<Vec<u8>, Failure>
where
    T: Send + 'static,
    A: DeserializeOwned,
    R: Serialize,
{
    // SAFETY: `Calling::new` has put the address of a `fn(&mut T, A) -> R`
    // beside that of this very instance of `run_caller`; both mean the same in
    // every fork.
    let method: fn(&mut T, A) -> R = unsafe {
        std::mem::transmute::<*const (), fn(&mut T, A) -> R>(
            std::ptr::with_exposed_provenance(method),
        )
    };
    // A proxy may have been received as one of another type.
    let Some(object) = object.downcast_mut::<T>() else {
        let reason = "the object is of another type than its proxy".into();
        return Err(Failure::Decode { reason });
    };
    catch(|| codec::encode(&method(object, codec::decode(arguments)?)))
}

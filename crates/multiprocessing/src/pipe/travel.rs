//! How a connection travels: inside of an item, through another connection.
//!
//! The item's bytes hold a number, and the descriptor itself comes with them
//! (`SCM_RIGHTS`): the number says which of those that came it is. serde knows
//! nothing of descriptors, so they lie beside the item while it is packed or
//! unpacked, in the luggage of the thread.

use std::cell::RefCell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Connection, Direction, Kind};
use crate::error::{Error, Result};
use crate::process::descriptor::keep_clear;
use crate::{codec, pass};

/// An open file, socket or whatever has a descriptor, as an item that can be
/// sent through a [`Connection`]. Python: `multiprocessing.reduction.DupFd`.
///
/// ```
/// use std::fs::File;
/// use std::io::Read;
///
/// use multiprocessing::connection::Descriptor;
/// use multiprocessing::{Pipe, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let (reader, writer) = Pipe::one_way()?;
///     let child = Process::new(move || -> multiprocessing::Result<()> {
///         let file = File::open("/dev/zero").expect("every system has it");
///         writer.send(&("zeroes", Descriptor::new(file)))
///     });
///     child.start()?;
///     let (name, file): (String, Descriptor) = reader.recv()?;
///     let mut bytes = [1; 3];
///     let mut file = File::from(file.into_inner());
///     file.read_exact(&mut bytes).expect("it has no end");
///     assert_eq!((name.as_str(), bytes), ("zeroes", [0, 0, 0]));
///     child.join()
/// }
/// ```
///
/// What arrives is a copy, under a number of its own: sender and receiver share
/// the position in a file, and each closes its own. It travels inside of any
/// item, up to 253 in one, between processes of one machine. A queue or a pool
/// has no way for it: [`Error::Encode`].
#[derive(Debug)]
pub struct Descriptor(OwnedFd);

impl Descriptor {
    /// Makes it an item.
    #[must_use]
    pub fn new(descriptor: impl Into<OwnedFd>) -> Self {
        Self(descriptor.into())
    }

    /// What was sent: `File::from(…)` and its like make use of it.
    #[must_use]
    pub fn into_inner(self) -> OwnedFd {
        self.0
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What travels beside the item that the thread packs or unpacks.
enum Luggage {
    None,
    Leaving(Vec<OwnedFd>),
    /// Those that were taken out are none.
    Arrived {
        descriptors: Vec<Option<OwnedFd>>,
        missing: bool,
    },
}

thread_local! {
    static LUGGAGE: RefCell<Luggage> = const { RefCell::new(Luggage::None) };
}

/// Puts down the luggage, and whatever happens takes up again what was there
/// before: items may be packed while others are.
struct Journey {
    before: Luggage,
}

impl Journey {
    fn begin(luggage: Luggage) -> Self {
        Self {
            before: exchange(luggage),
        }
    }
}

impl Drop for Journey {
    fn drop(&mut self) {
        exchange(std::mem::replace(&mut self.before, Luggage::None));
    }
}

/// A thread at its end has no luggage any more.
fn exchange(luggage: Luggage) -> Luggage {
    LUGGAGE
        .try_with(|current| current.replace(luggage))
        .unwrap_or(Luggage::None)
}

/// Encodes `item`; beside the bytes, copies of the descriptors in it.
pub(super) fn pack<T: Serialize + ?Sized>(
    item: &T,
) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
    let _journey = Journey::begin(Luggage::Leaving(Vec::new()));
    let bytes = codec::encode(item)?;
    match exchange(Luggage::None) {
        Luggage::Leaving(descriptors) => Ok((bytes, descriptors)),
        _ => Ok((bytes, Vec::new())),
    }
}

/// The item that came as `bytes`, with `descriptors`.
pub(super) fn unpack<T: DeserializeOwned>(
    bytes: &[u8],
    descriptors: Vec<OwnedFd>,
) -> Result<T> {
    let _journey = Journey::begin(Luggage::Arrived {
        descriptors: descriptors.into_iter().map(Some).collect(),
        missing: false,
    });
    let item = codec::decode(bytes);
    match (item, exchange(Luggage::None)) {
        (Err(_), Luggage::Arrived { missing: true, .. }) => {
            Err(Error::MissingDescriptor)
        }
        (item, _) => item,
    }
}

/// Whether descriptors can go through `socket`: a network drops them, and says
/// nothing.
pub(super) fn check_way(socket: BorrowedFd<'_>) -> Result<()> {
    let domain = socket_domain(socket)
        .map_err(|errno| Error::system("look at a socket", errno))?;
    if domain == AddressFamily::UNIX {
        return Ok(());
    }
    Err(Error::Encode {
        reason: NO_NETWORK.into(),
    })
}

const NO_NETWORK: &str = "a connection or another descriptor cannot travel \
                          over a network";
const NO_WAY: &str = "a connection or another descriptor travels through a \
                      connection only";
const TOO_MANY: &str = "more than 253 descriptors are in one item";
const NO_ROOM: &str = "there is no room for a copy of its descriptor: close \
                       some, or raise RLIMIT_NOFILE (ulimit -n)";
const MISSING: &str = "its descriptor is missing";

/// Takes a copy along; its number.
fn load(descriptor: BorrowedFd<'_>) -> Result<u8, &'static str> {
    let load = |luggage: &RefCell<Luggage>| {
        let Luggage::Leaving(descriptors) = &mut *luggage.borrow_mut() else {
            return Err(NO_WAY);
        };
        let number = descriptors.len();
        let number = u8::try_from(number).ok();
        let number = number.filter(|it| usize::from(*it) < pass::MOST);
        let number = number.ok_or(TOO_MANY)?;
        let copy = descriptor.try_clone_to_owned().map_err(|_| NO_ROOM)?;
        descriptors.push(copy);
        Ok(number)
    };
    LUGGAGE.try_with(load).unwrap_or(Err(NO_WAY))
}

/// Takes out what came under this number.
fn unload(number: u8) -> Result<OwnedFd, &'static str> {
    let unload = |luggage: &RefCell<Luggage>| {
        let Luggage::Arrived {
            descriptors,
            missing,
        } = &mut *luggage.borrow_mut()
        else {
            return Err(NO_WAY);
        };
        let place = descriptors.get_mut(usize::from(number));
        let arrived = place.and_then(Option::take);
        let arrived = arrived.and_then(|it| keep_clear(it).ok());
        *missing |= arrived.is_none();
        arrived.ok_or(MISSING)
    };
    LUGGAGE.try_with(unload).unwrap_or(Err(NO_WAY))
}

fn refused<E: serde::ser::Error>(why: &'static str) -> E {
    E::custom(codec::explain(why))
}

impl Serialize for Descriptor {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let number = load(self.as_fd()).map_err(refused::<S::Error>)?;
        number.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Descriptor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let arrived = unload(Deserialize::deserialize(from)?);
        arrived
            .map(Self)
            .map_err(|why| D::Error::custom(codec::explain(why)))
    }
}

/// A copy goes, without the memory that the ends share: the sender keeps its own, and the other end sees the end of
/// the messages when both are closed.
impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let number = load(self.as_fd()).map_err(refused::<S::Error>)?;
        if let Kind::Packets(Some(way)) = &self.kind {
            way.close();
        }
        (number, self.direction).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Connection {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (Descriptor(socket), direction): (Descriptor, Direction) =
            Deserialize::deserialize(from)?;
        let kind = match socket_type(&socket) {
            Ok(SocketType::SEQPACKET) => Kind::Packets(None),
            _ => Kind::Stream,
        };
        Ok(Self::new(socket, kind, direction))
    }
}

//! How a proxy travels: as a message, a task's argument or its result.
//!
//! It is encoded as two numbers: the identity of its server, which was drawn at
//! random, and the object's. The reader must know the server already: by
//! inheritance, if it was forked from a process that had the manager, and after
//! that; or because it has connected with it. So a proxy may leave its family,
//! in a published dict say, and reaches whoever may come to the server anyway.
//! An address does not travel along, and a key even less.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::client::{Remote, Server, Way};
use super::{
    ArrayProxy, DictProxy, JoinableQueueProxy, ListProxy, QueueProxy,
    ValueProxy,
};
use crate::codec;

/// The servers that this process knows, by its own doing or by inheritance.
static KNOWN: Mutex<Vec<Weak<Server>>> = Mutex::new(Vec::new());

fn known() -> MutexGuard<'static, Vec<Weak<Server>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets proxies of `server` arrive here and in processes forked from now on.
pub(super) fn register(server: &Arc<Server>) {
    let mut known = known();
    known.retain(|server| server.strong_count() > 0);
    known.push(Arc::downgrade(server));
}

impl Serialize for Remote {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let kept = self.keep();
        kept.map_err(|_| S::Error::custom(codec::explain(NOT_KEPT)))?;
        (self.server.identity(), self.id).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Remote {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (identity, id) = Deserialize::deserialize(from)?;
        let servers = known();
        let mut servers = servers.iter().filter_map(Weak::upgrade);
        let server = servers.find(|server| server.identity() == identity);
        let server =
            server.ok_or_else(|| D::Error::custom(codec::explain(UNKNOWN)))?;
        Ok(Self::kept(server, id))
    }
}

/// The descriptors of the doors that this process has.
pub(super) fn doors() -> Vec<RawFd> {
    let servers = known();
    let servers = servers.iter().filter_map(Weak::upgrade);
    let door = |server: Arc<Server>| match server.way() {
        Way::Door(door) => Some(door.as_raw_fd()),
        Way::Address(_) => None,
    };
    servers.filter_map(door).collect()
}

const UNKNOWN: &str = "a proxy of a manager that this process has neither \
                       inherited nor connected with: make the manager first, \
                       or connect";
const NOT_KEPT: &str = "a proxy whose manager this process cannot reach: there \
                        is no descriptor left for a connection";

macro_rules! travels {
    ($($proxy:ident<$($item:ident),+>),+ $(,)?) => {$(
        impl<$($item),+> Serialize for $proxy<$($item),+> {
            fn serialize<S: Serializer>(
                &self,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                self.remote.serialize(to)
            }
        }

        impl<'de, $($item),+> Deserialize<'de> for $proxy<$($item),+>
        where
            $($item: Serialize + serde::de::DeserializeOwned),+
        {
            fn deserialize<D: Deserializer<'de>>(
                from: D,
            ) -> Result<Self, D::Error> {
                Remote::deserialize(from).map(Self::new)
            }
        }
    )+};
}

travels!(DictProxy<K, V>, ListProxy<T>, QueueProxy<T>);

/// What is another proxy underneath.
macro_rules! wraps {
    ($($proxy:ident => $inner:ident),+ $(,)?) => {$(
        impl<T> Clone for $proxy<T> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<T> std::fmt::Debug for $proxy<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($proxy))
                    .field("id", &self.0.remote.id)
                    .finish_non_exhaustive()
            }
        }

        impl<T> Serialize for $proxy<T> {
            fn serialize<S: Serializer>(
                &self,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                self.0.serialize(to)
            }
        }

        impl<'de, T> Deserialize<'de> for $proxy<T>
        where
            T: Serialize + serde::de::DeserializeOwned,
        {
            fn deserialize<D: Deserializer<'de>>(
                from: D,
            ) -> Result<Self, D::Error> {
                $inner::deserialize(from).map(Self)
            }
        }
    )+};
}

wraps!(
    JoinableQueueProxy => QueueProxy,
    ValueProxy => ListProxy,
    ArrayProxy => ListProxy,
);

//! How a proxy travels: as a message, a task's argument or its result.
//!
//! It is encoded as two numbers: that of its server's door, and that of the
//! object. The reader must have the door already, by inheritance: it was
//! forked from a process that had the manager, and after that. A socket's
//! inode is the door's number, which copies in other processes share and no
//! other door has at the same time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::client::{Remote, Server};
use super::{
    ArrayProxy, DictProxy, JoinableQueueProxy, ListProxy, QueueProxy,
    ValueProxy,
};
use crate::codec;

/// The servers that this process has, by its own doing or by inheritance.
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
        (self.server.inode(), self.id).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Remote {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (inode, id) = Deserialize::deserialize(from)?;
        let servers = known();
        let mut servers = servers.iter().filter_map(Weak::upgrade);
        let server = servers.find(|server| server.inode() == inode);
        let server =
            server.ok_or_else(|| D::Error::custom(codec::explain(UNKNOWN)))?;
        Ok(Self::kept(server, id))
    }
}

const UNKNOWN: &str = "a proxy of a manager that this process has not \
                       inherited: make the manager first";
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

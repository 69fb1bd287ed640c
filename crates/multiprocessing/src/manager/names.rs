//! Objects with a name, by which clients find them that have inherited nothing.
//!
//! With the name goes the type of the proxy, in words: two programs have no
//! compiler in common that could see that one puts `i32`s where the other
//! gets `u32`s, and most bytes of the one can be read as the other. A type is
//! called by its name without its path, since the same type may lie elsewhere
//! in the other program.

use std::any::type_name;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::{Remote, Server};
use super::protocol::{Found, HallCall};
use super::{DictProxy, ListProxy, QueueProxy};
use crate::error::{Error, Result};

/// The proxies whose objects can be [published](super::Manager::publish), and
/// [found](super::RemoteManager::find).
///
/// An [`ObjectProxy`](super::ObjectProxy) is none of them: its methods are
/// functions of this program, which another one does not have.
pub trait Proxy: sealed::Sealed {}

pub(super) mod sealed {
    use super::Remote;

    /// What all these proxies have in common.
    pub trait Sealed: Sized {
        #[doc(hidden)]
        fn of(remote: Remote) -> Self;

        #[doc(hidden)]
        fn remote(&self) -> &Remote;
    }
}

macro_rules! published {
    ($($proxy:ident<$($item:ident),+>),+ $(,)?) => {$(
        impl<$($item: Serialize + DeserializeOwned),+> sealed::Sealed
            for $proxy<$($item),+>
        {
            fn of(remote: Remote) -> Self {
                Self::new(remote)
            }

            fn remote(&self) -> &Remote {
                &self.remote
            }
        }

        impl<$($item: Serialize + DeserializeOwned),+> Proxy
            for $proxy<$($item),+>
        {
        }
    )+};
}

published!(DictProxy<K, V>, ListProxy<T>, QueueProxy<T>);

/// The type in words: `QueueProxy<Option<Task>>`.
fn kind<P: Proxy>() -> String {
    let in_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let pieces = type_name::<P>().split_inclusive(|c| !in_a_path(c));
    let last = |piece: &'static str| piece.rsplit("::").next();
    pieces.filter_map(last).collect()
}

/// Gives the object of `proxy` a name in `server`.
pub(super) fn publish<P: Proxy>(
    server: &Server,
    name: String,
    proxy: &P,
) -> Result<()> {
    let Remote { server: its, id } = proxy.remote();
    if its.identity() != server.identity() {
        return Err(Error::invalid(format!(
            "what is to be published as {name} is of another manager"
        )));
    }
    let kind = kind::<P>();
    server.call_hall(HallCall::Publish {
        name,
        found: Found { id: *id, kind },
    })
}

/// The object that has this name in `server`.
pub(super) fn find<P: Proxy>(server: &Arc<Server>, name: &str) -> Result<P> {
    let name = name.to_string();
    let question = HallCall::Find { name: name.clone() };
    let Some(Found { id, kind: found }) = server.call_hall(question)? else {
        return Err(Error::NotPublished { name });
    };
    let wanted = kind::<P>();
    if found != wanted {
        return Err(Error::WrongKind {
            name,
            found,
            wanted,
        });
    }
    Ok(P::of(Remote {
        server: Arc::clone(server),
        id,
    }))
}

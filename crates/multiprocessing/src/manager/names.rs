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
use super::{
    ArrayProxy, BarrierProxy, BoundedSemaphoreProxy, ConditionProxy, DictProxy,
    EventProxy, JoinableQueueProxy, ListProxy, LockProxy, NamespaceProxy,
    QueueProxy, RLockProxy, SemaphoreProxy, ValueProxy,
};
use crate::error::{Error, Result};

/// The proxies whose objects can be [published](super::Manager::publish), and
/// [found](super::RemoteManager::find).
///
/// ```
/// use multiprocessing::{Manager, Proxy, Result};
///
/// fn publish_twice(
///     manager: &Manager,
///     names: [&str; 2],
///     proxy: &impl Proxy,
/// ) -> Result<()> {
///     names.iter().try_for_each(|it| manager.publish(*it, proxy))
/// }
///
/// fn main() -> Result<()> {
///     let manager = Manager::new()?;
///     publish_twice(&manager, ["a", "b"], &manager.queue::<i32>(0)?)
/// }
/// ```
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

/// Each proxy with how it is made of a remote object, and where it has it.
macro_rules! published {
    ($($proxy:ident<$($item:ident),*>: $new:expr, $($remote:tt).+;)+) => {$(
        impl<$($item: Serialize + DeserializeOwned),*> sealed::Sealed
            for $proxy<$($item),*>
        {
            fn of(remote: Remote) -> Self {
                ($new)(remote)
            }

            fn remote(&self) -> &Remote {
                &self.$($remote).+
            }
        }

        impl<$($item: Serialize + DeserializeOwned),*> Proxy
            for $proxy<$($item),*>
        {
        }
    )+};
}

published! {
    DictProxy<K, V>: Self::new, remote;
    ListProxy<T>: Self::new, remote;
    QueueProxy<T>: Self::new, remote;
    JoinableQueueProxy<T>: |it| Self(QueueProxy::new(it)), 0.remote;
    ValueProxy<T>: |it| Self(ListProxy::new(it)), 0.remote;
    ArrayProxy<T>: |it| Self(ListProxy::new(it)), 0.remote;
    NamespaceProxy<>: |remote| Self { remote }, remote;
    LockProxy<>: |remote| Self { remote }, remote;
    RLockProxy<>: |remote| Self { remote }, remote;
    SemaphoreProxy<>: |remote| Self { remote }, remote;
    BoundedSemaphoreProxy<>: |remote| Self { remote }, remote;
    EventProxy<>: |remote| Self { remote }, remote;
    ConditionProxy<>: |remote| Self { remote }, remote;
    BarrierProxy<>: |remote| Self { remote }, remote;
}

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
    let remote = proxy.remote();
    if remote.server.identity() != server.identity() {
        return Err(Error::invalid(format!(
            "what is to be published as {name} is of another manager"
        )));
    }
    // Who finds it has a proxy that the server does not know of.
    remote.keep()?;
    let (id, kind) = (remote.id, kind::<P>());
    server.call_hall(HallCall::Publish {
        name,
        found: Found { id, kind },
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
    Ok(P::of(Remote::kept(Arc::clone(server), id)))
}

//! The proxy of an object of the user's own type.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::client::{Remote, Way};
use super::protocol::{Call, Encoded};
use crate::codec;
use crate::error::Result;
use crate::sys::method::Calling;
use crate::sys::point::point;

/// An object of one's own type in a manager's server;
/// [`Manager::object`](super::Manager::object) makes one. Python: the proxy of
/// a class that was registered.
///
/// ```
/// use multiprocessing::{Manager, Process};
///
/// #[derive(Default)]
/// struct Account(u32);
///
/// impl Account {
///     fn pay_in(&mut self, sum: u32) {
///         self.0 += sum;
///     }
///
///     fn pay_out(&mut self, sum: u32) -> Result<u32, String> {
///         let left = self.0.checked_sub(sum);
///         self.0 = left.ok_or(format!("there are only {}", self.0))?;
///         Ok(self.0)
///     }
/// }
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let account = manager.object(|()| Account::default(), ())?;
///     let child = Process::new(|| account.call(Account::pay_in, 40));
///     child.start()?;
///     child.join()?;
///     assert_eq!(account.call(Account::pay_out, 10)?, Ok(30));
///     let refused = account.call(Account::pay_out, 100)?;
///     assert_eq!(refused, Err("there are only 30".to_string()));
///     assert_eq!(account.call(|account, ()| account.0, ())?, 30);
///     Ok(())
/// }
/// ```
///
/// A method is a function of the object and one argument, which may be a tuple:
/// a `fn`, or a closure that captures nothing. It runs in the server, in a
/// thread of the caller's connection, while the other calls of this object
/// wait: each call is one step. So what may be called is what the caller's
/// module may name, as everywhere in Rust; Python keeps a list (`exposed`).
///
/// ```compile_fail,E0624
/// mod account {
///     pub struct Account(pub u32);
///
///     impl Account {
///         fn forge(&mut self, sum: u32) {
///             self.0 = sum;
///         }
///     }
/// }
///
/// # fn main() -> multiprocessing::Result<()> {
/// let manager = multiprocessing::Manager::new()?;
/// let account = manager.object(account::Account, 0)?;
/// account.call(account::Account::forge, 1_000_000)?;
/// # Ok(())
/// # }
/// ```
///
/// Arguments and results travel, as items do. An error that a method returns is
/// such a result. A panic in it is [`MethodPanicked`]; the object can still be
/// used, as in Python: what one caller does wrong must not take it from all
/// others. What the method had changed before stays so; one that can fail half
/// way should return a `Result` instead.
///
/// Only processes that have the manager by inheritance can call: the function
/// must be the same in the server and in the caller. So it cannot be published,
/// and to who receives it in another program it is an [`Error::Decode`].
///
/// The object itself is never moved, and need not be of a serde type. When the
/// server ends it is gone, without its destructor. A method can use proxies of
/// managers that were made before its own; the server is no client of itself.
///
/// # Errors
/// [`Error::Disconnected`] if the server has ended, [`Error::Encode`] or
/// [`Error::Decode`] if serde cannot write or read the argument or the result,
/// [`Error::TooLong`] for 2 GiB and more, [`MethodPanicked`].
///
/// [`MethodPanicked`]: crate::Error::MethodPanicked
/// [`Error::Disconnected`]: crate::Error::Disconnected
/// [`Error::Encode`]: crate::Error::Encode
/// [`Error::Decode`]: crate::Error::Decode
/// [`Error::TooLong`]: crate::Error::TooLong
pub struct ObjectProxy<T> {
    remote: Remote,
    object: PhantomData<fn() -> T>,
}

impl<T: Send + 'static> ObjectProxy<T> {
    pub(super) fn new(remote: Remote) -> Self {
        Self {
            remote,
            object: PhantomData,
        }
    }

    /// Runs `method` on the object, and waits for what it returns. Python:
    /// `proxy.method(arguments)`.
    ///
    /// # Errors
    /// See [above](ObjectProxy).
    #[expect(
        clippy::needless_pass_by_value,
        reason = "arguments go in by value, as into the method itself"
    )]
    pub fn call<A, R>(
        &self,
        method: fn(&mut T, A) -> R,
        arguments: A,
    ) -> Result<R>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        point("object.call");
        let calling = Calling::new(method, &arguments)?;
        let result: Encoded = self.remote.call(Call::Own(calling))?;
        result.decode()
    }
}

impl<T> Clone for ObjectProxy<T> {
    fn clone(&self) -> Self {
        Self {
            remote: self.remote.clone(),
            object: PhantomData,
        }
    }
}

impl<T> Serialize for ObjectProxy<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.remote.serialize(to)
    }
}

impl<'de, T: Send + 'static> Deserialize<'de> for ObjectProxy<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let remote = Remote::deserialize(from)?;
        match remote.server.way() {
            Way::Door(_) => Ok(Self::new(remote)),
            Way::Address(_) => Err(D::Error::custom(codec::explain(STRANGER))),
        }
    }
}

const STRANGER: &str = "an object of a type of its own, whose methods only the \
                        family of its manager can call";

impl<T> fmt::Debug for ObjectProxy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectProxy")
            .field("id", &self.remote.id)
            .finish_non_exhaustive()
    }
}

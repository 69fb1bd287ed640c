//! The proxy of a namespace: a dict by names, whose values have types of their
//! own.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::client::Remote;
use super::protocol::{Call, DictCall, Encoded};
use crate::error::{Error, Result};
use crate::sys::point::point;

/// Attributes in a manager's server, each by its name and of its own type.
/// Python: what `manager.Namespace()` returns.
///
/// ```
/// let manager = multiprocessing::Manager::new()?;
/// let namespace = manager.namespace()?;
/// namespace.set("x", 10)?;
/// namespace.set("name", "郝雪生")?;
/// assert_eq!(namespace.get::<i32>("x")?, 10);
/// assert_eq!(namespace.get::<String>("name")?, "郝雪生");
/// namespace.delete("x")?;
/// assert_eq!(namespace.names()?, ["name"]);
/// # Ok::<(), multiprocessing::Error>(())
/// ```
///
/// The bytes of an attribute do not tell its type: who asks for another one
/// than was set gets an error, or another value.
///
/// # Errors
/// To get and to delete can fail with
/// [`NoSuchAttribute`](crate::Error::NoSuchAttribute). Each call can fail with
/// [`Disconnected`](crate::Error::Disconnected) if the server has ended, with
/// [`Encode`](crate::Error::Encode) or [`Decode`](crate::Error::Decode) if
/// serde cannot write or read an attribute, and with
/// [`TooLong`](crate::Error::TooLong) for 2 GiB and more.
#[derive(Clone, Serialize, Deserialize)]
pub struct NamespaceProxy {
    pub(super) remote: Remote,
}

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
impl NamespaceProxy {
    /// A copy of the attribute `name`. Python: `namespace.name`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        point("Namespace.name");
        self.found(name, DictCall::Get(Encoded::new(name)?))?
            .decode()
    }

    /// Makes `value` the attribute `name`. Python: `namespace.name = value`.
    pub fn set<T: Serialize>(&self, name: &str, value: T) -> Result<()> {
        point("Namespace.name =");
        let (name, value) = (Encoded::new(name)?, Encoded::new(&value)?);
        self.call(DictCall::Set(name, value))
    }

    /// Takes the attribute `name` away. Python: `del namespace.name`.
    pub fn delete(&self, name: &str) -> Result<()> {
        point("del Namespace.name");
        self.found(name, DictCall::Remove(Encoded::new(name)?))
            .map(drop)
    }

    /// The names of all attributes, in the order of their coming. Python:
    /// `dir(namespace)`.
    pub fn names(&self) -> Result<Vec<String>> {
        point("dir(Namespace)");
        self.all_names()
    }

    fn all_names(&self) -> Result<Vec<String>> {
        let names: Vec<Encoded> = self.call(DictCall::Keys)?;
        names.iter().map(Encoded::decode).collect()
    }

    fn found(&self, name: &str, call: DictCall) -> Result<Encoded> {
        let value: Option<Encoded> = self.call(call)?;
        let name = name.into();
        value.ok_or(Error::NoSuchAttribute { name })
    }

    fn call<R: DeserializeOwned>(&self, call: DictCall) -> Result<R> {
        self.remote.call(Call::Dict(call))
    }
}

impl fmt::Debug for NamespaceProxy {
    /// As Python's `repr`, which hides names that begin with `_`; but without
    /// the values, whose types nobody knows here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.all_names().unwrap_or_default();
        names.retain(|name| !name.starts_with('_'));
        write!(f, "Namespace({})", names.join(", "))
    }
}

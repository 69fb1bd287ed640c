//! The proxy of a dict.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::Remote;
use super::protocol::{Call, DictCall, Encoded, Pair};
use crate::error::Result;
use crate::sys::point::point;

/// A dict in a manager's server, in the order of insertion. Python:
/// `DictProxy`.
///
/// Each call is one step: no other client sees it half done. What several
/// calls do together is not, and needs a lock. Values come and go as copies:
/// to change one in place, get it, change it, and set it again.
///
/// Two keys are the same if they are encoded to the same bytes; for types
/// without an order of their own, as `HashMap`, that says nothing.
///
/// ```
/// use multiprocessing::{DictProxy, Manager, Process};
/// use std::collections::HashMap;
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let ages: DictProxy<String, u32> = manager.dict()?;
///     let child = Process::new(|| {
///         ages.set("Ann".into(), 30)?;
///         ages.update([("Bob".into(), 40), ("Eve".into(), 50)])
///     });
///     child.start()?;
///     child.join()?;
///     assert_eq!(ages.get("Bob")?, Some(40));
///     assert_eq!(ages.setdefault("Ann".into(), 7)?, 30);
///     assert_eq!(ages.remove("Ann")?, Some(30));
///     assert_eq!(ages.popitem()?, Some(("Eve".into(), 50)));
///     assert!(ages.contains_key("Bob")? && ages.len()? == 1);
///     assert_eq!((ages.keys()?, ages.values()?), (vec!["Bob".into()], vec![40]));
///     assert_eq!(ages.items()?, [("Bob".to_string(), 40)]);
///     let copy: HashMap<String, u32> = ages.copy()?;
///     ages.clear()?;
///     assert!(ages.is_empty()? && copy.len() == 1);
///     Ok(())
/// }
/// ```
///
/// # Errors
/// Each call can fail with [`Disconnected`](crate::Error::Disconnected) if
/// the server has ended, with [`Encode`](crate::Error::Encode) or
/// [`Decode`](crate::Error::Decode) if serde cannot write or read an item, and
/// with [`TooLong`](crate::Error::TooLong) for 2 GiB and more.
pub struct DictProxy<K, V> {
    pub(super) remote: Remote,
    types: PhantomData<fn() -> (K, V)>,
}

pub(super) fn encoded<K: Serialize, V: Serialize>(
    items: impl IntoIterator<Item = (K, V)>,
) -> Result<Vec<Pair>> {
    let items = items.into_iter();
    items.map(|(key, value)| pair(&key, &value)).collect()
}

fn pair<K: Serialize, V: Serialize>(key: &K, value: &V) -> Result<Pair> {
    Ok((Encoded::new(key)?, Encoded::new(value)?))
}

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "items go in by value, as into the collections of std"
)]
impl<K, V> DictProxy<K, V>
where
    K: Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    pub(super) fn new(remote: Remote) -> Self {
        Self {
            remote,
            types: PhantomData,
        }
    }

    /// Puts `value` under `key`, in the place of what was there. Python:
    /// `d[key] = value`.
    pub fn set(&self, key: K, value: V) -> Result<()> {
        point("dict[] =");
        let (key, value) = pair(&key, &value)?;
        self.call(DictCall::Set(key, value))
    }

    /// Sets all these items in one step. Python: `d.update(items)`.
    pub fn update(
        &self,
        items: impl IntoIterator<Item = (K, V)>,
    ) -> Result<()> {
        point("dict.update");
        self.call(DictCall::Update(encoded(items)?))
    }

    /// The value under `key`, after `value` was put there if there was none.
    /// Python: `d.setdefault(key, value)`.
    pub fn setdefault(&self, key: K, value: V) -> Result<V> {
        point("dict.setdefault");
        let (key, value) = pair(&key, &value)?;
        let value: Encoded = self.call(DictCall::SetDefault(key, value))?;
        value.decode()
    }

    /// The value under `key`. Python: `d.get(key)`, and `d[key]`, which
    /// raises where here is `None`.
    pub fn get<Q>(&self, key: &Q) -> Result<Option<V>>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        point("dict.get");
        self.value(DictCall::Get(Encoded::new(key)?))
    }

    /// Takes the value under `key` out. Python: `d.pop(key)`, `del d[key]`.
    pub fn remove<Q>(&self, key: &Q) -> Result<Option<V>>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        point("dict.pop");
        self.value(DictCall::Remove(Encoded::new(key)?))
    }

    /// Takes the item out that came last. Python: `d.popitem()`, which raises
    /// where here is `None`.
    pub fn popitem(&self) -> Result<Option<(K, V)>> {
        point("dict.popitem");
        let item: Option<Pair> = self.call(DictCall::PopItem)?;
        item.as_ref().map(decoded).transpose()
    }

    /// Whether there is a value under `key`. Python: `key in d`.
    pub fn contains_key<Q>(&self, key: &Q) -> Result<bool>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        point("in dict");
        self.call(DictCall::Contains(Encoded::new(key)?))
    }

    /// The number of items. Python: `len(d)`.
    pub fn len(&self) -> Result<usize> {
        point("len(dict)");
        self.call(DictCall::Len)
    }

    /// Whether there are no items. Python: `not d`.
    pub fn is_empty(&self) -> Result<bool> {
        point("not dict");
        self.call(DictCall::Len).map(|len: usize| len == 0)
    }

    /// Takes everything out. Python: `d.clear()`.
    pub fn clear(&self) -> Result<()> {
        point("dict.clear");
        self.call(DictCall::Clear)
    }

    /// The keys, as they are at this moment. Python: `d.keys()`.
    pub fn keys(&self) -> Result<Vec<K>> {
        point("dict.keys");
        let keys: Vec<Encoded> = self.call(DictCall::Keys)?;
        keys.iter().map(Encoded::decode).collect()
    }

    /// The values, in the order of their keys. Python: `d.values()`.
    pub fn values(&self) -> Result<Vec<V>> {
        point("dict.values");
        let values: Vec<Encoded> = self.call(DictCall::Values)?;
        values.iter().map(Encoded::decode).collect()
    }

    /// The keys and values, as they are at this moment. Python: `d.items()`.
    pub fn items(&self) -> Result<Vec<(K, V)>> {
        point("dict.items");
        self.all()
    }

    /// All items in a collection of this process, say a `HashMap`. Python:
    /// `d.copy()`.
    pub fn copy<C: FromIterator<(K, V)>>(&self) -> Result<C> {
        point("dict.copy");
        self.all()
    }

    fn all<C: FromIterator<(K, V)>>(&self) -> Result<C> {
        let items: Vec<Pair> = self.call(DictCall::Items)?;
        items.iter().map(decoded).collect()
    }

    fn value(&self, call: DictCall) -> Result<Option<V>> {
        let value: Option<Encoded> = self.call(call)?;
        value.map(|value| value.decode()).transpose()
    }
}

fn decoded<K, V>((key, value): &Pair) -> Result<(K, V)>
where
    K: DeserializeOwned,
    V: DeserializeOwned,
{
    Ok((key.decode()?, value.decode()?))
}

impl<K, V> DictProxy<K, V> {
    fn call<R: DeserializeOwned>(&self, call: DictCall) -> Result<R> {
        self.remote.call(Call::Dict(call))
    }
}

impl<K, V> Clone for DictProxy<K, V> {
    fn clone(&self) -> Self {
        Self {
            remote: self.remote.clone(),
            types: PhantomData,
        }
    }
}

impl<K, V> fmt::Debug for DictProxy<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DictProxy")
            .field("id", &self.remote.id)
            .finish_non_exhaustive()
    }
}

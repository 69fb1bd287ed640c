//! The proxy of a list.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::Remote;
use super::protocol::{Call, Encoded, ListCall, ListChange, ListRead, Span};
use crate::error::Result;
use crate::sys::point::point;

/// A list in a manager's server. Python: `ListProxy`.
///
/// Each call is one step: no other client sees it half done. What several
/// calls do together is not, and needs a lock. Items come and go as copies: to
/// change one in place, get it, change it, and set it again.
///
/// Two items are equal if they are encoded to the same bytes; for types
/// without an order of their own, as `HashMap`, that says nothing.
///
/// ```
/// use multiprocessing::{ListProxy, Manager, Process};
///
/// fn main() -> multiprocessing::Result<()> {
///     let manager = Manager::new()?;
///     let list: ListProxy<i32> = manager.list_from([3, 1])?;
///     let child = Process::new(|| {
///         list.append(2)?;
///         list.extend([5, 4])?;
///         list.sort()
///     });
///     child.start()?;
///     child.join()?;
///     assert_eq!(list.to_vec()?, [1, 2, 3, 4, 5]);
///     list.reverse()?;
///     assert_eq!((list.pop()?, list.pop_at(0)?, list.len()?), (Some(1), 5, 3));
///     list.insert(0, 9)?;
///     list.set(1, 8)?;
///     assert_eq!((list.get(1)?, list.slice(2..)?), (8, vec![3, 2]));
///     list.set_slice(2.., [7, 7, 7])?;
///     assert_eq!((list.index(&7)?, list.count(&7)?), (2, 3));
///     list.remove(&9)?;
///     list.sort_by(|one, other| other.cmp(one))?;
///     list.repeat(2)?;
///     assert_eq!(list.to_vec()?, [8, 7, 7, 7, 8, 7, 7, 7]);
///     list.clear()?;
///     assert!(list.is_empty()?);
///     Ok(())
/// }
/// ```
///
/// # Errors
/// An index or a range beyond the end is
/// [`OutOfRange`](crate::Error::OutOfRange); Python cuts ranges short, and so
/// the place of `insert`. Each call can fail with
/// [`Disconnected`](crate::Error::Disconnected) if the server has ended, with
/// [`Encode`](crate::Error::Encode) or [`Decode`](crate::Error::Decode) if
/// serde cannot write or read an item, and with
/// [`TooLong`](crate::Error::TooLong) for 2 GiB and more.
pub struct ListProxy<T> {
    pub(super) remote: Remote,
    types: PhantomData<fn() -> T>,
}

pub(super) fn encoded<T: Serialize>(
    items: impl IntoIterator<Item = T>,
) -> Result<Vec<Encoded>> {
    items.into_iter().map(|item| Encoded::new(&item)).collect()
}

#[expect(
    clippy::missing_errors_doc,
    reason = "the errors of all calls are told once, at the type"
)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "items go in by value, as into the collections of std"
)]
impl<T: Serialize + DeserializeOwned> ListProxy<T> {
    pub(super) fn new(remote: Remote) -> Self {
        Self {
            remote,
            types: PhantomData,
        }
    }

    /// Puts an item at the end. Python: `l.append(item)`.
    pub fn append(&self, item: T) -> Result<()> {
        point("list.append");
        self.change(ListChange::Extend(encoded([item])?))
    }

    /// Puts items at the end, in one step. Python: `l.extend(items)`,
    /// `l += items`.
    pub fn extend(&self, items: impl IntoIterator<Item = T>) -> Result<()> {
        point("list.extend");
        self.change(ListChange::Extend(encoded(items)?))
    }

    /// The item at `index`. Python: `l[index]`.
    pub fn get(&self, index: usize) -> Result<T> {
        point("list[]");
        let item: Encoded = self.read(ListRead::Get(index))?;
        item.decode()
    }

    /// Replaces the item at `index`. Python: `l[index] = item`.
    pub fn set(&self, index: usize, item: T) -> Result<()> {
        point("list[] =");
        self.change(ListChange::Set(index, Encoded::new(&item)?))
    }

    /// The items of a range. Python: `l[2:7]`.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Vec<T>> {
        point("list[:]");
        self.items(&range)
    }

    /// All items. Python: `l[:]`, `list(l)`.
    pub fn to_vec(&self) -> Result<Vec<T>> {
        point("list[:]");
        self.items(&..)
    }

    /// Replaces the items of a range by others, be they more or fewer. Python:
    /// `l[2:7] = items`, `del l[2:7]`.
    pub fn set_slice(
        &self,
        range: impl RangeBounds<usize>,
        items: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        point("list[:] =");
        self.change(ListChange::SetSlice(span(&range), encoded(items)?))
    }

    /// Puts an item before the one at `index`. Python:
    /// `l.insert(index, item)`.
    pub fn insert(&self, index: usize, item: T) -> Result<()> {
        point("list.insert");
        self.change(ListChange::Insert(index, Encoded::new(&item)?))
    }

    /// Takes the last item out. Python: `l.pop()`, which raises where here is
    /// `None`.
    pub fn pop(&self) -> Result<Option<T>> {
        point("list.pop");
        let item: Option<Encoded> = self.change(ListChange::Pop)?;
        item.map(|item| item.decode()).transpose()
    }

    /// Takes the item at `index` out. Python: `l.pop(index)`, `del l[index]`.
    pub fn pop_at(&self, index: usize) -> Result<T> {
        point("list.pop");
        let item: Encoded = self.change(ListChange::PopAt(index))?;
        item.decode()
    }

    /// Takes the first item out that equals `item`;
    /// [`NoSuchItem`](crate::Error::NoSuchItem) if there is none. Python:
    /// `l.remove(item)`.
    pub fn remove<Q>(&self, item: &Q) -> Result<()>
    where
        T: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        point("list.remove");
        self.change(ListChange::Remove(Encoded::new(item)?))
    }

    /// The index of the first item that equals `item`;
    /// [`NoSuchItem`](crate::Error::NoSuchItem) if there is none. Python:
    /// `l.index(item)`.
    pub fn index<Q>(&self, item: &Q) -> Result<usize>
    where
        T: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        point("list.index");
        self.read(ListRead::Index(Encoded::new(item)?))
    }

    /// How many items equal `item`. Python: `l.count(item)`.
    pub fn count<Q>(&self, item: &Q) -> Result<usize>
    where
        T: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        point("list.count");
        self.read(ListRead::Count(Encoded::new(item)?))
    }

    /// The number of items. Python: `len(l)`.
    pub fn len(&self) -> Result<usize> {
        point("len(list)");
        self.read(ListRead::Len)
    }

    /// Whether there are no items. Python: `not l`.
    pub fn is_empty(&self) -> Result<bool> {
        point("not list");
        self.read(ListRead::Len).map(|len: usize| len == 0)
    }

    /// Takes everything out. Python: `l.clear()`, `del l[:]`.
    pub fn clear(&self) -> Result<()> {
        point("list.clear");
        self.change(ListChange::SetSlice(span(&..), Vec::new()))
    }

    /// Turns the order round. Python: `l.reverse()`.
    pub fn reverse(&self) -> Result<()> {
        point("list.reverse");
        self.change(ListChange::Reverse)
    }

    /// Makes it `times` times as long, by copies of what is there. Python:
    /// `l *= times`.
    pub fn repeat(&self, times: usize) -> Result<()> {
        point("list *=");
        self.change(ListChange::Repeat(times))
    }

    /// Sorts the items, equal ones in the order they were in. Python:
    /// `l.sort()`.
    pub fn sort(&self) -> Result<()>
    where
        T: Ord,
    {
        point("list.sort");
        self.sort_here(T::cmp)
    }

    /// Sorts the items by a comparison, equal ones in the order they were in.
    /// Python: `l.sort(key=…)`.
    ///
    /// This process sorts, since the server does not know the type. If another
    /// client changes the list in the meantime, it begins again.
    pub fn sort_by(
        &self,
        compare: impl FnMut(&T, &T) -> Ordering,
    ) -> Result<()> {
        point("list.sort");
        self.sort_here(compare)
    }

    fn items(&self, range: &impl RangeBounds<usize>) -> Result<Vec<T>> {
        let items: Vec<Encoded> = self.read(ListRead::Slice(span(range)))?;
        items.iter().map(Encoded::decode).collect()
    }

    fn sort_here(
        &self,
        mut compare: impl FnMut(&T, &T) -> Ordering,
    ) -> Result<()> {
        loop {
            let (version, items): (u64, Vec<Encoded>) =
                self.read(ListRead::Version)?;
            let items = items.into_iter();
            let mut items = items
                .map(|item| Ok((item.decode()?, item)))
                .collect::<Result<Vec<(T, Encoded)>>>()?;
            items.sort_by(|(one, _), (other, _)| compare(one, other));
            let items = items.into_iter().map(|(_, item)| item).collect();
            if self.call(ListCall::Replace { version, items })? {
                return Ok(());
            }
        }
    }
}

impl<T> ListProxy<T> {
    pub(super) fn read<R: DeserializeOwned>(
        &self,
        read: ListRead,
    ) -> Result<R> {
        self.call(ListCall::Read(read))
    }

    pub(super) fn change<R: DeserializeOwned>(
        &self,
        change: ListChange,
    ) -> Result<R> {
        self.call(ListCall::Change(change))
    }

    fn call<R: DeserializeOwned>(&self, call: ListCall) -> Result<R> {
        self.remote.call(Call::List(call))
    }
}

pub(super) fn span(range: &impl RangeBounds<usize>) -> Span {
    Span {
        start: match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        },
        end: match range.end_bound() {
            Bound::Included(last) => Some(last.saturating_add(1)),
            Bound::Excluded(end) => Some(*end),
            Bound::Unbounded => None,
        },
    }
}

impl<T> Clone for ListProxy<T> {
    fn clone(&self) -> Self {
        Self {
            remote: self.remote.clone(),
            types: PhantomData,
        }
    }
}

impl<T> fmt::Debug for ListProxy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListProxy")
            .field("id", &self.remote.id)
            .finish_non_exhaustive()
    }
}

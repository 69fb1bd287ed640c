//! What a manager makes beside dicts, lists and queues.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::Remote;
use super::protocol::{LockKind, New};
use super::{
    ArrayProxy, BarrierProxy, BoundedSemaphoreProxy, ConditionProxy,
    EventProxy, JoinableQueueProxy, ListProxy, LockProxy, Manager,
    NamespaceProxy, QueueProxy, RLockProxy, SemaphoreProxy, ValueProxy, list,
};
use crate::error::{Error, Result};
use crate::sync::{MOST_UNITS, check_units};
use crate::sys::point::point;

impl Manager {
    /// A queue for at most `maxsize` items that can be waited for; zero: for
    /// any number. Python: `manager.JoinableQueue(maxsize)`.
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn joinable_queue<T>(
        &self,
        maxsize: usize,
    ) -> Result<JoinableQueueProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        point("Manager.JoinableQueue");
        let remote = self.server.make(New::Queue { maxsize })?;
        Ok(JoinableQueueProxy(QueueProxy::new(remote)))
    }

    /// One item. Python: `manager.Value(typecode, item)`.
    ///
    /// # Errors
    /// As [`Manager::dict_from`].
    pub fn value<T>(&self, item: T) -> Result<ValueProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        point("Manager.Value");
        self.items([item]).map(ValueProxy)
    }

    /// A fixed number of items. Python: `manager.Array(typecode, items)`.
    ///
    /// # Errors
    /// As [`Manager::dict_from`].
    pub fn array<T>(
        &self,
        items: impl IntoIterator<Item = T>,
    ) -> Result<ArrayProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        point("Manager.Array");
        self.items(items).map(ArrayProxy)
    }

    /// A namespace without attributes. Python: `manager.Namespace()`.
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn namespace(&self) -> Result<NamespaceProxy> {
        point("Manager.Namespace");
        let remote = self.server.make(New::Dict(Vec::new()))?;
        Ok(NamespaceProxy { remote })
    }

    /// A free lock. Python: `manager.Lock()`.
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn lock(&self) -> Result<LockProxy> {
        point("Manager.Lock");
        let remote = self.server.make(New::Lock(LockKind::Plain))?;
        Ok(LockProxy { remote })
    }

    /// A free lock that its owner may acquire again. Python:
    /// `manager.RLock()`.
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn rlock(&self) -> Result<RLockProxy> {
        point("Manager.RLock");
        let remote = self.server.make(New::Lock(LockKind::Recursive))?;
        Ok(RLockProxy { remote })
    }

    /// A semaphore with `value` units free. Python:
    /// `manager.Semaphore(value)`.
    ///
    /// # Errors
    /// As [`Manager::dict`]; [`Error::Invalid`] over 2³¹ − 1.
    pub fn semaphore(&self, value: u32) -> Result<SemaphoreProxy> {
        point("Manager.Semaphore");
        let remote = self.units(value, MOST_UNITS)?;
        Ok(SemaphoreProxy { remote })
    }

    /// A semaphore with `value` units free, and never more. Python:
    /// `manager.BoundedSemaphore(value)`.
    ///
    /// # Errors
    /// As [`Manager::semaphore`].
    pub fn bounded_semaphore(
        &self,
        value: u32,
    ) -> Result<BoundedSemaphoreProxy> {
        point("Manager.BoundedSemaphore");
        let remote = self.units(value, value)?;
        Ok(BoundedSemaphoreProxy { remote })
    }

    /// An event that is not set. Python: `manager.Event()`.
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn event(&self) -> Result<EventProxy> {
        point("Manager.Event");
        let remote = self.server.make(New::Event)?;
        Ok(EventProxy { remote })
    }

    /// A condition with a lock of its own, which its owner may acquire again.
    /// Python: `manager.Condition()`.
    ///
    /// # Errors
    /// As [`Manager::dict`].
    pub fn condition(&self) -> Result<ConditionProxy> {
        self.condition_under(None)
    }

    /// A condition under `lock`, which may be that of other conditions, too.
    /// Python: `manager.Condition(lock)`.
    ///
    /// # Errors
    /// As [`Manager::dict`]; [`Error::Invalid`] if it is another manager's.
    pub fn condition_with_lock(
        &self,
        lock: &LockProxy,
    ) -> Result<ConditionProxy> {
        self.condition_under(Some(&lock.remote))
    }

    /// As [`condition_with_lock`](Self::condition_with_lock), for the other
    /// kind of locks.
    ///
    /// ```
    /// # use multiprocessing::Manager;
    /// # fn main() -> multiprocessing::Result<()> {
    /// let manager = Manager::new()?;
    /// let lock = manager.rlock()?;
    /// let condition = manager.condition_with_rlock(&lock)?;
    /// let _guard = lock.guard()?;
    /// condition.notify()
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`condition_with_lock`](Self::condition_with_lock).
    pub fn condition_with_rlock(
        &self,
        lock: &RLockProxy,
    ) -> Result<ConditionProxy> {
        self.condition_under(Some(&lock.remote))
    }

    /// A barrier that lets pass as soon as `parties` wait. Python:
    /// `manager.Barrier(parties)`.
    ///
    /// # Errors
    /// As [`Manager::dict`]; [`Error::Invalid`] for no parties.
    pub fn barrier(&self, parties: usize) -> Result<BarrierProxy> {
        self.barrier_of(parties, None)
    }

    /// A barrier with a time limit for each wait that has none of its own.
    /// Python: `manager.Barrier(parties, timeout=…)`, in seconds.
    ///
    /// # Errors
    /// As [`Manager::barrier`].
    pub fn barrier_with_timeout(
        &self,
        parties: usize,
        limit: Duration,
    ) -> Result<BarrierProxy> {
        self.barrier_of(parties, Some(limit))
    }

    fn items<T>(
        &self,
        items: impl IntoIterator<Item = T>,
    ) -> Result<ListProxy<T>>
    where
        T: Serialize + DeserializeOwned,
    {
        let items = list::encoded(items)?;
        self.server.make(New::List(items)).map(ListProxy::new)
    }

    fn units(&self, units: u32, bound: u32) -> Result<Remote> {
        check_units(units)?;
        self.server.make(New::Semaphore { units, bound })
    }

    fn condition_under(&self, lock: Option<&Remote>) -> Result<ConditionProxy> {
        point("Manager.Condition");
        let identity = self.server.identity();
        if lock.is_some_and(|lock| lock.server.identity() != identity) {
            return Err(Error::invalid(
                "a condition and its lock must be of the same manager",
            ));
        }
        let lock = lock.map(|lock| lock.id);
        let remote = self.server.make(New::Condition { lock })?;
        Ok(ConditionProxy { remote })
    }

    fn barrier_of(
        &self,
        parties: usize,
        limit: Option<Duration>,
    ) -> Result<BarrierProxy> {
        point("Manager.Barrier");
        if parties == 0 {
            return Err(Error::invalid(
                "a barrier of 0 parties: there is nobody to wait for",
            ));
        }
        let remote = self.server.make(New::Barrier { parties, limit })?;
        Ok(BarrierProxy { remote })
    }
}

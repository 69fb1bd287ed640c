//! All that a manager holds, as programs see it that reach it by its address.

use multiprocessing::{
    ArrayProxy, BarrierProxy, ConditionProxy, Error, EventProxy,
    JoinableQueueProxy, LockProxy, NamespaceProxy, RLockProxy, RemoteManager,
    SemaphoreProxy, ValueProxy,
};

use crate::harness::{Test, list};
use crate::manager_remote::{KEY, address, connected, served};
use crate::support::{
    SOON, eventually, in_child, killed, sleep_for_ever, started,
};

pub(crate) const TESTS: &[Test] = list![
    b203_all_kinds_are_found_by_their_names,
    b203_a_lock_whose_owner_came_by_the_address_is_told_of_its_death,
    b210_what_was_published_stays,
];

fn b203_all_kinds_are_found_by_their_names() {
    let manager = served(crate::connection::tcp());
    macro_rules! publish {
        ($($name:literal: $proxy:expr),* $(,)?) => {$(
            let proxy = $proxy.expect("there is room");
            manager.publish($name, &proxy).expect("it is of this manager");
        )*};
    }
    publish! {
        "lock": manager.lock(), "rlock": manager.rlock(),
        "event": manager.event(), "condition": manager.condition(),
        "semaphore": manager.semaphore(2), "barrier": manager.barrier(1),
        "namespace": manager.namespace(), "value": manager.value(7),
        "array": manager.array([1, 2]),
        "tasks": manager.joinable_queue::<u32>(0),
    };
    let place = address(&manager);
    let exitcode = in_child(move || -> multiprocessing::Result<()> {
        let remote = RemoteManager::connect(place, KEY)?;
        assert!(remote.find::<LockProxy>("lock")?.try_acquire()?);
        remote.find::<RLockProxy>("rlock")?.acquire()?;
        remote.find::<EventProxy>("event")?.set()?;
        let condition: ConditionProxy = remote.find("condition")?;
        drop(condition.guard()?);
        let semaphore: SemaphoreProxy = remote.find("semaphore")?;
        assert_eq!(semaphore.value()?, 2);
        assert_eq!(remote.find::<BarrierProxy>("barrier")?.wait()?, 0);
        let namespace: NamespaceProxy = remote.find("namespace")?;
        namespace.set("x", 1)?;
        let value: ValueProxy<i32> = remote.find("value")?;
        value.set(value.get()? + 1)?;
        let array: ArrayProxy<i32> = remote.find("array")?;
        assert_eq!(array.slice(..)?, [1, 2]);
        let tasks: JoinableQueueProxy<u32> = remote.find("tasks")?;
        tasks.join()
    });
    assert_eq!(exitcode, 0);
    let found = connected(address(&manager));
    let value: ValueProxy<i32> = found.find("value").expect("it is there");
    assert_eq!(value.get().ok(), Some(8));
    let event: EventProxy = found.find("event").expect("it is there");
    assert_eq!(event.is_set().ok(), Some(true));
}

fn b203_a_lock_whose_owner_came_by_the_address_is_told_of_its_death() {
    let manager = served(crate::connection::tcp());
    let lock = manager.lock().expect("there is room");
    manager
        .publish("lock", &lock)
        .expect("it is of this manager");
    let address = address(&manager);
    let owner = started(move || -> multiprocessing::Result<()> {
        let remote = RemoteManager::connect(address, KEY)?;
        remote.find::<LockProxy>("lock")?.acquire()?;
        sleep_for_ever()
    });
    eventually(SOON, || lock.locked().expect("it serves"));
    killed(&owner);
    let told = lock.acquire();
    assert!(matches!(told, Err(Error::OwnerDied { .. })), "{told:?}");
    lock.acquire().expect("it is free again");
}

fn b210_what_was_published_stays() {
    let manager = served(crate::connection::tcp());
    let queue = manager.queue::<u32>(0).expect("there is room");
    manager
        .publish("queue", &queue)
        .expect("it is of this manager");
    queue.put(7).expect("there is room");
    drop(queue);
    assert_eq!(manager.number_of_objects().ok(), Some(1));
    let queue = connected(address(&manager)).queue::<u32>("queue");
    assert_eq!(queue.expect("it is there").get().ok(), Some(7));
}

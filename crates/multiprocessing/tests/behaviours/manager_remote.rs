//! A manager that other programs reach by its address.

use std::{path::Path, thread};

use multiprocessing::connection::Address;
use multiprocessing::{
    DictProxy, Error, ListProxy, Manager, ObjectProxy, Process, QueueProxy,
    RemoteManager, Result,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Serialize, Serializer};

use crate::connection::{enter_scratch, tcp};
use crate::harness::{Test, list};
use crate::procfs::{descriptors_at_rest, descriptors_of};
use crate::support::{SOON, eventually, joined, program, started, tell, told};

pub(crate) const TESTS: &[Test] = list![
    b203_workers_of_another_program_get_two_queues_by_name,
    b203_each_kind_is_found_by_its_name,
    b203_a_wrong_key_name_or_kind_is_an_error_of_its_own,
    b203_an_item_that_cannot_be_encoded_is_an_error,
    b203_threads_and_forked_children_have_connections_of_their_own,
    b203_a_proxy_in_a_published_dict_reaches_who_has_connected,
    b203_a_proxy_travels_among_those_who_know_the_server,
    an_object_of_another_manager_is_not_published,
    a_listener_that_is_no_manager_is_an_error,
    a_key_is_not_shown_by_a_manager,
    who_drops_it_leaves_no_connection,
];

pub(crate) const PROGRAMS: &[Test] = list![work_for_a_master];

pub(crate) const KEY: &str = "abc";
const ADDRESS: &str = "MASTER";

#[track_caller]
pub(crate) fn served(address: impl Into<Address>) -> Manager {
    let manager = Manager::builder().address(address).authkey(KEY).build();
    manager.expect("the address is free")
}

/// A manager of each kind of address.
pub(crate) fn managers() -> [Manager; 3] {
    let private = Manager::builder().private_address().authkey(KEY).build();
    let private = private.expect("there is room for a directory");
    [private, served(Path::new("here")), served(tcp())]
}

#[track_caller]
pub(crate) fn address(manager: &Manager) -> Address {
    manager.address().expect("it was given one").clone()
}

#[track_caller]
pub(crate) fn connected(address: Address) -> RemoteManager {
    RemoteManager::connect(address, KEY).expect("it serves there")
}

#[track_caller]
pub(crate) fn ok(outcome: impl FnOnce() -> Result<()>) {
    outcome().expect("the server answers");
}

/// A path or a port, as it was shown.
fn parsed(address: &str) -> Address {
    match address.parse() {
        Ok(port) => Address::Tcp(port),
        Err(_) => Address::Unix(address.into()),
    }
}

/// A process from before the manager: it inherits nothing of it, and is told
/// the address.
fn stranger<'a>(
    work: impl FnOnce(&RemoteManager) -> Result<()> + 'a,
) -> Process<'a> {
    started(move || {
        let address: String = told("address");
        work(&RemoteManager::connect(parsed(&address), KEY)?)
    })
}

pub(crate) fn send(signal: Signal, pid: i32) {
    kill(Pid::from_raw(pid), signal).expect("the process is there");
}

fn work_for_a_master() {
    ok(|| {
        let address = std::env::var(ADDRESS).expect("the test sets it");
        let remote = RemoteManager::connect(parsed(&address), KEY)?;
        let tasks: QueueProxy<Option<u64>> = remote.queue("get_task_queue")?;
        let results: QueueProxy<(u64, u64)> =
            remote.queue("get_result_queue")?;
        while let Some(task) = tasks.get()? {
            results.put((task, task * task))?;
        }
        Ok(())
    });
}

fn b203_workers_of_another_program_get_two_queues_by_name() {
    enter_scratch();
    for manager in managers() {
        ok(|| {
            let tasks = manager.queue::<Option<u64>>(0)?;
            let results = manager.queue::<(u64, u64)>(0)?;
            manager.publish("get_task_queue", &tasks)?;
            manager.publish("get_result_queue", &results)?;
            (0..20).try_for_each(|task| tasks.put(Some(task)))?;
            let worker = || {
                program("work_for_a_master")
                    .env(ADDRESS, address(&manager).to_string())
                    .spawn()
                    .expect("there is room for a process")
            };
            let mut workers = [worker(), worker()];
            let done = (0..20).map(|_| results.get());
            let mut done = done.collect::<Result<Vec<_>>>()?;
            done.sort_unstable();
            assert!(done.into_iter().eq((0..20).map(|n| (n, n * n))));
            (0..2).try_for_each(|_| tasks.put(None))?;
            for worker in &mut workers {
                let status = worker.wait().expect("it is our child");
                assert!(status.success(), "{status}");
            }
            Ok(())
        });
    }
}

fn b203_each_kind_is_found_by_its_name() {
    let child = stranger(|remote| {
        let dict: DictProxy<String, u32> = remote.dict("dict")?;
        let list: ListProxy<u32> = remote.list("list")?;
        let queue: QueueProxy<u32> = remote.find("queue")?;
        dict.set("two".into(), list.get(1)?)?;
        list.append(3)?;
        queue.put(4)?;
        assert_eq!((dict.len()?, list.len()?, queue.qsize()?), (2, 3, 1));
        Ok(())
    });
    let manager = served(tcp());
    ok(|| {
        let dict = manager.dict_from([("one".to_string(), 1_u32)])?;
        let list = manager.list_from([1_u32, 2])?;
        manager.publish("queue", &list)?;
        let queue = manager.queue::<u32>(0)?;
        manager.publish("dict", &dict)?;
        manager.publish("list", &list)?;
        // In the place of the list.
        manager.publish("queue", &queue)?;
        tell("address", address(&manager));
        assert_eq!(joined(&child), 0);
        assert_eq!(dict.get("two")?, Some(2));
        assert_eq!((list.to_vec()?, queue.try_get()?), (vec![1, 2, 3], 4));
        Ok(())
    });
}

fn b203_a_wrong_key_name_or_kind_is_an_error_of_its_own() {
    enter_scratch();
    for manager in managers() {
        ok(|| {
            manager.publish("list", &manager.list::<u8>()?)?;
            let address = address(&manager);
            let refused = RemoteManager::connect(&address, "abcd");
            assert!(
                matches!(refused, Err(Error::AuthenticationFailed { .. })),
                "{refused:?}"
            );
            let remote = connected(address);
            match remote.queue::<u8>("queue") {
                Err(Error::NotPublished { name }) => assert_eq!(name, "queue"),
                other => panic!("{other:?}"),
            }
            match remote.queue::<u8>("list") {
                Err(Error::WrongKind {
                    name,
                    found,
                    wanted,
                }) => {
                    let kinds = ["ListProxy<u8>", "QueueProxy<u8>"];
                    assert_eq!(name, "list");
                    assert_eq!([found, wanted], kinds);
                }
                other => panic!("{other:?}"),
            }
            let other = remote.list::<Option<i8>>("list");
            match other {
                Err(Error::WrongKind { wanted, .. }) => {
                    assert_eq!(wanted, "ListProxy<Option<i8>>");
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(remote.list::<u8>("list")?.len()?, 0);
            Ok(())
        });
    }
}

struct Unspeakable;

impl Serialize for Unspeakable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it has no words"))
    }
}

impl<'de> serde::Deserialize<'de> for Unspeakable {
    fn deserialize<D: serde::Deserializer<'de>>(
        _: D,
    ) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

fn b203_an_item_that_cannot_be_encoded_is_an_error() {
    let manager = served(tcp());
    ok(|| {
        manager.publish("queue", &manager.queue::<Unspeakable>(0)?)?;
        let remote = connected(address(&manager));
        let queue: QueueProxy<Unspeakable> = remote.queue("queue")?;
        let refused = queue.put(Unspeakable);
        assert!(matches!(refused, Err(Error::Encode { .. })), "{refused:?}");
        assert_eq!(queue.qsize()?, 0);
        Ok(())
    });
}

fn b203_threads_and_forked_children_have_connections_of_their_own() {
    enter_scratch();
    for manager in managers() {
        ok(|| {
            manager.publish("queue", &manager.queue::<u32>(0)?)?;
            let remote = connected(address(&manager));
            let queue: QueueProxy<u32> = remote.queue("queue")?;
            drop(remote);
            let child =
                started(|| (0..100).try_for_each(|_| queue.put(queue.get()?)));
            for number in 0..100 {
                queue.put(number)?;
                assert!(queue.get_timeout(SOON)? < 100);
            }
            // It waits for one more, or has none any more.
            (0..100).try_for_each(|_| queue.put(0))?;
            assert_eq!(joined(&child), 0);
            while queue.try_get().is_ok() {}
            thread::scope(|scope| {
                let waiter = scope.spawn(|| queue.get());
                // With one connection for both, this would wait for the get.
                assert_eq!(queue.qsize()?, 0);
                queue.put(1)?;
                assert_eq!(waiter.join().expect("no panic")?, 1);
                Ok(())
            })
        });
    }
}

fn b203_a_proxy_in_a_published_dict_reaches_who_has_connected() {
    let child = stranger(|remote| {
        let dict: DictProxy<char, QueueProxy<u32>> = remote.dict("dict")?;
        let queue = dict.get(&'q')?.expect("it was put there");
        queue.put(queue.get()? + 1)?;
        // Back it goes the same way.
        dict.set('r', queue)?;

        let own: DictProxy<char, ObjectProxy<u32>> = remote.dict("own")?;
        let refused = own.get(&'o');
        assert!(matches!(refused, Err(Error::Decode { .. })), "{refused:?}");
        Ok(())
    });
    let manager = served(tcp());
    ok(|| {
        let queue = manager.queue::<u32>(0)?;
        queue.put(6)?;
        let dict = manager.dict_from([('q', queue)])?;
        manager.publish("dict", &dict)?;
        let object = manager.object(|n: u32| n, 0)?;
        manager.publish("own", &manager.dict_from([('o', object)])?)?;
        tell("address", address(&manager));
        assert_eq!(joined(&child), 0);
        let queue = dict.get(&'r')?.expect("the child has put it there");
        assert_eq!(queue.try_get()?, 7);
        Ok(())
    });
}

fn b203_a_proxy_travels_among_those_who_know_the_server() {
    // Two processes that have nothing of the manager, and a way between them.
    let (ours, theirs) = multiprocessing::Pipe::duplex().expect("a pipe");
    let sender = stranger(move |remote| {
        let queue: QueueProxy<u32> = remote.queue("queue")?;
        ours.send(&queue)?;
        ours.send(&queue)
    });
    let receiver = stranger(move |remote| {
        theirs.recv::<QueueProxy<u32>>()?.put(1)?;
        drop(remote.clone());
        theirs.recv::<QueueProxy<u32>>()?.put(2)
    });
    let before = started(|| -> Result<()> {
        let proxies = connected(parsed(&told::<String>("address")));
        drop(proxies);
        // It has connected, but does not know the server any more.
        let bytes = std::fs::read(crate::support::scratch("bytes"));
        let bytes = bytes.expect("it was told before the address");
        let (from, to) = multiprocessing::Pipe::one_way()?;
        to.send_bytes(&bytes)?;
        match from.recv::<QueueProxy<u32>>() {
            Err(Error::Decode { reason }) => {
                assert!(reason.contains("nor connected with"), "{reason}");
                Ok(())
            }
            other => panic!("{other:?}"),
        }
    });
    let manager = served(tcp());
    ok(|| {
        let queue = manager.queue::<u32>(0)?;
        manager.publish("queue", &queue)?;
        let (from, to) = multiprocessing::Pipe::one_way()?;
        to.send(&queue)?;
        let bytes = crate::support::scratch("bytes");
        std::fs::write(bytes, from.recv_bytes()?).expect("there is room");
        tell("address", address(&manager));
        for child in [sender, receiver, before] {
            assert_eq!(joined(&child), 0);
        }
        assert_eq!((queue.try_get()?, queue.try_get()?), (1, 2));
        Ok(())
    });
}

fn an_object_of_another_manager_is_not_published() {
    ok(|| {
        let (one, other) = (Manager::new()?, Manager::new()?);
        let refused = one.publish("list", &other.list::<u8>()?);
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        Ok(())
    });
}

fn a_listener_that_is_no_manager_is_an_error() {
    use multiprocessing::connection::Listener;
    let listener = Listener::bind(tcp()).expect("a free port");
    let listener = listener.with_authkey(KEY);
    let address = listener.address().clone();
    let other_version = &b"\0\x050.0.0\x01"[..];
    for answer in [None, Some(&b"\0nonsense"[..]), Some(other_version)] {
        let end = thread::scope(|scope| {
            let address = address.clone();
            let client =
                scope.spawn(move || RemoteManager::connect(address, KEY));
            let connection = listener.accept().expect("it knows the key");
            connection.recv_bytes().expect("it asks");
            if let Some(answer) = answer {
                connection.send_bytes(answer).expect("it listens");
            }
            drop(connection);
            client.join().expect("no panic")
        });
        match (answer, end.map(drop)) {
            (None, Err(Error::Disconnected))
            | (Some(b"\0nonsense"), Err(Error::Decode { .. })) => {}
            (Some(_), Err(Error::Invalid { what })) => {
                assert!(what.contains("of version 0.0.0"), "{what}");
            }
            other => panic!("{other:?}"),
        }
    }
}

fn who_drops_it_leaves_no_connection() {
    let manager = served(tcp());
    let list = manager.list::<u8>().expect("a list");
    manager.publish("list", &list).expect("it answers");
    let before = descriptors_at_rest(manager.pid());
    let remote = connected(address(&manager));
    let its: ListProxy<u8> = remote.list("list").expect("it is there");
    drop(remote);
    assert!(its.is_empty().expect("it answers"));
    assert!(descriptors_of(manager.pid()) > before);
    drop(its);
    eventually(SOON, || descriptors_of(manager.pid()) == before);
}

fn a_key_is_not_shown_by_a_manager() {
    let builder = Manager::builder().address(tcp()).authkey("XYZ");
    let mut texts = vec![format!("{builder:?}")];
    let manager = builder.build().expect("a free port");
    let remote = RemoteManager::connect(address(&manager), "XYZ");
    assert!(remote.is_ok());
    texts.extend([format!("{manager:?}"), format!("{remote:?}")]);
    for text in &texts {
        assert!(!text.contains("XYZ") && !text.contains("88, 89"), "{text}");
    }
}

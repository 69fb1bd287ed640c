//! Clients and servers killed at random, in the middle of whatever they say.

use std::path::Path;
use std::time::Duration;

use multiprocessing::connection::Address;
use multiprocessing::{
    Error, ListProxy, Manager, Process, QueueProxy, RawValue, RemoteManager,
    Result,
};
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::connection::{enter_scratch, tcp};
use crate::harness::{Test, list};
use crate::items::{Item, random_len};
use crate::manager_remote::{KEY, address, connected, ok, send, served};
use crate::pipe_end::disconnected;
use crate::procfs::{descriptors_at_rest, descriptors_of};
use crate::support::{
    SOON, eventually, joined, killed, seed, sleep_for_ever, spin, started,
    tell, told, victim,
};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b203_clients_killed_at_random_disturb_nobody,
    b203_a_remote_client_killed_in_get_takes_no_item,
    b203_a_killed_remote_client_may_leave_a_child_behind,
    b212_servers_killed_at_random_are_an_error_to_all,
];

/// How often each test strikes; more by `MP_ROUNDS`.
fn rounds() -> usize {
    let given = std::env::var("MP_ROUNDS").ok();
    given.map_or(8, |it| it.parse().expect("MP_ROUNDS is a number"))
}

fn addresses() -> [Address; 2] {
    [Path::new("here").into(), tcp()]
}

/// Does what a client may do, until it is killed.
fn work(address: &Address, mut random: StdRng) -> Result<()> {
    let remote = RemoteManager::connect(address, KEY)?;
    let items: ListProxy<Item> = remote.list("items")?;
    let queue: QueueProxy<Item> = remote.queue("queue")?;
    for number in 0.. {
        let item = Item::new(0, number, random_len(&mut random));
        match random.random_range(0..5) {
            0 => items.append(item)?,
            1 => queue.put(item)?,
            2 => match queue.try_get() {
                Err(Error::Empty) => {}
                item => item?.check(),
            },
            3 => drop(remote.list::<Item>("items")?.len()?),
            // A new connection each time.
            _ => drop(RemoteManager::connect(address, KEY)?),
        }
    }
    Ok(())
}

fn b203_clients_killed_at_random_disturb_nobody() {
    enter_scratch();
    let mut random = StdRng::seed_from_u64(seed());
    for place in addresses() {
        let manager = served(place);
        let items = manager.list::<Item>().expect("a list");
        let queue = manager.queue::<Item>(0).expect("a queue");
        ok(|| {
            manager.publish("items", &items)?;
            manager.publish("queue", &queue)
        });
        let address = address(&manager);
        let before = descriptors_at_rest(manager.pid());
        for round in 0..rounds() {
            let its = StdRng::seed_from_u64(random.random());
            let client = victim(&mut random, || work(&address, its));
            spin(&mut random, 2_000_000);
            killed(&client);
            ok(|| items.append(Item::new(1, round, 1_000)));
            // All that is there is whole.
            let there = items.to_vec().expect("the server answers");
            there.iter().for_each(Item::check);
            let ours = there.iter().filter(|item| item.producer == 1);
            assert_eq!(ours.count(), 1);
            items.clear().expect("the server answers");
            while let Ok(item) = queue.try_get() {
                item.check();
            }
        }
        eventually(SOON, || descriptors_of(manager.pid()) == before);
        manager.shutdown().expect("it ends");
        assert_eq!(manager.exitcode().expect("ours"), Some(0));
    }
}

fn b203_a_remote_client_killed_in_get_takes_no_item() {
    enter_scratch();
    for place in addresses() {
        let manager = served(place);
        let queue = manager.queue::<u32>(1).expect("a queue");
        manager.publish("queue", &queue).expect("it answers");
        let before = descriptors_at_rest(manager.pid());
        let address = address(&manager);
        let over_tcp = matches!(address, Address::Tcp(_));
        let child = started(|| {
            let remote = connected(address);
            let queue: QueueProxy<u32> = remote.queue("queue").expect("there");
            tell("waits", 1);
            queue.get().expect("an item");
        });
        told::<u8>("waits");
        once_in(libc::SYS_recvmsg, &child);
        killed(&child);
        if over_tcp {
            // The end of a connection is a packet, and takes its time.
            eventually(SOON, || descriptors_of(manager.pid()) == before);
        }
        queue.put(1).expect("there is room");
        assert_eq!(queue.get_timeout(SOON).expect("nobody took it"), 1);
        std::fs::remove_file(crate::support::scratch("waits")).expect("ours");
    }
}

fn b203_a_killed_remote_client_may_leave_a_child_behind() {
    let manager = served(tcp());
    let queue = manager.queue::<u32>(1).expect("a queue");
    manager.publish("queue", &queue).expect("it answers");
    let address = address(&manager);
    let child = started(|| {
        let remote = connected(address);
        let queue: QueueProxy<u32> = remote.queue("queue").expect("there");
        // It would have a copy of the connection that this process has by now.
        let heir = Process::new(|| {
            tell("heir", std::process::id());
            sleep_for_ever()
        })
        .outliving_parent();
        heir.start().expect("there is room");
        told::<i32>("heir");
        queue.get().expect("an item");
    });
    let heir = told("heir");
    once_in(libc::SYS_recvmsg, &child);
    killed(&child);
    queue.put(1).expect("there is room");
    assert_eq!(queue.get_timeout(SOON).expect("nobody took it"), 1);
    send(Signal::SIGKILL, heir);
}

/// Reads items until the server is gone; how it ended.
fn read(items: &ListProxy<Item>, begun: &RawValue<u32>) -> Error {
    for index in 0.. {
        begun.set(1);
        match items.get(index % 3) {
            Ok(item) => item.check(),
            Err(error) => return error,
        }
    }
    Error::Empty
}

fn b212_servers_killed_at_random_are_an_error_to_all() {
    enter_scratch();
    let mut random = StdRng::seed_from_u64(seed());
    for place in addresses() {
        let mut place = place;
        for _ in 0..rounds() {
            // At the address of the one that was killed before.
            let manager: Manager = served(&place);
            place = address(&manager);
            let items = (0..3).map(|n| Item::new(2, n, 300 * 1024));
            let items = manager.list_from(items).expect("a list");
            manager.publish("items", &items).expect("it answers");
            let begun = [0; 2].map(|_| RawValue::new(0).expect("memory"));
            let client = |begun: &RawValue<u32>| {
                let (place, begun) = (place.clone(), begun.clone());
                started(move || {
                    let remote = connected(place);
                    let items = remote.list("items").expect("it is there");
                    let end = read(&items, &begun);
                    assert!(matches!(end, Error::Disconnected), "{end:?}");
                    disconnected(items.len());
                })
            };
            let clients = begun.each_ref().map(client);
            eventually(SOON, || begun.iter().all(|it| it.get() == 1));
            spin(&mut random, 1_000_000);
            send(Signal::SIGKILL, manager.pid());
            for client in &clients {
                let limit = Duration::from_secs(20);
                assert!(client.join_timeout(limit).expect("ours"), "a hang");
                assert_eq!(joined(client), 0);
            }
            manager.join().expect("ours");
            assert_eq!(manager.exitcode().expect("ours"), Some(-9));
            disconnected(items.get(0));
        }
    }
}

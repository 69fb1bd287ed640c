//! Where a process may have few descriptors (`RLIMIT_NOFILE`).

use multiprocessing::connection::{Address, Listener};
use multiprocessing::{Error, Manager, Pool, Result, connection};
use nix::sys::resource::Resource::RLIMIT_NOFILE;

use crate::harness::{Test, list};
use crate::pipe::one_way;
use crate::pool_tasks::square;
use crate::process_resources::{limited, next_descriptor};
use crate::procfs::{children, open_descriptors};
use crate::shortage::{Call, with_limit};
use crate::shortage_calls::{CONNECTED, SHARED, STARTING, connect};
use crate::support::{
    SOON, eventually, in_child, killed, scratch, sleep_for_ever, started,
};

pub(crate) const TESTS: &[Test] = list![
    what_is_shared_is_made_or_names_the_limit,
    what_is_connected_is_made_or_names_the_limit,
    what_starts_processes_is_made_or_names_the_limit,
    who_connects_does_or_names_the_limit,
    who_accepts_does_or_names_the_limit,
    a_manager_that_was_made_with_little_room_serves,
    a_server_without_room_tells_its_clients,
    a_wait_for_more_than_the_limit_names_it,
    a_pool_that_may_not_wait_for_its_workers_is_broken,
];

#[track_caller]
fn with_few_descriptors(calls: &[(&str, Call<'_>)]) {
    let rooms: Vec<_> = (0..100).collect();
    let words = ["RLIMIT_NOFILE", "ulimit -n"];
    let base = || next_descriptor() as u64;
    with_limit(RLIMIT_NOFILE, base, &words, &rooms, |scarce| {
        scarce.try_each(calls);
    });
}

fn what_is_shared_is_made_or_names_the_limit() {
    with_few_descriptors(SHARED);
}

fn what_is_connected_is_made_or_names_the_limit() {
    with_few_descriptors(CONNECTED);
}

fn what_starts_processes_is_made_or_names_the_limit() {
    with_few_descriptors(STARTING);
}

fn addresses() -> [Address; 2] {
    let localhost = std::net::Ipv4Addr::LOCALHOST;
    [scratch("here").into(), Address::Tcp((localhost, 0).into())]
}

fn who_connects_does_or_names_the_limit() {
    for address in addresses() {
        let listener = Listener::bind(address).expect("nobody is there");
        let server = started(|| {
            loop {
                listener.accept().expect("there is room");
            }
        });
        with_few_descriptors(&[("connect", &|| connect(&listener))]);
        killed(&server);
    }
}

fn who_accepts_does_or_names_the_limit() {
    for address in addresses() {
        let listener = Listener::bind(address).expect("nobody is there");
        let before = open_descriptors();
        let clients = started(|| {
            loop {
                connect(&listener).expect("somebody accepts");
            }
        });
        let mut refusals = 0;
        for room in 0.. {
            let room = next_descriptor() + room;
            match limited(RLIMIT_NOFILE, room, || listener.accept()) {
                Ok(_) => break,
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.contains("RLIMIT_NOFILE"), "{text}");
                }
            }
            listener.accept().expect("there is room again");
            refusals += 1;
        }
        assert!(refusals > 0);
        killed(&clients);
        drop(clients);
        drop(listener);
        assert_eq!(open_descriptors(), before - 1);
    }
}

/// The server has the limit of the moment in which it was started.
fn manager_made_with(room: usize) -> Result<Manager> {
    let room = next_descriptor() + room;
    limited(RLIMIT_NOFILE, room, Manager::new)
}

fn a_manager_that_was_made_with_little_room_serves() {
    let made_and_used = |room| {
        let manager = manager_made_with(room)?;
        assert_eq!(manager.list_from([1, 2])?.len()?, 2);
        Ok(())
    };
    let mut room = 0;
    while let Err::<_, Error>(error) = made_and_used(room) {
        let text = error.to_string();
        assert!(text.contains("RLIMIT_NOFILE"), "room for {room}: {text}");
        room += 1;
    }
    assert!(room > 0);
}

fn a_server_without_room_tells_its_clients() {
    let manager = manager_made_with(16).expect("there is room for it");
    let list = manager.list_from([1, 2]).expect("it serves the first");
    let mut clients = Vec::new();
    let refused = loop {
        let (reader, writer) = one_way();
        let list = &list;
        clients.push(started(move || {
            let text = list.len().map_err(|error| error.to_string()).err();
            writer.send(&text).expect("it is read");
            sleep_for_ever();
        }));
        if let Some(text) = reader.recv::<Option<String>>().expect("it comes") {
            break text;
        }
        assert!(clients.len() < 20, "there cannot be room for so many");
    };
    assert!(refused.contains("RLIMIT_NOFILE"), "{refused}");
    assert!(clients.len() > 1);
    assert_eq!(list.len().ok(), Some(2));
    clients.iter().for_each(killed);
    eventually(SOON, || in_child(|| list.len().map(drop)) == 0);
}

fn a_wait_for_more_than_the_limit_names_it() {
    let exitcode = in_child(|| {
        let pipes = (0..20).map(|_| one_way());
        let (readers, writers): (Vec<_>, Vec<_>) = pipes.unzip();
        writers[19].send(&1).expect("it is read");
        let refused = limited(RLIMIT_NOFILE, 10, || connection::wait(&readers));
        let text = refused.expect_err("20 are too many").to_string();
        assert!(text.contains("RLIMIT_NOFILE"), "{text}");
        assert_eq!(connection::wait(&readers).ok(), Some(vec![19]));
    });
    assert_eq!(exitcode, 0);
}

fn a_pool_that_may_not_wait_for_its_workers_is_broken() {
    let exitcode = in_child(|| {
        let pool = Pool::new(4).expect("there is room");
        assert_eq!(pool.apply(square, 4).ok(), Some(16));
        let ask = || pool.map_async(square, 0..100)?.get();
        // Until the pool's thread has to wait.
        let errors = || (0..).find_map(|_| ask().err());
        let error = limited(RLIMIT_NOFILE, 5, errors);
        let Some(Error::PoolBroken { reason }) = error else {
            panic!("{error:?}");
        };
        assert!(reason.contains("RLIMIT_NOFILE"), "{reason}");
        drop(pool);
        assert!(children().is_empty());
        let pool = Pool::new(4).expect("there is room again");
        assert_eq!(pool.apply(square, 5).ok(), Some(25));
    });
    assert_eq!(exitcode, 0);
}

//! Messages between clients and a manager's server: what lies in shared memory,
//! and what does not.

use std::cell::OnceCell;
use std::sync::Barrier;
use std::thread;

use multiprocessing::{DictProxy, Manager, Result};

use crate::harness::{Test, list};
use crate::manager_sync::ok;
use crate::mounts::{self, tmpfs};
use crate::support::{in_child, started};

pub(crate) const TESTS: &[Test] = list![
    long_and_short_messages_take_turns,
    objects_are_made_between_other_calls,
    more_clients_than_there_is_memory_for_are_served,
    clients_come_and_go,
    a_thread_at_its_end_may_still_call,
    without_memory_all_goes_by_sockets unless mounts::lacks,
];

/// Of none, of a word and more, about as much as a seat has room for, more.
const LENGTHS: [usize; 8] = [0, 1, 7, 60, 1_960, 6_090, 20_000, 300_000];

fn text(len: usize) -> String {
    "0123456".repeat(len / 7 + 1)[..len].to_string()
}

fn long_and_short_messages_take_turns() {
    ok(|| {
        let manager = Manager::new()?;
        let (dict, queue) = (manager.dict()?, manager.queue(0)?);
        for len in (0..60).flat_map(|n| LENGTHS.map(|len| len + n)) {
            dict.set(0, text(len))?;
            assert_eq!(dict.get(&0)?, Some(text(len)), "{len}");
            queue.put(text(len))?;
            assert_eq!(dict.len()?, 1);
            assert_eq!(queue.get()?, text(len), "{len}");
        }
        Ok(())
    });
}

fn objects_are_made_between_other_calls() {
    ok(|| {
        let manager = Manager::new()?;
        let numbers = manager.list()?;
        for n in 0..100 {
            // Its tether goes by the socket.
            let more = manager.list_from([n])?;
            numbers.append(more.get(0)?)?;
        }
        assert_eq!(numbers.to_vec()?, (0..100).collect::<Vec<_>>());
        assert_eq!(manager.number_of_objects()?, 1);
        Ok(())
    });
}

/// All have a connection at once.
fn together(manager: &Manager, clients: u32) -> Result<()> {
    let (dict, gate) = (manager.dict()?, Barrier::new(clients as usize));
    let client = |own: u32| -> Result<()> {
        dict.set(own, 0)?;
        gate.wait();
        for n in 1..=50 {
            dict.set(own, n)?;
            assert_eq!(dict.get(&own)?, Some(n));
        }
        gate.wait();
        Ok(())
    };
    thread::scope(|scope| {
        let client = &client;
        let clients = (0..clients).map(|own| scope.spawn(move || client(own)));
        let clients: Vec<_> = clients.collect();
        clients
            .into_iter()
            .try_for_each(|it| it.join().expect("no panic"))
    })?;
    let of_all = dict.values()?;
    assert_eq!(of_all, vec![50; clients as usize]);
    Ok(())
}

fn more_clients_than_there_is_memory_for_are_served() {
    ok(|| {
        let manager = Manager::new()?;
        together(&manager, 50)?;
        together(&manager, 50)
    });
}

fn clients_come_and_go() {
    ok(|| {
        let manager = Manager::new()?;
        let list = manager.list()?;
        for n in 0..100 {
            let child = started(|| list.append(n));
            let threads = thread::scope(|scope| {
                scope.spawn(|| list.append(n)).join().expect("no panic")
            });
            threads.and_then(|()| child.join())?;
        }
        let mut all = list.to_vec()?;
        all.sort_unstable();
        assert!(all.into_iter().eq((0..200).map(|n| n / 2)));
        Ok(())
    });
}

fn without_memory_all_goes_by_sockets() {
    let exitcode = in_child(|| {
        tmpfs("/dev/shm", "size=16k");
        ok(|| together(&Manager::new()?, 3));
    });
    assert_eq!(exitcode, 0);
}

/// In the destructor of what it keeps for itself.
fn a_thread_at_its_end_may_still_call() {
    struct Last(DictProxy<u32, String>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.set(1, text(5_000)).expect("the manager lives");
        }
    }
    thread_local! {
        static LAST: OnceCell<Last> = const { OnceCell::new() };
    }
    ok(|| {
        let manager = Manager::new()?;
        let dict = manager.dict()?;
        let theirs = dict.clone();
        let caller = thread::spawn(move || {
            // Before its first call, so that it is dropped last.
            LAST.with(|it| drop(it.set(Last(theirs.clone()))));
            theirs.set(0, text(9)).expect("the manager lives");
        });
        caller.join().expect("it does not panic");
        assert_eq!(dict.get(&0)?, Some(text(9)));
        assert_eq!(dict.get(&1)?, Some(text(5_000)));
        Ok(())
    });
}

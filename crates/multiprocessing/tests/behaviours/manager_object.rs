//! Objects of one's own types in a manager.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use multiprocessing::connection::Client;
use multiprocessing::{
    Error, ListProxy, Manager, ObjectProxy, Pipe, Pool, Process, Result,
};
use serde::{Deserialize, Serialize, Serializer};

use crate::harness::{Test, list};
use crate::manager_remote::{KEY, address, ok, served};
use crate::pipe_end::disconnected;
use crate::support::{SOON, in_child, joined, started, stderr_of};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b201_methods_change_the_object_in_the_server,
    b201_an_error_that_a_method_returns_comes_back_as_that_error,
    b201_a_panic_is_an_error_with_message_and_place,
    b201_each_call_is_one_step,
    b201_an_object_needs_no_serde_type,
    b201_a_proxy_is_an_item,
    b201_a_proxy_of_another_type_calls_nothing,
    b201_who_comes_by_the_address_calls_nothing,
    a_call_that_cannot_travel_is_an_error,
    a_proxy_of_an_older_manager_is_an_argument,
    a_method_that_ends_the_server_is_an_error,
    a_method_that_waits_stops_no_other_object,
    a_method_may_start_threads,
];

struct Counter {
    pid: u32,
    calls: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum CounterError {
    TooLarge { most: u32 },
}

impl Counter {
    fn new(calls: u32) -> Self {
        let pid = std::process::id();
        Self { pid, calls }
    }

    fn add(&mut self, more: u32) -> u32 {
        assert_eq!(std::process::id(), self.pid);
        self.calls += more;
        self.calls
    }

    fn add_some(&mut self, number: u32) -> Result<u32, CounterError> {
        if number > 10 {
            return Err(CounterError::TooLarge { most: 10 });
        }
        Ok(self.add(number))
    }

    fn fail(&mut self, (): ()) {
        self.calls += 1;
        panic!("after {} calls", self.calls);
    }
}

/// It panics once more when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb");
    }
}

fn manager() -> Manager {
    Manager::new().expect("a server")
}

fn b201_methods_change_the_object_in_the_server() {
    ok(|| {
        let manager = manager();
        let counter = manager.object(Counter::new, 5)?;
        let other = manager.object(Counter::new, 0)?;
        assert_eq!(counter.call(Counter::add, 1)?, 6);
        assert_eq!(in_child(|| counter.call(Counter::add, 2).map(drop)), 0);
        thread::scope(|scope| {
            scope
                .spawn(|| counter.call(Counter::add, 3))
                .join()
                .expect("no panic")
        })?;
        assert_eq!(counter.call(|counter, ()| counter.calls, ())?, 11);
        assert_eq!(other.call(|counter, ()| counter.calls, ())?, 0);
        let pid = counter.call(|counter, ()| counter.pid, ())?;
        assert_eq!(i32::try_from(pid), Ok(manager.pid()));
        Ok(())
    });
}

fn b201_an_error_that_a_method_returns_comes_back_as_that_error() {
    ok(|| {
        let manager = manager();
        let counter = manager.object(Counter::new, 0)?;
        assert_eq!(counter.call(Counter::add_some, 10)?, Ok(10));
        let refused = counter.call(Counter::add_some, 11)?;
        assert_eq!(refused, Err(CounterError::TooLarge { most: 10 }));
        assert_eq!(counter.call(Counter::add_some, 1)?, Ok(11));
        Ok(())
    });
}

#[track_caller]
fn panicked<T>(result: Result<T>) -> String {
    match result.map(drop) {
        Err(Error::MethodPanicked { message }) => message,
        other => panic!("{other:?}"),
    }
}

fn b201_a_panic_is_an_error_with_message_and_place() {
    let (said, exitcode) = stderr_of(|| {
        ok(|| {
            let manager = manager();
            let counter = manager.object(Counter::new, 0)?;
            let message = panicked(counter.call(Counter::fail, ()));
            let place = concat!(" (at ", file!(), ":");
            assert!(message.starts_with("after 1 calls"), "{message}");
            assert!(message.contains(place), "{message}");
            // What it did before stays, and the object is of use to others.
            assert_eq!(in_child(|| counter.call(Counter::add, 1).map(drop)), 0);
            assert_eq!(counter.call(|counter, ()| counter.calls, ())?, 2);

            let made = manager.object(|n: u32| [0; 3][n as usize], 3);
            assert!(panicked(made).contains("out of bounds"));
            let bomb = |_: &mut Counter, ()| std::panic::panic_any(Bomb);
            let bomb: fn(&mut Counter, ()) = bomb;
            panicked(counter.call(bomb, ()));
            assert_eq!(counter.call(|counter, ()| counter.calls, ())?, 2);
            Ok(())
        });
    });
    // It was told to the caller, who decides what is printed.
    assert_eq!((said.as_str(), exitcode), ("", 0));
}

fn b201_each_call_is_one_step() {
    fn slowly(object: &mut u32, by: u32) {
        let before = *object;
        thread::sleep(Duration::from_micros(200));
        *object = before + by;
    }
    ok(|| {
        let manager = manager();
        let object = manager.object(|n: u32| n, 0)?;
        let work = || (0..50).try_for_each(|_| object.call(slowly, 1));
        let children = [started(work), started(work)];
        thread::scope(|scope| {
            let threads = [scope.spawn(work), scope.spawn(work)];
            threads
                .into_iter()
                .try_for_each(|it| it.join().expect("ok"))
        })?;
        assert!(children.iter().all(|child| joined(child) == 0));
        assert_eq!(object.call(|object, ()| *object, ())?, 200);
        Ok(())
    });
}

fn b201_an_object_needs_no_serde_type() {
    ok(|| {
        let manager = manager();
        let make = |()| std::sync::mpsc::channel::<u8>();
        let channel = manager.object(make, ())?;
        channel.call(|(sender, _), n: u8| sender.send(n).is_ok(), 7)?;
        let got = channel.call(|channel, ()| channel.1.try_recv().ok(), ())?;
        assert_eq!(got, Some(7));
        Ok(())
    });
}

fn b201_a_proxy_is_an_item() {
    fn add(
        (counter, number): (ObjectProxy<Counter>, u32),
    ) -> ObjectProxy<Counter> {
        counter
            .call(Counter::add, number)
            .expect("the server answers");
        counter
    }
    ok(|| {
        let manager = manager();
        let pool = Pool::new(2)?;
        let counter = manager.object(Counter::new, 0)?;
        let back = pool.apply(add, (counter.clone(), 5))?;
        assert_eq!(back.call(Counter::add, 1)?, 6);
        let list: ListProxy<ObjectProxy<Counter>> =
            manager.list_from([counter])?;
        assert_eq!(list.get(0)?.call(Counter::add, 1)?, 7);
        Ok(())
    });
}

fn b201_a_proxy_of_another_type_calls_nothing() {
    ok(|| {
        let manager = manager();
        let (from, to) = Pipe::one_way()?;
        to.send(&manager.object(Counter::new, 0)?)?;
        let wrong: ObjectProxy<String> = from.recv()?;
        let refused = wrong.call(|text, ()| text.push('x'), ());
        assert!(matches!(refused, Err(Error::Decode { .. })), "{refused:?}");
        to.send(&manager.list::<u8>()?)?;
        let wrong: ObjectProxy<Counter> = from.recv()?;
        let refused = wrong.call(Counter::add, 1);
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        Ok(())
    });
}

fn b201_who_comes_by_the_address_calls_nothing() {
    let manager = served(crate::connection::tcp());
    let counter = manager.object(Counter::new, 0).expect("an object");
    let client = Client::new(address(&manager)).with_authkey(KEY);
    let stranger = client.connect().expect("it serves there");
    // To make an object and to call a method of it, by an address that is none.
    for request in [
        &b"\0\0\x08\x04\x01\x01\x01\x01"[..],
        b"\0\x01\x01\x08\x03\x01\x01\0",
    ] {
        stranger.send_bytes(request).expect("it listens");
        let reply = stranger.recv_bytes().expect("it answers");
        let reply = String::from_utf8_lossy(&reply).into_owned();
        assert!(reply.contains("only the family"), "{reply:?}");
    }
    assert_eq!(
        counter.call(Counter::add, 1).expect("the server is well"),
        1
    );
}

struct Unspeakable;

impl Serialize for Unspeakable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it has no words"))
    }
}

impl<'de> Deserialize<'de> for Unspeakable {
    fn deserialize<D: serde::Deserializer<'de>>(
        _: D,
    ) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

fn a_call_that_cannot_travel_is_an_error() {
    ok(|| {
        let manager = manager();
        let counter = manager.object(Counter::new, 0)?;
        let refused = counter.call(|_, _: Unspeakable| (), Unspeakable);
        assert!(matches!(refused, Err(Error::Encode { .. })), "{refused:?}");
        let refused = counter.call(|_, ()| Unspeakable, ()).map(drop);
        assert!(matches!(refused, Err(Error::Encode { .. })), "{refused:?}");
        let refused = manager.object(|_: Unspeakable| 0, Unspeakable);
        assert!(matches!(refused, Err(Error::Encode { .. })), "{refused:?}");
        assert_eq!(counter.call(Counter::add, 1)?, 1);
        Ok(())
    });
}

fn a_proxy_of_an_older_manager_is_an_argument() {
    ok(|| {
        let older = manager();
        let list = older.list::<u32>()?;
        let manager = manager();
        let counter = manager.object(Counter::new, 3)?;
        let tell = |counter: &mut Counter, list: ListProxy<u32>| -> bool {
            list.append(counter.calls).is_ok()
        };
        assert!(counter.call(tell, list.clone())?);
        assert_eq!(list.to_vec()?, [3]);
        // The server is no client of itself.
        let refused = counter.call(tell, manager.list()?);
        assert!(matches!(refused, Err(Error::Decode { .. })), "{refused:?}");
        Ok(())
    });
}

fn a_method_that_ends_the_server_is_an_error() {
    ok(|| {
        let manager = manager();
        let counter = manager.object(Counter::new, 0)?;
        let end = |_: &mut Counter, code| -> () { std::process::exit(code) };
        disconnected(counter.call(end, 7));
        manager.join()?;
        assert_eq!(manager.exitcode()?, Some(7));
        disconnected(counter.call(Counter::add, 1));
        Ok(())
    });
}

fn a_method_that_waits_stops_no_other_object() {
    static GO: AtomicU32 = AtomicU32::new(0);
    ok(|| {
        let manager = manager();
        let counter = manager.object(Counter::new, 0)?;
        let other = manager.object(Counter::new, 0)?;
        let wait = |_: &mut Counter, ()| {
            while GO.load(SeqCst) == 0 {
                thread::sleep(Duration::from_millis(1));
            }
        };
        let child: Process<'_> = started(|| counter.call(wait, ()));
        once_in(libc::SYS_recvmsg, &child);
        assert_eq!(other.call(Counter::add, 1)?, 1);
        other.call(|_, ()| GO.store(1, SeqCst), ())?;
        assert_eq!(joined(&child), 0);
        Ok(())
    });
}

fn a_method_may_start_threads() {
    ok(|| {
        let manager = manager();
        let counter = manager.object(Counter::new, 0)?;
        let sum = |_: &mut Counter, ()| -> u32 {
            let threads = [1, 2].map(|n| thread::spawn(move || n));
            threads.map(|it| it.join().expect("no panic")).iter().sum()
        };
        assert_eq!(counter.call(sum, ())?, 3);
        let late =
            |_: &mut Counter, limit: Duration| thread::sleep(limit / 1000);
        counter.call(late, SOON)?;
        Ok(())
    });
}

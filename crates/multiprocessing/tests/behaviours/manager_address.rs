//! The address of a manager: used again, taken, and of a server that is gone.

use std::path::Path;

use multiprocessing::{Error, ListProxy, Manager, QueueProxy};
use nix::sys::signal::Signal;

use crate::connection::{enter_scratch, tcp};
use crate::harness::{Test, list};
use crate::manager_remote::{address, connected, managers, ok, send, served};
use crate::pipe_end::disconnected;
use crate::support::{joined, scratch, started, tell, told};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b204_an_address_can_be_used_again_at_once,
    b204_another_server_at_the_address_is_not_taken_for_the_first,
    b212_remote_calls_see_the_server_die_at_once,
    a_manager_that_was_given_no_address_has_none,
    an_address_that_is_taken_is_an_error,
];

fn b204_an_address_can_be_used_again_at_once() {
    enter_scratch();
    for first in [served(Path::new("here")), served(tcp())] {
        let address = address(&first);
        let used = |manager: &Manager| {
            manager.publish("list", &manager.list_from([1_u8])?)?;
            let list: ListProxy<u8> =
                connected(address.clone()).list("list")?;
            assert_eq!(list.to_vec()?, [1]);
            Ok(())
        };
        ok(|| used(&first));
        first.shutdown().expect("it ends");
        for _ in 0..5 {
            let manager = served(&address);
            ok(|| used(&manager));
            manager.shutdown().expect("it ends");
        }
        for _ in 0..5 {
            let manager = served(&address);
            ok(|| used(&manager));
            send(Signal::SIGKILL, manager.pid());
            manager.join().expect("ours");
        }
        let manager = served(&address);
        ok(|| used(&manager));
    }
    assert!(!Path::new("here").exists());
}

fn b204_another_server_at_the_address_is_not_taken_for_the_first() {
    enter_scratch();
    for first in [served(Path::new("here")), served(tcp())] {
        let address = address(&first);
        let publish = |manager: &Manager| {
            let list = manager.list_from([1_u8]).expect("a list");
            manager.publish("list", &list).expect("it answers");
        };
        publish(&first);
        let remote = connected(address.clone());
        let list: ListProxy<u8> = remote.list("list").expect("it is there");
        assert_eq!(list.len().expect("it answers"), 1);
        send(Signal::SIGKILL, first.pid());
        first.join().expect("ours");
        let second = served(&address);
        publish(&second);
        // Its connection has ended; a new one has another server.
        for _ in 0..2 {
            disconnected(list.append(2));
            disconnected(remote.list::<u8>("list"));
        }
        let list: ListProxy<u8> =
            connected(address).list("list").expect("it is there");
        assert_eq!(list.to_vec().expect("it answers"), [1]);
    }
}

fn b212_remote_calls_see_the_server_die_at_once() {
    enter_scratch();
    for manager in managers() {
        manager
            .publish("queue", &manager.queue::<u8>(1).expect("a queue"))
            .expect("it answers");
        let remote = connected(address(&manager));
        let queue: QueueProxy<u8> = remote.queue("queue").expect("a queue");
        let waiting = started(|| disconnected(queue.get()));
        let late = started(|| {
            told::<u8>("dead");
            disconnected(queue.get());
            disconnected(remote.queue::<u8>("queue"));
        });
        once_in(libc::SYS_recvmsg, &waiting);
        send(Signal::SIGKILL, manager.pid());
        manager.join().expect("ours");
        tell("dead", 1);
        assert_eq!([joined(&waiting), joined(&late)], [0, 0]);
        disconnected(queue.put(1));
        disconnected(queue.put(1));
        std::fs::remove_file(scratch("dead")).expect("ours");
    }
}

fn a_manager_that_was_given_no_address_has_none() {
    assert_eq!(Manager::new().expect("a server").address(), None);
}

fn an_address_that_is_taken_is_an_error() {
    enter_scratch();
    for manager in [served(Path::new("here")), served(tcp())] {
        let second = Manager::builder().address(address(&manager)).build();
        assert!(matches!(second, Err(Error::System { .. })), "{second:?}");
        drop(connected(address(&manager)));
    }
}

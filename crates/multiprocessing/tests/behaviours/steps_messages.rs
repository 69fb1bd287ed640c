//! Pipes and managers whose users, or servers, are killed at each step.

use std::cell::Cell;

use multiprocessing::{
    Connection, Error, ListProxy, Manager, Pipe, QueueProxy, Result,
};
use nix::sys::socket::{setsockopt, sockopt::SndBuf};

use crate::harness::{Test, list};
use crate::killed_at_steps::{Operation, Waiters};

pub(crate) const TESTS: &[Test] = list![
    killed_at_any_step_of_send_the_message_is_there_or_not,
    killed_at_any_step_of_sending_much_the_rest_is_not_waited_for,
    killed_at_any_step_of_recv_the_next_one_gets_a_whole_message,
    killed_at_any_step_of_receiving_much_the_next_one_is_told,
    killed_at_any_step_of_a_call_the_manager_goes_on,
    killed_at_any_step_of_the_first_call_the_manager_goes_on,
    killed_at_any_step_of_a_get_of_a_manager_no_item_is_lost_unseen,
];

type Ends = (Connection, Connection);

fn ends() -> Ends {
    Pipe::one_way().expect("there is room for two descriptors")
}

/// The ends of a pipe in which the kernel keeps as little as possible.
fn narrow() -> Ends {
    let ends = ends();
    setsockopt(&ends.1, SndBuf, &0).expect("it may be small");
    ends
}

/// More than is sent in one piece, and than a narrow pipe keeps.
fn much() -> Vec<u8> {
    b"0123456789".repeat(4_000)
}

/// A reader that receives a whole message, or is told that there is none.
fn recv((reader, _): &Ends) -> Result<()> {
    match reader.recv_bytes() {
        Ok(message) => {
            assert!(message == b"short" || message == much(), "it is torn");
            Ok(())
        }
        Err(Error::Disconnected) => Ok(()),
        Err(other) => Err(other),
    }
}

/// The reader that waits gets a message, if it has none yet.
fn is_served((_, writer): &Ends, reader: &Waiters<'_>, returned: bool) {
    let served = reader.at_rest() == 1;
    assert!(served || !returned);
    if !served {
        writer.send_bytes(b"short").expect("somebody reads");
    }
    reader.all_end();
}

fn killed_at_any_step_of_send_the_message_is_there_or_not() {
    let send = Operation::new(ends, |(_, writer)| writer.send_bytes(b"short"));
    let send = send.with_waiters(1, recv);
    send.killed(|ends, reader, death| {
        is_served(ends, reader, death.returned);
        ends.1.send_bytes(b"short").expect("somebody reads");
        assert_eq!(ends.0.recv_bytes().expect("it was sent"), b"short");
    });
}

/// The writer's end is held by others, who do not write the rest.
fn killed_at_any_step_of_sending_much_the_rest_is_not_waited_for() {
    let much = much();
    let send =
        || Operation::new(narrow, |(_, writer)| writer.send_bytes(&much));
    // One reader waits already, the other one comes when the pipe is full.
    let early = send().with_waiters(1, recv);
    early.killed(|ends, reader, death| {
        is_served(ends, reader, death.returned);
    });
    let late = send().with_late_waiters(1, recv);
    late.killed(|ends, reader, death| {
        is_served(ends, reader, death.returned);
    });
}

fn killed_at_any_step_of_recv_the_next_one_gets_a_whole_message() {
    let two = || {
        let ends = ends();
        for message in ["one", "two"] {
            ends.1.send(message).expect("there is room");
        }
        ends
    };
    let recv = Operation::new(two, |(reader, _)| {
        assert_eq!(reader.recv::<String>()?, "one");
        Ok(())
    });
    recv.killed(|(reader, writer), _, death| {
        writer.send("three").expect("somebody reads");
        let mut messages = Vec::new();
        while messages.last().is_none_or(|last| last != "three") {
            messages.push(reader.recv::<String>().expect("it is whole"));
        }
        let all = ["one", "two", "three"];
        assert!(messages == all[1..] || messages == all && !death.returned);
    });
}

/// The writer goes on, or is told, too.
fn killed_at_any_step_of_receiving_much_the_next_one_is_told() {
    let recv_much =
        Operation::new(narrow, |(reader, _)| reader.recv_bytes().map(drop));
    let recv_much = recv_much.with_late_waiters(1, |(_, writer)| match writer
        .send_bytes(&much())
    {
        Err(Error::Disconnected) => Ok(()),
        other => other,
    });
    recv_much.killed(|ends, writer, _| {
        if writer.at_rest() == 0 {
            recv(ends).expect("whole or nothing");
        }
        writer.all_end();
    });
}

/// A manager, shared by all the kills of a test.
fn manager() -> Manager {
    Manager::new().expect("a server")
}

type List = ListProxy<String>;

fn list_of(manager: &Manager) -> List {
    let list = manager.list_from(["one".to_string()]);
    list.expect("the server answers")
}

/// A request that was sent whole is carried out, if only after the client's
/// death.
#[track_caller]
fn has_one_or_two(list: &List, returned: bool) {
    list.append("three".into()).expect("the server answers");
    let mut items = list.to_vec().expect("the server answers");
    let two = items.iter().position(|item| item == "two");
    assert!(two.is_some() || !returned);
    two.map(|two| items.remove(two));
    assert_eq!(items, ["one", "three"]);
}

fn killed_at_any_step_of_a_call_the_manager_goes_on() {
    let manager = manager();
    let append =
        Operation::new(|| list_of(&manager), |list| list.append("two".into()));
    let connected = |list: &List| list.len().map(drop);
    append.after(connected).killed(|list, _, death| {
        has_one_or_two(list, death.returned);
    });
}

/// It begins with a connection.
fn killed_at_any_step_of_the_first_call_the_manager_goes_on() {
    let manager = manager();
    let append =
        Operation::new(|| list_of(&manager), |list| list.append("two".into()));
    append.killed(|list, _, death| has_one_or_two(list, death.returned));
}

/// An item that was taken for the dead is lost with it; none is taken for who
/// is dead already.
fn killed_at_any_step_of_a_get_of_a_manager_no_item_is_lost_unseen() {
    let manager = manager();
    let queue = || -> (QueueProxy<u8>, Cell<usize>) {
        (manager.queue(0).expect("a queue"), Cell::new(0))
    };
    let get = Operation::new(queue, |(queue, _)| queue.get().map(drop))
        .meanwhile(|(queue, put)| {
            queue.put(1).expect("the server answers");
            put.set(put.get() + 1);
        });
    get.killed(|(queue, put), _, death| {
        let mut left = 0;
        while queue.try_get().is_ok_and(|item| item == 1) {
            left += 1;
        }
        let lost = put.get() - left;
        assert!(lost == 1 || lost == 0 && !death.returned);
        queue.put(2).expect("the server answers");
        assert_eq!(queue.try_get().ok(), Some(2));
    });
}

//! The life of a manager's server, its death, and the death of its clients.

use std::cell::RefCell;
use std::thread;

use multiprocessing::{Error, Manager, Pipe, Process};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Test, list};
use crate::pipe_end::disconnected;
use crate::procfs;
use crate::support::{SOON, eventually, in_child, joined, started, tell, told};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b202_shutdown_ends_the_server_with_0,
    b202_dropping_shuts_down,
    b202_a_copy_in_a_child_shuts_nothing_down,
    b202_a_server_that_does_not_answer_is_killed,
    b212_a_killed_server_is_an_error_at_once,
    b212_a_call_that_waits_sees_the_server_die,
    the_server_dies_with_its_creator,
    the_server_keeps_no_pipe_open,
    connections_leave_nothing_behind,
    a_client_killed_in_a_request_disturbs_nobody,
    a_client_killed_in_get_takes_no_item,
    a_killed_client_may_leave_a_child_behind,
];

fn manager() -> Manager {
    Manager::new().expect("a server")
}

fn send(signal: Signal, pid: i32) {
    kill(Pid::from_raw(pid), signal).expect("the process is there");
}

fn end(child: &Process<'_>) {
    child.kill().expect("the child is ours");
    assert_eq!(joined(child), -(Signal::SIGKILL as i32));
}

fn pid(child: &Process<'_>) -> i32 {
    child.pid().expect("it is open").expect("it was started")
}

fn b202_shutdown_ends_the_server_with_0() {
    let manager = manager();
    let list = manager.list_from([1]).expect("a list");
    assert_eq!(manager.exitcode().expect("ours"), None);
    assert!(procfs::alive(manager.pid()));
    manager.shutdown().expect("it ends");
    assert_eq!(manager.exitcode().expect("ours"), Some(0));
    manager.shutdown().expect("it has ended");
    disconnected(list.get(0));
    disconnected(manager.list::<u8>());
}

fn b202_dropping_shuts_down() {
    let pid = {
        let manager = manager();
        manager.dict::<u8, u8>().expect("a dict");
        manager.pid()
    };
    assert!(procfs::process(pid).is_none());
}

fn b202_a_copy_in_a_child_shuts_nothing_down() {
    let manager = RefCell::new(Some(manager()));
    let list = {
        let manager = manager.borrow();
        let manager = manager.as_ref().expect("it is there");
        manager.list_from([1]).expect("a list")
    };
    let child = || {
        let manager = manager.take().expect("it is there");
        let refused = manager.shutdown();
        assert!(matches!(refused, Err(Error::NotCreator { .. })));
    };
    assert_eq!(in_child(child), 0);
    assert_eq!(list.get(0).expect("the server runs"), 1);
}

fn b202_a_server_that_does_not_answer_is_killed() {
    let manager = manager();
    send(Signal::SIGSTOP, manager.pid());
    manager.shutdown().expect("it ends");
    let killed = Some(-(Signal::SIGKILL as i32));
    assert_eq!(manager.exitcode().expect("ours"), killed);
}

fn b212_a_killed_server_is_an_error_at_once() {
    let manager = manager();
    let list = manager.list_from([1]).expect("a list");
    let dict = manager.dict_from([(1, 1)]).expect("a dict");
    let queue = manager.queue::<u8>(1).expect("a queue");
    let unused = list.clone();
    let sibling = started(|| thread::sleep(SOON));
    send(Signal::SIGKILL, manager.pid());
    eventually(SOON, || manager.exitcode().expect("ours").is_some());

    disconnected(list.get(0));
    disconnected(list.append(2));
    disconnected(list.sort());
    disconnected(dict.get(&1));
    disconnected(dict.items());
    disconnected(queue.get());
    disconnected(manager.list::<u8>());
    let newcomer = || disconnected(unused.len());
    assert_eq!(in_child(newcomer), 0);
    assert!(sibling.is_alive().expect("ours"));
    end(&sibling);
    thread::scope(|scope| {
        scope.spawn(newcomer);
    });
}

fn b212_a_call_that_waits_sees_the_server_die() {
    let manager = manager();
    let queue = manager.queue::<u8>(1).expect("a queue");
    let child = started(|| disconnected(queue.get()));
    let sibling = started(|| thread::sleep(SOON));
    once_in(libc::SYS_recvmsg, &child);
    send(Signal::SIGKILL, manager.pid());
    assert_eq!(joined(&child), 0);
    end(&sibling);
}

fn the_server_dies_with_its_creator() {
    let creator = started(|| {
        let manager = manager();
        tell("server", manager.pid());
        thread::sleep(SOON);
    });
    let server: i32 = told("server");
    assert!(procfs::alive(server));
    end(&creator);
    eventually(SOON, || !procfs::alive(server));
}

fn the_server_keeps_no_pipe_open() {
    let (reader, writer) = Pipe::one_way().expect("two descriptors");
    let manager = manager();
    manager.list::<u8>().expect("the server is at work");
    writer.close();
    disconnected(reader.recv::<u8>());
}

fn connections_leave_nothing_behind() {
    let manager = manager();
    let list = manager.list::<u32>().expect("a list");
    list.append(0).expect("the server answers");
    let before = procfs::descriptors_at_rest(manager.pid());
    for _ in 0..20 {
        assert_eq!(in_child(|| list.append(1)), 0);
    }
    for _ in 0..180 {
        let list = list.clone();
        let thread = thread::spawn(move || list.append(2));
        thread
            .join()
            .expect("no panic")
            .expect("the server answers");
    }
    assert_eq!(list.len().expect("the server answers"), 201);
    eventually(SOON, || procfs::descriptors_of(manager.pid()) == before);
}

fn a_client_killed_in_a_request_disturbs_nobody() {
    let manager = manager();
    let list = manager.list::<String>().expect("a list");
    let before = procfs::descriptors_at_rest(manager.pid());
    send(Signal::SIGSTOP, manager.pid());
    let child = started(|| list.append("x".repeat(16 << 20)));
    once_in(libc::SYS_sendmsg, &child);
    end(&child);
    send(Signal::SIGCONT, manager.pid());
    assert!(list.is_empty().expect("the server answers"));
    list.append("y".into()).expect("the server answers");
    assert_eq!(list.get(0).expect("the server answers"), "y");
    eventually(SOON, || procfs::descriptors_of(manager.pid()) == before);
}

fn a_client_killed_in_get_takes_no_item() {
    let manager = manager();
    let queue = manager.queue(1).expect("a queue");
    let child = started(|| assert_eq!(queue.get().expect("an item"), 0));
    once_in(libc::SYS_recvmsg, &child);
    end(&child);
    queue.put(1).expect("there is room");
    assert_eq!(queue.get_timeout(SOON).expect("nobody took it"), 1);
}

fn a_killed_client_may_leave_a_child_behind() {
    let manager = manager();
    let queue = manager.queue(1).expect("a queue");
    let child = started(|| {
        assert!(queue.empty().expect("the server answers"));
        // It has a copy of the connection that this process has by now.
        let heir = Process::new(|| thread::sleep(SOON)).outliving_parent();
        heir.start().expect("there is room");
        tell("heir", pid(&heir));
        assert_eq!(queue.get().expect("an item"), 0);
    });
    let heir = told("heir");
    once_in(libc::SYS_recvmsg, &child);
    end(&child);
    queue.put(1).expect("there is room");
    assert_eq!(queue.get_timeout(SOON).expect("nobody took it"), 1);
    assert!(procfs::alive(heir));
    send(Signal::SIGKILL, heir);
}

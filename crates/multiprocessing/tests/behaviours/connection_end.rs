//! The end of a listener and of what it has accepted: who closes, who dies, who
//! waits for too long.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use multiprocessing::connection::{Address, Client};
use multiprocessing::{Error, Pipe};

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::ForkResult;

use crate::connection::{bound, enter_scratch, listeners, private, tcp};
use crate::harness::{Test, list};
use crate::pipe_end::disconnected;
use crate::support::{at_least, joined, killed, sleep_for_ever, started};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b149_accept_after_close_is_an_error,
    b149_the_end_of_the_scope_closes,
    b154_an_absurd_length_ends_an_accepted_connection,
    b154_the_rest_of_an_absurd_message_is_no_message,
    a_listener_that_moves_into_a_child_is_the_childs,
    a_copy_in_a_forked_process_takes_nothing_away,
    a_client_waits_no_longer_than_its_limit,
    where_nobody_listens_is_an_error,
    the_death_of_a_listener_is_told_to_who_waits,
    a_child_does_not_speak_to_the_newcomers_of_its_parent,
];

const SHORT: Duration = Duration::from_millis(60);

fn b149_accept_after_close_is_an_error() {
    enter_scratch();
    for listener in listeners() {
        let listener = Arc::new(listener);
        let children = [(); 2].map(|()| {
            let listener = Arc::clone(&listener);
            started(move || match listener.accept() {
                Err(Error::Closed { .. }) => 0,
                other => panic!("{other:?}"),
            })
        });
        // One of them waits already, perhaps the other does not.
        once_in(libc::SYS_poll, &children[0]);
        let address = listener.address().clone();
        Arc::into_inner(listener)
            .expect("its only owner here")
            .close();
        assert!(children.iter().all(|child| joined(child) == 0));
        let late = Client::new(address).connect();
        assert!(matches!(late, Err(Error::System { .. })), "{late:?}");
    }
}

fn b149_the_end_of_the_scope_closes() {
    let address = {
        let listener = private();
        listener.address().clone()
    };
    let late = Client::new(address).connect();
    assert!(matches!(late, Err(Error::System { .. })), "{late:?}");
}

fn b154_an_absurd_length_ends_an_accepted_connection() {
    let listener = bound(tcp());
    let child = started(|| {
        let client = Client::new(listener.address()).connect()?;
        nix::unistd::write(&client, &[0xff; 100]).expect("a header and more");
        disconnected(client.recv_bytes());
        Ok::<_, Error>(())
    });
    let connection = listener.accept().expect("the child comes");
    let absurd = connection.recv_bytes();
    assert!(matches!(absurd, Err(Error::TooLong { .. })), "{absurd:?}");
    assert_eq!(joined(&child), 0);
}

fn b154_the_rest_of_an_absurd_message_is_no_message() {
    let listener = private();
    let child = started(|| {
        let client = Client::new(listener.address()).connect()?;
        let lie = [0xff, 0, 0, 0, 0, 0, 0, 1, b'x'];
        nix::unistd::write(&client, &lie).expect("a header and a message");
        disconnected(client.recv_bytes());
        Ok::<_, Error>(())
    });
    let connection = listener.accept().expect("the child comes");
    let absurd = connection.recv_bytes();
    assert!(matches!(absurd, Err(Error::TooLong { .. })), "{absurd:?}");
    for _ in 0..2 {
        let rest = connection.recv_bytes();
        assert!(rest.is_err(), "{rest:?}");
    }
    assert_eq!(joined(&child), 0);
}

fn a_listener_that_moves_into_a_child_is_the_childs() {
    for _ in 0..2 {
        let listener = private();
        let address = listener.address().clone();
        let Address::Unix(path) = &address else {
            panic!("{address}");
        };
        let child = started(move || listener.accept()?.send("hello"));
        assert!(path.exists());
        let connection = Client::new(&address).connect().expect("it accepts");
        assert_eq!(connection.recv::<String>().expect("recv"), "hello");
        assert_eq!(joined(&child), 0);
        assert!(!path.exists());
        assert!(!path.parent().expect("it has one").exists());
    }
}

#[allow(unsafe_code)]
fn a_copy_in_a_forked_process_takes_nothing_away() {
    enter_scratch();
    for listener in listeners() {
        // SAFETY: this process has one thread, so the copy may do whatever any
        // process may.
        match unsafe { nix::unistd::fork() }.expect("there is room for one") {
            ForkResult::Child => {
                drop(listener);
                std::process::exit(0);
            }
            ForkResult::Parent { child } => {
                let status = waitpid(child, None).expect("it is ours");
                assert_eq!(status, WaitStatus::Exited(child, 0));
            }
        }
        let child =
            started(|| Client::new(listener.address()).connect()?.send(&1));
        let connection = listener.accept().expect("the child comes");
        assert_eq!(connection.recv::<i32>().expect("recv"), 1);
        assert_eq!(joined(&child), 0);
    }
}

fn a_client_waits_no_longer_than_its_limit() {
    enter_scratch();
    for listener in listeners() {
        let client = Client::new(listener.address()).with_limit(SHORT);
        let connection = at_least(SHORT, || client.connect());
        assert!(matches!(connection, Err(Error::TimedOut)), "{connection:?}");
        // It has gone away before it was accepted, and stops nobody.
        let child =
            started(|| Client::new(listener.address()).connect()?.send(&1));
        let connection = listener.accept().expect("the child comes");
        assert_eq!(connection.recv::<i32>().expect("recv"), 1);
        assert_eq!(joined(&child), 0);
    }
}

fn where_nobody_listens_is_an_error() {
    let free = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound")
    };
    for address in [Address::Tcp(free), Address::from(Path::new("nobody"))] {
        match Client::new(&address).connect() {
            Err(Error::System { action, .. }) => {
                assert_eq!(action, format!("connect to {address}"));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn the_death_of_a_listener_is_told_to_who_waits() {
    enter_scratch();
    for make in [|| bound(Path::new("here")), || bound(tcp())] {
        let (news, tell) = Pipe::one_way().expect("two descriptors");
        let server = started(move || {
            let listener = make();
            tell.send(listener.address()).expect("send");
            sleep_for_ever();
        });
        let address: Address = news.recv().expect("an address");
        let client = started(|| disconnected(Client::new(&address).connect()));
        once_in(libc::SYS_poll, &client);
        killed(&server);
        assert_eq!(joined(&client), 0);
    }
}

fn a_child_does_not_speak_to_the_newcomers_of_its_parent() {
    let listener = bound(tcp());
    let Address::Tcp(address) = *listener.address() else {
        panic!("it is one of TCP");
    };
    // A newcomer, met by this process while it waited for another.
    let mut silent = TcpStream::connect(address).expect("it listens");
    let first =
        started(|| Client::new(listener.address()).connect()?.recv::<()>());
    let accepted = listener.accept().expect("the child comes");
    // Whoever hears it now has to send it away.
    silent.write_all(&[7; 64]).expect("it listens");
    let server = started(|| listener.accept()?.send(&listener.refused()));
    let second = Client::new(listener.address()).connect();
    let refused: u64 = second.and_then(|it| it.recv()).expect("it is served");
    assert_eq!(refused, 0);
    assert_eq!(joined(&server), 0);
    silent
        .set_read_timeout(Some(SHORT))
        .expect("a limit can be set");
    let mut byte = [0; 48];
    silent.read_exact(&mut byte).expect("a challenge");
    let more = silent.read(&mut byte);
    assert!(more.is_err(), "it has been sent away: {more:?}");
    accepted.send(&()).expect("send");
    assert_eq!(joined(&first), 0);
}

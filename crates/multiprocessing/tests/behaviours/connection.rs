//! Listeners and clients that know the same key.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use multiprocessing::connection::{Address, Client, Connection, Listener};
use multiprocessing::{Error, Pipe, Process, Result};
use nix::sys::signal::{SigHandler, Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Test, list};
use crate::pipe_end::disconnected;
use crate::support::{SOON, joined, killed, on_signal, scratch, started};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b135_a_descriptor_cannot_travel_over_a_network,
    b147_signals_do_not_break_accept,
    b147_signals_do_not_break_connect,
    b148_two_listeners_cannot_have_one_address,
    b149_a_round_trip_over_each_family,
    b150_a_client_that_has_ended_is_still_read,
    b151_what_the_acceptor_sends_is_seen_by_poll,
    b152_an_address_that_cannot_be_is_an_error,
    the_last_accepted_is_told_by_its_address,
    an_address_is_an_item,
    several_processes_accept_at_one_listener,
];

/// Any free port.
pub(crate) fn tcp() -> Address {
    Address::Tcp((Ipv4Addr::LOCALHOST, 0).into())
}

#[track_caller]
pub(crate) fn bound(address: impl Into<Address>) -> Listener {
    Listener::bind(address).expect("the address is free")
}

#[track_caller]
pub(crate) fn private() -> Listener {
    Listener::new().expect("there is room for a directory")
}

/// Works at the directory of this test, so that paths are short.
pub(crate) fn enter_scratch() {
    std::env::set_current_dir(scratch("")).expect("the harness has made it");
}

/// A listener of each kind.
pub(crate) fn listeners() -> [Listener; 3] {
    [private(), bound(Path::new("here")), bound(tcp())]
}

/// Sends back what comes, until the end.
fn echo(connection: &Connection) -> Result<()> {
    loop {
        match connection.recv_bytes() {
            Ok(bytes) => connection.send_bytes(&bytes)?,
            Err(Error::Disconnected) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn b135_a_descriptor_cannot_travel_over_a_network() {
    let listener = bound(tcp());
    let child = started(|| -> Result<()> {
        let connection = Client::new(listener.address()).connect()?;
        let (reader, _writer) = Pipe::one_way()?;
        let sent = connection.send(&reader);
        assert!(matches!(sent, Err(Error::Encode { .. })), "{sent:?}");
        connection.send("next")
    });
    let connection = listener.accept().expect("the child comes");
    assert_eq!(connection.recv::<String>().expect("recv"), "next");
    assert_eq!(joined(&child), 0);
}

extern "C" fn ignore(_signal: i32) {}

/// Starts `target`, and signals it again and again while it waits.
#[track_caller]
fn interrupted<'a>(target: impl FnOnce() -> Result<()> + 'a) -> Process<'a> {
    let (waits, ready) = Pipe::one_way().expect("two descriptors");
    let child = started(move || {
        on_signal(Signal::SIGUSR1, SigHandler::Handler(ignore));
        ready.send(&())?;
        target()
    });
    waits.recv::<()>().expect("it has its handler");
    for _ in 0..5 {
        let pid = Pid::from_raw(once_in(libc::SYS_poll, &child));
        kill(pid, Signal::SIGUSR1).expect("it is there");
    }
    child
}

fn b147_signals_do_not_break_accept() {
    enter_scratch();
    for listener in listeners() {
        let child = interrupted(|| listener.accept()?.send("hello"));
        let client = Client::new(listener.address()).connect();
        let text: String = client.and_then(|it| it.recv()).expect("a greeting");
        assert_eq!(text, "hello");
        assert_eq!(joined(&child), 0);
    }
}

fn b147_signals_do_not_break_connect() {
    enter_scratch();
    for listener in listeners() {
        let client = Client::new(listener.address());
        let child = interrupted(|| client.connect()?.send("hello"));
        let connection = listener.accept().expect("the child comes");
        assert_eq!(connection.recv::<String>().expect("recv"), "hello");
        assert_eq!(joined(&child), 0);
    }
}

fn b148_two_listeners_cannot_have_one_address() {
    enter_scratch();
    for listener in [bound(Path::new("here")), bound(tcp())] {
        match Listener::bind(listener.address()) {
            Err(Error::System { source, .. }) => {
                assert_eq!(source.kind(), std::io::ErrorKind::AddrInUse);
            }
            other => panic!("{other:?}"),
        }
        // The first is as good as before, and its address free after it.
        let address = listener.address().clone();
        let child = started(|| Client::new(&address).connect()?.send(&1));
        let connection = listener.accept().expect("the child comes");
        assert_eq!(connection.recv::<i32>().expect("recv"), 1);
        assert_eq!(joined(&child), 0);
        listener.close();
        bound(&address).close();
    }
}

fn b149_a_round_trip_over_each_family() {
    enter_scratch();
    let mut all = Vec::from(listeners());
    let localhost = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
    if TcpListener::bind(localhost).is_ok() {
        all.push(bound(localhost));
    }
    for listener in all {
        let child = started(|| echo(&listener.accept()?));
        let client = Client::new(listener.address()).connect();
        let client = client.expect("the child accepts");
        assert!(client.readable() && client.writable());
        client.send(&("text", vec![1, 2, 3])).expect("send");
        let (text, numbers): (String, Vec<i32>) = client.recv().expect("echo");
        assert_eq!((text.as_str(), numbers), ("text", vec![1, 2, 3]));
        let long = vec![7; 1 << 16];
        client.send_bytes(&long).expect("send");
        assert_eq!(client.recv_bytes().expect("echo"), long);
        client.close();
        assert_eq!(joined(&child), 0);
    }
}

fn b150_a_client_that_has_ended_is_still_read() {
    enter_scratch();
    for listener in listeners() {
        let child = started(|| {
            Client::new(listener.address())
                .connect()?
                .send("last words")
        });
        let connection = listener.accept().expect("the child comes");
        assert_eq!(joined(&child), 0);
        assert_eq!(connection.recv::<String>().expect("recv"), "last words");
        disconnected(connection.recv::<String>());
    }
}

fn b151_what_the_acceptor_sends_is_seen_by_poll() {
    enter_scratch();
    for listener in listeners() {
        let child = started(|| {
            let client = Client::new(listener.address()).connect()?;
            assert!(client.poll(SOON)?);
            assert_eq!(client.recv::<String>()?, "hello");
            Ok::<_, Error>(())
        });
        let connection = listener.accept().expect("the child comes");
        connection.send("hello").expect("send");
        assert_eq!(joined(&child), 0);
    }
}

fn b152_an_address_that_cannot_be_is_an_error() {
    for path in ["", "x\0y", &"x".repeat(108)] {
        let path = PathBuf::from(path);
        let listener = Listener::bind(path.clone()).map(drop);
        let client = Client::new(path).connect().map(drop);
        for result in [listener, client] {
            assert!(matches!(result, Err(Error::Invalid { .. })), "{result:?}");
        }
    }
    enter_scratch();
    let longest = bound(PathBuf::from("x".repeat(107)));
    assert!(longest.address().to_string().ends_with('x'));
    // An address for documentation, which no machine has.
    let elsewhere = SocketAddr::from(([192, 0, 2, 1], 6000));
    for address in [
        Address::Tcp(elsewhere),
        Address::from(Path::new("no/such/place")),
    ] {
        let listener = Listener::bind(address);
        assert!(
            matches!(listener, Err(Error::System { .. })),
            "{listener:?}"
        );
    }
}

fn the_last_accepted_is_told_by_its_address() {
    let listener = bound(tcp());
    assert_eq!(listener.last_accepted(), None);
    let child = started(|| {
        let client = Client::new(listener.address()).connect()?;
        client.recv::<()>()
    });
    let connection = listener.accept().expect("the child comes");
    let peer = rustix::net::getpeername(&connection).expect("it is connected");
    let peer = SocketAddr::try_from(peer.expect("it has an address"));
    let peer = Address::Tcp(peer.expect("it is of TCP"));
    assert_eq!(listener.last_accepted(), Some(peer));
    connection.send(&()).expect("send");
    assert_eq!(joined(&child), 0);
}

fn an_address_is_an_item() {
    let (reader, writer) = Pipe::one_way().expect("two descriptors");
    for listener in [private(), bound(tcp())] {
        writer.send(listener.address()).expect("send");
        let address: Address = reader.recv().expect("recv");
        assert_eq!(&address, listener.address());
    }
}

fn several_processes_accept_at_one_listener() {
    const CLIENTS: usize = 12;
    enter_scratch();
    for listener in listeners() {
        let servers = [(); 3].map(|()| {
            started(|| {
                loop {
                    match listener.accept() {
                        Ok(connection) => echo(&connection)?,
                        Err(Error::Closed { .. }) => return Ok::<_, Error>(()),
                        Err(error) => return Err(error),
                    }
                }
            })
        });
        let clients = [(); CLIENTS].map(|()| {
            started(|| {
                let client = Client::new(listener.address()).connect()?;
                client.send("hello")?;
                assert_eq!(client.recv::<String>()?, "hello");
                Ok::<_, Error>(())
            })
        });
        assert!(clients.iter().all(|child| joined(child) == 0));
        servers.iter().for_each(killed);
    }
}

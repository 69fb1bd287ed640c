//! Waiting for many objects at once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use multiprocessing::connection::{wait, wait_timeout};
use multiprocessing::{Connection, Error, Sentinel};
use nix::sys::signal::{SigHandler, Signal, kill};
use nix::unistd::Pid;
use rand::{RngExt, SeedableRng, rngs::SmallRng};

use crate::harness::{Test, list};
use crate::pipe::one_way;
use crate::support::{
    SOON, at_least, joined, killed, on_signal, seed, sleep_for_ever, spin,
    started,
};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b142_every_message_of_four_readers_arrives,
    b143_wait_works_on_sockets_too,
    b144_wait_waits_as_long_as_it_is_told,
    b145_exactly_what_is_ready_is_told_in_order,
    b146_no_time_is_a_look,
    b147_signals_do_not_shorten_wait,
    without_objects_nothing_is_ready,
];

const SHORT: Duration = Duration::from_millis(60);

#[track_caller]
fn ready<T: AsFd>(objects: &[T], limit: Duration) -> Vec<usize> {
    wait_timeout(objects, limit).expect("the system can wait")
}

/// Receives from `readers` whatever is ready, until all are at their end.
fn drain(mut readers: Vec<(usize, Connection)>) -> Vec<(usize, i32)> {
    let mut messages = Vec::new();
    while !readers.is_empty() {
        let ends: Vec<_> = readers.iter().map(|(_, reader)| reader).collect();
        let places = wait(&ends).expect("the system can wait");
        assert!(!places.is_empty() && places.is_sorted());
        for place in places.into_iter().rev() {
            let (name, reader) = &readers[place];
            match reader.recv() {
                Ok(message) => messages.push((*name, message)),
                Err(Error::Disconnected) => drop(readers.remove(place)),
                Err(error) => panic!("{error}"),
            }
        }
    }
    messages
}

fn b142_every_message_of_four_readers_arrives() {
    const MESSAGES: i32 = 10;
    let seed = seed();
    for round in 0..20 {
        let mut readers = Vec::new();
        let mut children = Vec::new();
        for name in 0..4 {
            let (reader, writer) = one_way();
            readers.push((name, reader));
            let seed = seed + round * 4 + name as u64;
            children.push(started(move || {
                let mut random = SmallRng::seed_from_u64(seed);
                for message in 0..MESSAGES {
                    spin(&mut random, 20_000);
                    if random.random_ratio(1, 8) {
                        thread::yield_now();
                    }
                    writer.send(&message).expect("send");
                }
            }));
        }
        let messages = drain(readers);
        for name in 0..4 {
            let of = messages.iter().filter(|(from, _)| *from == name);
            assert!(of.map(|(_, message)| *message).eq(0..MESSAGES));
        }
        assert!(children.iter().all(|child| joined(child) == 0));
    }
}

fn b143_wait_works_on_sockets_too() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (mine, theirs) = UnixStream::pair().expect("two descriptors");
    let objects: [&dyn AsFd; 2] = [&listener, &mine];
    assert_eq!(ready(&objects, Duration::ZERO), [0; 0]);

    let mut stream = TcpStream::connect(address).expect("somebody listens");
    assert_eq!(ready(&objects, SOON), [0]);
    let (mut accepted, _) = listener.accept().expect("a client is there");
    stream.write_all(b"hello").expect("send");
    drop((theirs, stream));
    let objects: [&dyn AsFd; 3] = [&listener, &accepted, &mine];
    assert_eq!(wait(&objects).expect("the system can wait"), [1, 2]);
    let mut text = String::new();
    accepted.read_to_string(&mut text).expect("it is UTF-8");
    assert_eq!(text, "hello");
}

fn b144_wait_waits_as_long_as_it_is_told() {
    let (a, to_a) = one_way();
    let (b, to_b) = one_way();
    let none = at_least(SHORT, || ready(&[&a, &b], SHORT));
    assert_eq!(none, [0; 0]);
    to_b.send(&1).expect("send");
    assert_eq!(ready(&[&a, &b], SOON), [1]);
    to_a.send(&1).expect("send");
    assert_eq!(ready(&[&a, &b], SOON), [0, 1]);
}

fn b145_exactly_what_is_ready_is_told_in_order() {
    let (a, to_a) = one_way();
    let (b, to_b) = one_way();
    let child = started(sleep_for_ever);
    let sentinel: Sentinel = child.sentinel().expect("it was started");
    let objects: [&dyn AsFd; 3] = [&a, &sentinel, &b];
    let place = |ready: &[bool; 3]| {
        let places = (0..3).filter(|place| ready[*place]);
        places.collect::<Vec<_>>()
    };
    let mut expected = [false; 3];
    assert_eq!(ready(&objects, SHORT), place(&expected));
    killed(&child);
    expected[1] = true;
    assert_eq!(ready(&objects, SOON), place(&expected));
    to_b.send(&1).expect("send");
    expected[2] = true;
    assert_eq!(ready(&objects, SOON), place(&expected));
    to_a.close();
    expected[0] = true;
    assert_eq!(ready(&objects, SOON), place(&expected));
    b.recv::<i32>().expect("it is there");
    expected[2] = false;
    assert_eq!(ready(&objects, SOON), place(&expected));
}

fn b146_no_time_is_a_look() {
    let (a, to_a) = one_way();
    assert_eq!(ready(&[&a], Duration::ZERO), [0; 0]);
    to_a.send(&1).expect("send");
    assert_eq!(ready(&[&a], Duration::ZERO), [0]);
}

fn b147_signals_do_not_shorten_wait() {
    extern "C" fn ignore(_signal: i32) {}

    let (reader, writer) = one_way();
    let child = started(|| {
        on_signal(Signal::SIGUSR1, SigHandler::Handler(ignore));
        writer.send(&()).expect("send");
        let (a, _to_a) = one_way();
        assert_eq!(at_least(SHORT, || ready(&[&a], SHORT)), [0; 0]);
        wait(&[&a]).expect("the system can wait");
    });
    reader.recv::<()>().expect("it has its handler");
    for _ in 0..20 {
        let pid = Pid::from_raw(once_in(libc::SYS_poll, &child));
        kill(pid, Signal::SIGUSR1).expect("it is there");
        thread::sleep(Duration::from_millis(5));
    }
    assert!(child.is_alive().expect("it is ours"));
    killed(&child);
}

fn without_objects_nothing_is_ready() {
    let none: [&Connection; 0] = [];
    assert_eq!(wait(&none).expect("nothing to wait for"), [0; 0]);
    assert_eq!(at_least(SHORT, || ready(&none, SHORT)), [0; 0]);
}

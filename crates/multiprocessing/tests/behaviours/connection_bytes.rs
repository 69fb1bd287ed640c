//! Any bytes in a handshake: who does not know the key is refused, whatever it
//! says, and stops nobody.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use multiprocessing::Error;
use multiprocessing::connection::{Address, Client, Connection, Listener};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::connection::{bound, tcp};
use crate::harness::{Test, list};
use crate::hostile::for_all;
use crate::procfs::open_descriptors;

pub(crate) const TESTS: &[Test] = list![
    b153_any_bytes_of_a_client_are_refused,
    b153_any_bytes_of_a_listener_are_refused,
    b153_no_bit_of_a_handshake_may_change,
    a_handshake_in_any_pieces_is_one,
];

const LONG: Duration = Duration::from_mins(1);

/// The lengths of what listener, client and listener say.
const LENGTHS: [usize; 3] = [48, 64, 33];

#[track_caller]
fn port(listener: &Listener) -> SocketAddr {
    match *listener.address() {
        Address::Tcp(address) => address,
        Address::Unix(_) => panic!("{listener:?} has no port"),
    }
}

/// Says it, if the other side still listens.
fn say(mut stream: &TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
}

/// All that the other side says.
#[track_caller]
fn heard(mut stream: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.set_read_timeout(Some(LONG)).expect("a limit");
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        // It closes without having read all.
        Err(error) => assert!(is_reset(&error), "{error}"),
    }
    bytes
}

fn is_reset(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::ConnectionReset
}

/// Runs `clients` while a thread accepts all who know the key, and closes
/// their connections; how many it has refused.
fn served(clients: impl FnOnce(&Listener)) -> u64 {
    let listener = bound(tcp()).with_deadline(LONG);
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            while listener.accept().expect("it is open").recv::<()>().is_err() {
            }
        });
        clients(&listener);
        let last = Client::new(listener.address()).connect();
        last.and_then(|it| it.send(&())).expect("it knows the key");
        server.join().expect("it does not panic");
    });
    listener.refused()
}

fn b153_any_bytes_of_a_client_are_refused() {
    let before = open_descriptors();
    let refused = served(|listener| {
        let bytes = prop_oneof![
            vec(any::<u8>(), 0..200),
            vec(any::<u8>(), 60..70),
            vec(any::<u8>(), LENGTHS[1]),
        ];
        for_all(300, bytes, |bytes| {
            let stream =
                TcpStream::connect(port(listener)).expect("it listens");
            say(&stream, &bytes);
            let mut heard = heard(&stream);
            if bytes.len() >= LENGTHS[1] && heard.len() > LENGTHS[0] {
                assert_eq!(heard.pop(), Some(b'-'));
            }
            assert!(heard.is_empty() || heard.len() == LENGTHS[0]);
        });
    });
    assert_eq!(refused, 300);
    assert_eq!(open_descriptors(), before);
}

fn b153_any_bytes_of_a_listener_are_refused() {
    let greeting = prop_oneof![
        any::<[u8; 16]>(),
        (0..16_usize).prop_map(|at| {
            let mut greeting = *b"multiprocessing1";
            greeting[at] ^= 1;
            greeting
        }),
        Just(*b"multiprocessing1"),
    ];
    let sign = prop_oneof![any::<u8>(), Just(b'+'), Just(b'-')];
    let rest = vec(any::<u8>(), 0..100);
    let speech = (greeting, any::<[u8; 32]>(), sign, rest);
    let bytes = speech.prop_map(|(greeting, nonce, sign, rest)| {
        [&greeting[..], &nonce, &[sign], &rest].concat()
    });
    let bytes = (bytes, any::<usize>());
    let liar = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = liar.local_addr().expect("it is bound");
    for_all(300, bytes, |(mut bytes, end)| {
        if end % 2 == 0 {
            bytes.truncate(end / 2 % 150);
        }
        thread::scope(|scope| {
            let client = Client::new(address).with_limit(LONG);
            let client = scope.spawn(move || client.connect());
            let (stream, _) = liar.accept().expect("the client comes");
            say(&stream, &bytes);
            heard(&stream);
            let end = client.join().expect("it does not panic");
            match end.map(drop) {
                Err(
                    Error::AuthenticationFailed { .. } | Error::Disconnected,
                ) => {}
                other => panic!("{other:?}"),
            }
        });
    });
}

/// Passes on what listener and client say to each other, changed by `change`,
/// which is told who speaks for the how many-th time; what the client has of
/// it.
fn relayed(
    listener: &Listener,
    change: impl Fn(usize, &[u8], &mut TcpStream) + Sync,
) -> multiprocessing::Result<Connection> {
    let relay = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = relay.local_addr().expect("it is bound");
    thread::scope(|scope| {
        let client = Client::new(address).with_limit(LONG);
        let client = scope.spawn(move || client.connect());
        let (mut ours, _) = relay.accept().expect("the client comes");
        let mut theirs =
            TcpStream::connect(port(listener)).expect("it listens");
        for (turn, length) in LENGTHS.into_iter().enumerate() {
            let (from, to) = match turn % 2 {
                0 => (&mut theirs, &mut ours),
                _ => (&mut ours, &mut theirs),
            };
            // A refusal is shorter than a welcome.
            let mut said = Vec::new();
            while said.len() < length && said != b"-" {
                let mut some = vec![0; length - said.len()];
                match from.read(&mut some) {
                    Ok(come @ 1..) => said.extend_from_slice(&some[..come]),
                    _ => break,
                }
            }
            if said.is_empty() {
                break;
            }
            change(turn, &said, to);
        }
        drop((ours, theirs));
        client.join().expect("it does not panic")
    })
}

fn b153_no_bit_of_a_handshake_may_change() {
    served(|listener| {
        for_all(200, any::<usize>(), |bit| {
            let place = bit % (LENGTHS.iter().sum::<usize>() * 8);
            let end = relayed(listener, |turn, said, to| {
                let before: usize = LENGTHS[..turn].iter().sum();
                let mut said = said.to_vec();
                let here = (place / 8).checked_sub(before);
                if let Some(byte) = here.and_then(|at| said.get_mut(at)) {
                    *byte ^= 1 << (place % 8);
                }
                let _ = to.write_all(&said);
            });
            match end.map(drop) {
                Err(Error::AuthenticationFailed { .. }) => {}
                other => panic!("bit {place}: {other:?}"),
            }
        });
    });
}

fn a_handshake_in_any_pieces_is_one() {
    let refused = served(|listener| {
        for_all(100, vec(1..10_usize, 1..20), |sizes| {
            let end = relayed(listener, |_, said, to| {
                to.set_nodelay(true).expect("it is of TCP");
                let mut left = said;
                for size in sizes.iter().cycle() {
                    let (piece, rest) = left.split_at(left.len().min(*size));
                    to.write_all(piece).expect("it listens");
                    left = rest;
                    if left.is_empty() {
                        return;
                    }
                }
            });
            drop(end.expect("nothing was changed"));
        });
    });
    assert_eq!(refused, 0);
}

//! Who does not know the key: the silent, the wrong, the other user.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use multiprocessing::connection::{Address, Client, Connection, Listener};
use multiprocessing::{Error, Result};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{Uid, setuid};

use crate::connection::{bound, enter_scratch, listeners, private, tcp};
use crate::harness::{Test, list};
use crate::procfs::open_descriptors;
use crate::support::{at_least, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b153_a_wrong_key_gets_nothing_and_the_next_is_served,
    b153_who_welcomes_without_the_key_is_refused,
    b153_who_listens_and_is_no_listener_is_refused,
    b153_what_was_said_before_opens_nothing,
    b155_no_limit_of_the_handshake_stays_with_a_connection,
    b211_fifty_silent_connections_do_not_stop_a_listener,
    b211_more_silent_connections_than_there_is_room_for,
    b211_the_silent_are_sent_away_after_the_deadline,
    who_has_answered_in_time_is_served_however_late_accept_is,
    an_empty_key_is_an_error,
    a_key_is_not_shown,
    another_users_process_is_sent_away,
];

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_mins(1);

/// What is said before a connection is one: the greeting and 32 random bytes,
/// then 32 random bytes and a proof, then a sign and a proof.
const GREETING: &[u8; 16] = b"multiprocessing1";
const CHALLENGE: usize = 48;
const ANSWER: usize = 64;

/// Runs `clients` while `listener` waits for one that knows the key; its
/// connection.
#[track_caller]
fn accepted(listener: &Listener, clients: impl FnOnce()) -> Connection {
    thread::scope(|scope| {
        let server = scope.spawn(|| listener.accept());
        clients();
        let accepted = server.join().expect("it does not panic");
        accepted.expect("one knows the key")
    })
}

#[track_caller]
fn connected(listener: &Listener) -> Connection {
    let client = Client::new(listener.address()).connect();
    client.expect("it knows the key")
}

#[track_caller]
fn refused<T>(result: Result<T>) -> String {
    match result.map(drop) {
        Err(Error::AuthenticationFailed { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

/// Somebody who connects and says nothing yet.
#[track_caller]
fn silent(listener: &Listener) -> TcpStream {
    let Address::Tcp(address) = *listener.address() else {
        panic!("{listener:?} is not one of TCP");
    };
    TcpStream::connect(address).expect("it listens")
}

/// The next bytes that the other side says.
#[track_caller]
fn said<const N: usize>(mut stream: impl Read) -> [u8; N] {
    let mut bytes = [0; N];
    stream
        .read_exact(&mut bytes)
        .expect("the other side speaks");
    bytes
}

/// Waits until the other side has ended the connection.
#[track_caller]
fn over(mut stream: impl Read) {
    let more = stream.read(&mut [0; 100]);
    assert!(matches!(more, Ok(0) | Err(_)), "{more:?}");
}

/// Says to a client a challenge, and then what `lie` makes of its answer; what
/// it says of that.
#[track_caller]
fn deceived(
    challenge: &[u8; CHALLENGE],
    lie: impl FnOnce([u8; ANSWER]) -> Vec<u8>,
) -> Result<Connection> {
    let liar = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = liar.local_addr().expect("it is bound");
    thread::scope(|scope| {
        let client = scope.spawn(|| Client::new(address).connect());
        let (mut stream, _) = liar.accept().expect("the client comes");
        stream.write_all(challenge).expect("it listens");
        let lie = lie(said(&stream));
        stream.write_all(&lie).expect("it listens");
        drop(stream);
        client.join().expect("it does not panic")
    })
}

fn challenge() -> [u8; CHALLENGE] {
    let mut challenge = [7; CHALLENGE];
    challenge[..GREETING.len()].copy_from_slice(GREETING);
    challenge
}

/// The answer of a client that knows the key of this family.
fn answer_to(challenge: &[u8; CHALLENGE]) -> [u8; ANSWER] {
    let mut overheard = [0; ANSWER];
    let end = deceived(challenge, |answer| {
        overheard = answer;
        Vec::new()
    });
    assert!(matches!(end, Err(Error::Disconnected)), "{end:?}");
    overheard
}

fn b153_a_wrong_key_gets_nothing_and_the_next_is_served() {
    enter_scratch();
    for listener in listeners() {
        let listener = listener.with_authkey("right");
        let client = Client::new(listener.address());
        let with_key = |key| client.clone().with_authkey(key).connect();
        let connection = accepted(&listener, || {
            for wrong in ["wrong", "righ", "rights", "\0"] {
                let reason = refused(with_key(wrong));
                assert_eq!(reason, "the listener has another key");
            }
            refused(client.connect());
            let right = with_key("right").expect("the key is right");
            right.send("hello").expect("send");
        });
        assert_eq!(connection.recv::<String>().expect("recv"), "hello");
        assert_eq!(listener.refused(), 5);
    }
}

fn b153_who_welcomes_without_the_key_is_refused() {
    let guess = |_| [&b"+"[..], &[7; 32]].concat();
    let echo = |answer: [u8; ANSWER]| [b"+", &answer[32..]].concat();
    for end in [deceived(&challenge(), guess), deceived(&challenge(), echo)] {
        assert_eq!(refused(end), "who listens does not know the key");
    }
}

fn b153_who_listens_and_is_no_listener_is_refused() {
    let http = |_| b"HTTP/1.1 400 Bad Request".to_vec();
    let reason = refused(deceived(&challenge(), http));
    assert_eq!(reason, "who listens is no Listener");

    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = other.local_addr().expect("it is bound");
    thread::scope(|scope| {
        let client = scope.spawn(|| Client::new(address).connect());
        let (mut stream, _) = other.accept().expect("the client comes");
        stream.write_all(&[b'x'; CHALLENGE]).expect("it listens");
        let end = client.join().expect("it does not panic");
        assert_eq!(refused(end), "who listens is no Listener");
        over(&stream);
    });
}

fn b153_what_was_said_before_opens_nothing() {
    let listener = bound(tcp());
    accepted(&listener, || {
        let mut first = silent(&listener);
        let old: [u8; CHALLENGE] = said(&first);
        let overheard = answer_to(&old);
        for _ in 0..3 {
            let mut stream = silent(&listener);
            assert_ne!(said::<CHALLENGE>(&stream), old);
            stream.write_all(&overheard).expect("it listens");
            assert_eq!(said(&stream), *b"-");
            over(&stream);
        }
        // Where it belongs, it is good, and nowhere else.
        first.write_all(&overheard).expect("it listens");
        assert_eq!(said(&first), *b"+");
    });
    assert_eq!(listener.refused(), 3);
}

fn b155_no_limit_of_the_handshake_stays_with_a_connection() {
    enter_scratch();
    for listener in listeners() {
        let mut client = None;
        let connection =
            accepted(&listener, || client = Some(connected(&listener)));
        let client = client.expect("it was connected");
        for end in [&client, &connection] {
            let flags = fcntl(end, FcntlArg::F_GETFL).expect("it is open");
            let flags = OFlag::from_bits_retain(flags);
            assert!(!flags.contains(OFlag::O_NONBLOCK));
        }
        for (from, to) in [(&client, &connection), (&connection, &client)] {
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(SHORT);
                    from.send("late").expect("send");
                });
                let text: String = at_least(SHORT / 2, || to.recv())
                    .expect("a receiver waits for as long as it takes");
                assert_eq!(text, "late");
            });
        }
    }
}

fn b211_fifty_silent_connections_do_not_stop_a_listener() {
    let listener = bound(tcp()).with_deadline(LONG);
    let mut streams: Vec<_> = (0..50).map(|_| silent(&listener)).collect();
    accepted(&listener, || drop(connected(&listener)));
    assert_eq!(listener.refused(), 0);
    // Nor do they if they say a little.
    for stream in &mut streams {
        stream.write_all(&[0; ANSWER - 1]).expect("it listens");
    }
    accepted(&listener, || drop(connected(&listener)));
    assert_eq!(listener.refused(), 0);

    let listener = private().with_deadline(LONG);
    let Address::Unix(path) = listener.address() else {
        panic!("{listener:?} is not one of a path");
    };
    let streams = (0..50).map(|_| UnixStream::connect(path));
    let streams: Vec<_> = streams.collect();
    accepted(&listener, || drop(connected(&listener)));
    assert!(streams.iter().all(std::io::Result::is_ok));
}

fn b211_more_silent_connections_than_there_is_room_for() {
    let listener = bound(tcp()).with_deadline(LONG);
    let streams: Vec<_> = (0..70).map(|_| silent(&listener)).collect();
    accepted(&listener, || drop(connected(&listener)));
    // Those who came first were sent away after a moment.
    assert!(listener.refused() > 0);
    said::<CHALLENGE>(&streams[0]);
    over(&streams[0]);
}

fn b211_the_silent_are_sent_away_after_the_deadline() {
    let before = open_descriptors();
    let listener = bound(tcp()).with_deadline(SHORT);
    accepted(&listener, || {
        let streams = at_least(SHORT, || {
            let streams: Vec<_> = (0..50).map(|_| silent(&listener)).collect();
            for stream in &streams {
                said::<CHALLENGE>(stream);
                over(stream);
            }
            streams
        });
        assert_eq!(streams.len(), 50);
        // On a busy machine the client may be too late as well.
        while Client::new(listener.address()).connect().is_err() {}
    });
    assert!(listener.refused() >= 50);
    listener.close();
    assert_eq!(open_descriptors(), before);
}

fn who_has_answered_in_time_is_served_however_late_accept_is() {
    const DEADLINE: Duration = Duration::from_secs(1);
    let listener = bound(tcp()).with_deadline(DEADLINE);
    let mut slow = silent(&listener);
    accepted(&listener, || drop(connected(&listener)));
    let answer = answer_to(&said(&slow));
    slow.write_all(&answer).expect("it listens");
    thread::sleep(DEADLINE);
    let connection = accepted(&listener, || ());
    connection.send("hello").expect("send");
    assert_eq!(said(&slow), *b"+");
    assert_eq!(listener.refused(), 0);
}

fn an_empty_key_is_an_error() {
    let listener = private().with_authkey("");
    let accepted = listener.accept();
    assert!(
        matches!(accepted, Err(Error::Invalid { .. })),
        "{accepted:?}"
    );
    let client = Client::new(listener.address()).with_authkey("").connect();
    assert!(matches!(client, Err(Error::Invalid { .. })), "{client:?}");
}

fn a_key_is_not_shown() {
    let listener = private().with_authkey("XYZ");
    let client = Client::new(listener.address()).with_authkey("XYZ");
    for text in [format!("{listener:?}"), format!("{client:?}")] {
        assert!(!text.contains("XYZ") && !text.contains("88, 89"), "{text}");
    }
}

fn another_users_process_is_sent_away() {
    if !Uid::effective().is_root() {
        // Only root can become another user.
        return;
    }
    enter_scratch();
    let path = Path::new("here");
    let listener = bound(path);
    for (path, mode) in [(Path::new("."), 0o755), (path, 0o777)] {
        let permissions = Permissions::from_mode(mode);
        fs::set_permissions(path, permissions).expect("it is ours");
    }
    let child = started(|| {
        setuid(Uid::from_raw(65534)).expect("root may");
        let reason = refused(Client::new(path).connect());
        assert_eq!(reason, "the listener is user 0's");
        over(UnixStream::connect(path).expect("the file system lets it"));
    });
    accepted(&listener, || {
        assert_eq!(joined(&child), 0);
        drop(connected(&listener));
    });
    assert_eq!(listener.refused(), 2);
}

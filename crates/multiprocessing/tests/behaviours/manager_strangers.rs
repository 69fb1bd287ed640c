//! Who comes to a manager and is no good client: the silent, those who do not
//! know the key, and those who know it and say whatever they like.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use multiprocessing::connection::{Address, Client, Connection};
use multiprocessing::{Error, ListProxy, Manager, QueueProxy, RemoteManager};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::strategy::Just;

use crate::connection::{enter_scratch, tcp};
use crate::harness::{Test, list};
use crate::hostile::for_all;
use crate::manager_remote::{KEY, address, connected, ok, served};
use crate::procfs::{descriptors_at_rest, descriptors_of, memory};
use crate::support::{SOON, eventually, in_child, seed, stderr_of};

pub(crate) const TESTS: &[Test] = list![
    b211_fifty_silent_connections_do_not_stop_a_manager,
    b211_more_silent_connections_than_there_is_room_for_stop_no_manager,
    b211_who_does_not_know_the_key_leaves_nothing_behind,
    b211_a_length_is_not_believed,
    b211_a_message_in_pieces_stops_nobody,
    b211_any_message_is_answered_or_ends_its_connection,
    b211_a_few_bytes_do_not_ask_for_all_memory,
    b211_more_clients_than_there_are_descriptors,
];

/// A bidirectional stream of either kind.
enum Raw {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Raw {
    #[track_caller]
    fn connect(manager: &Manager) -> Self {
        match address(manager) {
            Address::Unix(path) => {
                Self::Unix(UnixStream::connect(path).expect("it listens"))
            }
            Address::Tcp(port) => {
                Self::Tcp(TcpStream::connect(port).expect("it listens"))
            }
        }
    }

    /// One that has shown that it knows the key.
    #[track_caller]
    fn authenticated(manager: &Manager) -> Self {
        let connection = authenticated(manager);
        let socket = connection.as_fd().try_clone_to_owned();
        let socket: OwnedFd = socket.expect("there is room");
        match address(manager) {
            Address::Unix(_) => Self::Unix(socket.into()),
            Address::Tcp(_) => Self::Tcp(socket.into()),
        }
    }

    /// Says it, if the other side still listens.
    fn say(&mut self, bytes: &[u8]) {
        let _ = match self {
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        };
    }

    /// Waits until the other side has ended the connection.
    fn over(&mut self) {
        let mut rest = Vec::new();
        let _ = match self {
            Self::Unix(stream) => stream.read_to_end(&mut rest),
            Self::Tcp(stream) => stream.read_to_end(&mut rest),
        };
    }
}

#[track_caller]
fn authenticated(manager: &Manager) -> Connection {
    let client = Client::new(address(manager)).with_authkey(KEY);
    client.connect().expect("it serves there")
}

fn threads_of(pid: i32) -> usize {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    tasks.expect("it runs").count()
}

/// A manager of each kind, and what it serves.
fn each(test: impl Fn(&Manager)) {
    enter_scratch();
    for manager in [served(Path::new("here")), served(tcp())] {
        ok(|| {
            manager.publish("queue", &manager.queue::<u32>(0)?)?;
            manager.publish("dict", &manager.dict::<u32, u32>()?)?;
            manager.publish("list", &manager.list_from([1_u32, 2, 3])?)
        });
        test(&manager);
        assert_eq!(manager.exitcode().expect("ours"), None);
        manager.shutdown().expect("it ends");
        assert_eq!(manager.exitcode().expect("ours"), Some(0));
    }
}

/// A good client, from the beginning.
#[track_caller]
fn others_are_served(manager: &Manager) {
    let remote = connected(address(manager));
    let queue: QueueProxy<u32> = remote.queue("queue").expect("it is there");
    queue.put(7).expect("there is room");
    while queue.get().expect("it is there") != 7 {}
}

/// Runs `strangers`, and checks that the server has as many threads and
/// descriptors afterwards as before.
#[track_caller]
fn leave_nothing(manager: &Manager, strangers: impl FnOnce()) {
    let pid = manager.pid();
    // The test's own connection is there in both cases.
    others_are_served(manager);
    let before = (descriptors_at_rest(pid), threads_of(pid));
    strangers();
    others_are_served(manager);
    let after = || (descriptors_of(pid), threads_of(pid));
    let start = std::time::Instant::now();
    while after() > before {
        assert!(start.elapsed() < SOON, "{before:?} and {:?}", after());
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn b211_fifty_silent_connections_do_not_stop_a_manager() {
    each(|manager| {
        leave_nothing(manager, || {
            let silent = (0..50).map(|_| Raw::connect(manager));
            let mut silent: Vec<_> = silent.collect();
            others_are_served(manager);
            // Nor do they if they say a little.
            for it in &mut silent {
                it.say(&[0; 63]);
            }
            others_are_served(manager);
        });
    });
}

fn b211_more_silent_connections_than_there_is_room_for_stop_no_manager() {
    each(|manager| {
        leave_nothing(manager, || {
            let silent = (0..70).map(|_| Raw::connect(manager));
            let silent: Vec<_> = silent.collect();
            others_are_served(manager);
            drop(silent);
        });
    });
}

fn b211_who_does_not_know_the_key_leaves_nothing_behind() {
    each(|manager| {
        leave_nothing(manager, || {
            for round in 0..30_u8 {
                let mut garbage = Raw::connect(manager);
                garbage.say(&[round; 200]);
                garbage.over();
                let wrong = RemoteManager::connect(address(manager), "abcd");
                let Err(Error::AuthenticationFailed { .. }) = wrong else {
                    panic!("{wrong:?}");
                };
            }
        });
    });
}

fn b211_a_length_is_not_believed() {
    const MOST: usize = 64 << 20;
    each(|manager| {
        leave_nothing(manager, || {
            let before = memory(manager.pid());
            let mut liars = Vec::new();
            for _ in 0..20 {
                let mut liar = Raw::authenticated(manager);
                liar.say(&[0x7f, 0xff, 0xff, 0xff, 1, 2, 3]);
                liars.push(liar);
                let mut liar = Raw::authenticated(manager);
                liar.say(&[0xff; 8]);
                liar.over();
            }
            others_are_served(manager);
            let after = memory(manager.pid());
            assert!(after < before + MOST, "{before} and {after}");
        });
        // The same inside of a message: a dict of so many items, a list, a
        // key, each of as many as a number can say.
        for start in [&b"\0\0"[..], b"\0\x01", b"\0\x03\x01\0", b"\x01\x02"] {
            let stranger = authenticated(manager);
            let absurd = [start, &[0xff; 9], &[1]].concat();
            stranger.send_bytes(&absurd).expect("it listens");
            let end = stranger.recv_bytes();
            assert!(matches!(end, Err(Error::Disconnected)), "{end:?}");
        }
        assert!(memory(manager.pid()) < MOST * 2);
    });
}

fn b211_a_message_in_pieces_stops_nobody() {
    each(|manager| {
        leave_nothing(manager, || {
            // The length of the queue, a byte at a time.
            let mut slow = Raw::authenticated(manager);
            for byte in [0, 0, 0, 5, 0, 1, 1, 2] {
                slow.say(&[byte]);
                others_are_served(manager);
            }
            slow.say(&[2]);
            let mut reply = [0; 6];
            match &mut slow {
                Raw::Unix(stream) => stream.read_exact(&mut reply),
                Raw::Tcp(stream) => stream.read_exact(&mut reply),
            }
            .expect("it answers");
            assert_eq!(reply, [0, 0, 0, 2, 0, 0]);
        });
    });
}

/// Bytes that begin as a message does, and go on as one may: small numbers
/// choose what is asked for, and of which object; large ones are lengths.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    // The repetition of a list asks for memory, as whoever knows the key may.
    const REPEAT: [u8; 2] = [1, 8];
    let number = prop_oneof![
        6 => prop_oneof![Just(0), Just(1), Just(4)].prop_map(|n| vec![n]),
        1 => (0..14_u8).prop_map(|n| vec![n]),
        1 => Just(vec![0xff, 0xff, 0xff, 0xff, 0x07]),
        1 => Just([vec![0xff; 9], vec![1]].concat()),
        1 => vec(any::<u8>(), 0..20),
    ];
    // Of the dict, of the list or of the queue; of any as another kind; for a
    // dict, a list, a queue or a user's object; who serves; anything.
    let start = prop_oneof![
        Just(vec![0, 1, 2, 0]),
        (0..3_u8, 0..9_u8)
            .prop_map(|(kind, call)| vec![0, 1, 3, 1, kind, call]),
        Just(vec![0, 1, 1, 2]),
        (1..4_u8, 3..9_u8).prop_map(|(id, kind)| vec![0, 1, id, kind]),
        prop_oneof![0..3_u8, Just(8)].prop_map(|kind| vec![0, 0, kind]),
        (0..3_u8).prop_map(|call| vec![1, call]),
        (0..2_u8, 1..14_u8).prop_map(|(hall, request)| vec![hall, request]),
    ];
    let guided = (start, vec(number, 0..7))
        .prop_map(|(start, numbers)| [start, numbers.concat()].concat());
    let repeats = |bytes: &Vec<u8>| {
        bytes.get(3) == Some(&1) && bytes.get(4..6) == Some(&REPEAT)
    };
    prop_oneof![1 => vec(any::<u8>(), 0..60), 4 => guided]
        .prop_filter("it repeats a list", move |bytes| !repeats(bytes))
}

fn b211_any_message_is_answered_or_ends_its_connection() {
    let cases = match std::env::var("MP_ROUNDS") {
        Ok(rounds) => rounds.parse().expect("MP_ROUNDS is a number"),
        Err(_) => 300,
    };
    println!("the seed is {}", seed());
    // A panic of the server's would end a connection as well.
    let (said, exitcode) = stderr_of(|| {
        each(|manager| {
            let remote = connected(address(manager));
            let queue: QueueProxy<u32> =
                remote.queue("queue").expect("it is there");
            // So that a get that a message asks for has something to take.
            (0..1000).for_each(|n| queue.put(n).expect("there is room"));
            leave_nothing(manager, || {
                for_all(cases, vec(messages(), 1..4), |messages| {
                    converse(manager, &messages);
                });
            });
        });
    });
    assert_eq!((said.as_str(), exitcode), ("", 0));
}

/// Says these messages, one after the other, as long as they are answered.
#[track_caller]
fn converse(manager: &Manager, messages: &[Vec<u8>]) {
    let stranger = authenticated(manager);
    for message in messages {
        if stranger.send_bytes(message).is_err() {
            return;
        }
        // A call that waits is an answer, too.
        let limit = Duration::from_millis(50);
        if !stranger.poll(limit).expect("it is open") {
            return;
        }
        match stranger.recv_bytes() {
            Ok(reply) => assert!(reply[0] < 2, "{reply:?}"),
            Err(Error::Disconnected) => return,
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn b211_a_few_bytes_do_not_ask_for_all_memory() {
    each(|manager| {
        let remote = connected(address(manager));
        let list: ListProxy<u32> = remote.list("list").expect("it is there");
        for times in [usize::MAX, 1 << 40, 1 << 27] {
            let refused = list.repeat(times);
            assert!(
                matches!(refused, Err(Error::Invalid { .. })),
                "{refused:?}"
            );
        }
        list.repeat(2).expect("that is possible");
        assert_eq!(list.len().expect("it answers"), 6);
    });
}

fn b211_more_clients_than_there_are_descriptors() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    // In a child, whose server has few.
    let exitcode = in_child(|| {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("one may");
        setrlimit(Resource::RLIMIT_NOFILE, 30, most).expect("one may");
        let manager = served(tcp());
        ok(|| manager.publish("queue", &manager.queue::<u32>(0)?));
        setrlimit(Resource::RLIMIT_NOFILE, most.min(1000), most)
            .expect("one may");
        leave_nothing(&manager, || {
            let clients = (0..60).map(|_| Raw::connect(&manager));
            let clients: Vec<_> = clients.collect();
            eventually(SOON, || descriptors_of(manager.pid()) >= 30);
            drop(clients);
        });
    });
    assert_eq!(exitcode, 0);
}

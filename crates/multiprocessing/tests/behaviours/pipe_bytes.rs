//! Any bytes on a pipe, or on a connection with a listener: each message that is whole is received, and all else
//! is an error, at once and without much memory.

use std::thread;

use multiprocessing::connection::{Client, Descriptor, Listener};
use multiprocessing::{Connection, Error, Result};
use nix::sys::resource::{Resource, setrlimit};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::connection::private;
use crate::harness::{Test, list};
use crate::hostile::for_all;
use crate::pipe::{duplex, one_way};
use crate::procfs::open_descriptors;
use crate::support::in_child;

pub(crate) const TESTS: &[Test] = list![
    b154_of_any_packets_whole_messages_are_received,
    b154_of_any_bytes_whole_messages_are_received,
    b154_any_bytes_are_an_item_or_an_error,
    b154_items_without_content_are_counted,
    b154_a_message_is_only_so_deep,
    b139_any_messages_arrive_as_they_were_sent,
];

const CASES: u32 = 300;
const MAX: u32 = 0x7fff_ffff;

/// Runs `test` in a process with little memory.
#[track_caller]
fn frugally(test: impl FnOnce()) {
    const ROOM: u64 = 1 << 30;
    let exitcode = in_child(|| {
        setrlimit(Resource::RLIMIT_AS, ROOM, ROOM).expect("lower the limit");
        test();
    });
    assert_eq!(exitcode, 0);
}

/// A message with its length before it.
fn frame(body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).expect("it is short");
    [&len.to_be_bytes(), body].concat()
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..100)
}

/// What somebody may write who knows the format, and does not keep to it.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let cut = (body(), any::<usize>()).prop_map(|(body, at)| {
        let frame = frame(&body);
        frame[..at % (frame.len() + 1)].to_vec()
    });
    let length = prop_oneof![any::<u32>(), MAX - 2.., 0..200_u32];
    prop_oneof![
        4 => body().prop_map(|body| frame(&body)),
        1 => cut,
        1 => length.prop_map(|length| length.to_be_bytes().to_vec()),
        1 => body(),
    ]
}

/// What has to be received: messages, and then an error; whether that is one
/// of a length that none may have.
type Expected = Vec<std::result::Result<Vec<u8>, bool>>;

/// Of these bytes, in a stream.
fn expected(mut bytes: &[u8]) -> Expected {
    let mut messages = Vec::new();
    let end = loop {
        let Some((length, rest)) = bytes.split_first_chunk() else {
            break false;
        };
        let length = u32::from_be_bytes(*length);
        if length > MAX {
            break true;
        }
        let Some((body, rest)) = rest.split_at_checked(length as usize) else {
            break false;
        };
        messages.push(Ok(body.to_vec()));
        bytes = rest;
    };
    messages.push(Err(end));
    messages
}

/// Of these packets.
fn expected_of(packets: &[Vec<u8>]) -> Expected {
    const GOES_ON: u32 = MAX + 1;
    let packets = packets.iter().map(|packet| {
        let (header, body) = packet.split_first_chunk()?;
        Some((u32::from_be_bytes(*header), body))
    });
    let (mut packets, mut messages) = (packets, Vec::new());
    let end = 'end: loop {
        let Some(Some((length, body))) = packets.next() else {
            break false;
        };
        if length > MAX {
            break length != GOES_ON;
        }
        let mut message = body.to_vec();
        while message.len() < length as usize {
            match packets.next() {
                Some(Some((GOES_ON, more))) if !more.is_empty() => {
                    message.extend(more);
                }
                _ => break 'end false,
            }
        }
        if message.len() > length as usize {
            break false;
        }
        messages.push(Ok(message));
    };
    messages.push(Err(end));
    messages
}

/// Writes `pieces` one after the other, and closes, while `reads` receives.
fn while_written(
    (reader, writer): (Connection, Connection),
    pieces: &[Vec<u8>],
    reads: impl FnOnce(&Connection),
) {
    thread::scope(|scope| {
        scope.spawn(move || {
            for piece in pieces {
                // The reader may have given up, and closed.
                let _ = nix::unistd::write(&writer, piece);
            }
        });
        reads(&reader);
        drop(reader);
    });
}

/// Receives what is expected, and then nothing more.
fn takes(reader: &Connection, expected: Expected) {
    for message in expected {
        match (reader.recv_bytes(), message) {
            (Ok(come), Ok(message)) => assert_eq!(come, message),
            (Err(Error::TooLong { .. }), Err(true))
            | (Err(Error::Disconnected), Err(false)) => {}
            other => panic!("{other:?}"),
        }
    }
    let more = reader.recv_bytes();
    assert!(matches!(more, Err(Error::Disconnected)), "{more:?}");
}

fn b154_of_any_packets_whole_messages_are_received() {
    // With those that go on, and those that have something to go on with.
    let goes_on = body().prop_map(|body| {
        let header: u32 = MAX + 1;
        [&header.to_be_bytes(), &body[..]].concat()
    });
    let begins = (body(), 0..300_u32)
        .prop_map(|(body, len)| [&len.to_be_bytes(), &body[..]].concat());
    let packet = prop_oneof![4 => piece(), 2 => goes_on, 1 => begins];
    frugally(|| {
        for_all(CASES, vec(packet, 0..12), |packets| {
            while_written(duplex(), &packets, |reader| {
                takes(reader, expected_of(&packets));
            });
        });
    });
}

fn b154_of_any_bytes_whole_messages_are_received() {
    let listener = private();
    frugally(|| {
        for_all(CASES, vec(piece(), 0..12), |pieces| {
            let bytes = pieces.concat();
            while_written(accepted(&listener), &pieces, |reader| {
                takes(reader, expected(&bytes));
            });
        });
    });
}

/// Both ends of a connection.
fn accepted(listener: &Listener) -> (Connection, Connection) {
    thread::scope(|scope| {
        let client = scope.spawn(|| Client::new(listener.address()).connect());
        let reader = listener.accept().expect("somebody comes");
        let writer = client.join().expect("no panic").expect("it is there");
        (reader, writer)
    })
}

/// Receives what comes as items of a type, to its end.
fn drain<T: DeserializeOwned>(reader: &Connection) {
    loop {
        match reader.recv::<T>() {
            Err(Error::Disconnected) => return,
            Ok(_)
            | Err(
                Error::Decode { .. }
                | Error::MissingDescriptor
                | Error::TooLong { .. },
            ) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn b154_any_bytes_are_an_item_or_an_error() {
    type Mixed = (Option<String>, Vec<(u64, f32)>, Result<char, bool>);

    frugally(|| {
        let before = open_descriptors();
        for_all(CASES, vec(piece(), 0..12), |pieces| {
            while_written(duplex(), &pieces, drain::<Vec<u64>>);
            while_written(duplex(), &pieces, drain::<Vec<String>>);
            while_written(duplex(), &pieces, drain::<Vec<Connection>>);
            while_written(duplex(), &pieces, drain::<(Descriptor, String)>);
            while_written(duplex(), &pieces, drain::<Mixed>);
        });
        assert_eq!(open_descriptors(), before);
    });
}

/// What `bytes` are as a `T`.
fn item<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let (reader, writer) = one_way();
    thread::scope(|scope| {
        scope.spawn(|| writer.send_bytes(bytes).expect("send"));
        reader.recv()
    })
}

#[track_caller]
fn undecodable<T>(item: Result<T>, why: &str) {
    match item {
        Err(Error::Decode { reason }) if reason.contains(why) => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it is an item"),
    }
}

fn b154_items_without_content_are_counted() {
    let endless = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    undecodable(item::<Vec<()>>(&endless), "more items than bytes");
    undecodable(item::<Vec<[u8; 0]>>(&endless), "more items than bytes");
    let several = [&[3], &endless[..], &[1], &[0]].concat();
    undecodable(item::<Vec<Vec<()>>>(&several), "more items than bytes");
    let (reader, writer) = one_way();
    writer.send(&vec![(); 1_000_000]).expect("send");
    let items: Vec<()> = reader.recv().expect("recv");
    assert_eq!(items.len(), 1_000_000);
}

#[derive(Serialize, Deserialize)]
enum Chain {
    End,
    Link { content: [u64; 8], next: Box<Self> },
}

fn chain(length: usize) -> Chain {
    (0..length).fold(Chain::End, |next, _| Chain::Link {
        content: [7; 8],
        next: Box::new(next),
    })
}

fn b154_a_message_is_only_so_deep() {
    #[derive(Deserialize)]
    struct Tree(#[expect(dead_code, reason = "it is not read")] Vec<Tree>);

    // In a thread, whose stack is the smaller one.
    thread::scope(|scope| {
        scope.spawn(|| {
            undecodable(item::<Tree>(&vec![1; 1 << 20]), "nested");
            let (reader, writer) = one_way();
            writer.send(&chain(255)).expect("send");
            assert!(matches!(reader.recv(), Ok(Chain::Link { .. })));
            writer.send(&chain(256)).expect("send");
            undecodable(reader.recv::<Chain>(), "nested");
        });
    });
}

fn b139_any_messages_arrive_as_they_were_sent() {
    let size = prop_oneof![Just(0), 0..100_usize, 60_000..200_000_usize];
    let message = (size, any::<u8>()).prop_map(|(size, first)| {
        let bytes = (0..size).map(|i| first.wrapping_add(i.to_le_bytes()[0]));
        bytes.collect::<Vec<u8>>()
    });
    for_all(50, vec(message, 0..8), |messages| {
        let (reader, writer) = one_way();
        thread::scope(|scope| {
            scope.spawn(|| {
                for message in &messages {
                    writer.send_bytes(message).expect("send");
                }
            });
            for message in &messages {
                assert!(reader.recv_bytes().expect("recv") == *message);
            }
        });
    });
}

//! What comes through a connection: frames, items, descriptors.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};

use hostile::{Target, cost, joined, pieces};
use nix::sys::socket::SockType;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Connection, Descriptor, Pipe, frame, pair};
use crate::codec;
use crate::connection::Address;
use crate::error::{Error, Result};
use crate::pass;
use crate::targets::lowest_free;

/// What an item of one byte may become.
const ITEM: u64 = 256;
/// What an item without bytes may cost: the words of an error.
const WORDS: u64 = 1 << 10;
/// A frame begins with a piece of 64 KiB, which is copied while it grows.
const FRAME: u64 = 256 << 10;

/// The first byte chooses how the rest is received: whether it is the stream
/// or messages, and by which call.
pub(crate) const FRAMES: Target = Target {
    name: "frames",
    run: |input| {
        let Some((how, rest)) = input.split_first() else {
            return;
        };
        match how & 0x80 {
            0 => receive(how & 0x7f, rest),
            _ => receive(how & 0x7f, &framed(rest)),
        }
    },
    seeds: || {
        let item = codec::encode(&vec![1_u64, 300, 70_000]).unwrap_or_default();
        let messages = joined([b"hello", &item[..], b"", &[0; 40]]);
        let both = [messages.clone(), framed(&messages)];
        let seeds = (0..3).flat_map(|how| {
            let [messages, stream] = both.clone();
            [[vec![how | 0x80], messages], [vec![how], stream]]
        });
        seeds.map(|parts| parts.concat()).collect()
    },
};

/// Pieces as messages.
pub(crate) fn framed(input: &[u8]) -> Vec<u8> {
    let frames = pieces(input).map(|body| {
        let len = u32::try_from(body.len()).unwrap_or(0);
        [&len.to_be_bytes(), body].concat()
    });
    frames.collect::<Vec<_>>().concat()
}

/// Each message that is whole is received, then comes the end.
fn receive(how: u8, stream: &[u8]) {
    let before = lowest_free();
    let (ours, theirs) = pair(SockType::Stream).expect("two are left");
    let ours = Connection::from_socket(ours);
    let sent = rustix::io::write(&theirs, stream);
    assert_eq!(sent, Ok(stream.len()), "a socket has room for so much");
    drop(theirs);
    let ((), cost) = cost(|| match how % 3 {
        0 => messages(stream, |message| {
            let come = ours.recv_bytes()?;
            assert!(message.is_none_or(|message| message == come));
            Ok(())
        }),
        1 => messages(stream, |message| {
            let mut buffer = [0; 16];
            let come = match ours.recv_bytes_into(&mut buffer) {
                Ok(len) => buffer[..len].to_vec(),
                Err(Error::BufferTooShort { message, room: 16 }) => message,
                Err(error) => return Err(error),
            };
            assert!(message.is_none_or(|message| message == come));
            Ok(())
        }),
        _ => messages(stream, |_| match ours.recv::<Vec<u64>>() {
            Ok(_) | Err(Error::Decode { .. }) => Ok(()),
            Err(error) => Err(error),
        }),
    });
    cost.is_within(FRAME, ITEM, stream.len());
    drop(ours);
    assert_eq!(lowest_free(), before, "a descriptor is left open");
}

/// Calls `recv` for each message in `stream`, and twice for the end.
fn messages(
    mut stream: &[u8],
    mut recv: impl FnMut(Option<&[u8]>) -> Result<()>,
) {
    let mut lost = false;
    while let Some((len, rest)) = stream.split_first_chunk() {
        let len = u32::from_be_bytes(*len) as usize;
        lost = len > frame::MAX;
        let Some((message, rest)) = rest.split_at_checked(len) else {
            break;
        };
        recv(Some(message)).expect("the message is whole");
        stream = rest;
    }
    match recv(None) {
        Err(Error::TooLong { .. }) if lost => {}
        Err(Error::Disconnected) if !lost => {}
        other => panic!("{other:?}, where the messages end"),
    }
    let end = recv(None);
    assert!(matches!(end, Err(Error::Disconnected)), "{end:?}");
}

/// The first byte chooses a type, the rest is an item of it.
pub(crate) const ITEMS: Target = Target {
    name: "items",
    run: |input| {
        let Some((which, bytes)) = input.split_first() else {
            return;
        };
        TYPES[usize::from(*which) % TYPES.len()](bytes);
    },
    seeds: || {
        let tree = Tree(vec![Tree(vec![]), Tree(vec![Tree(vec![])])]);
        let mixed = Mixed {
            words: [("one".into(), 1), ("two".into(), -2)].into(),
            pair: (Some('三'), 3.5),
            outcome: Err("no".into()),
            places: vec![Address::Tcp(([127, 0, 0, 1], 80).into())],
        };
        let items = [
            codec::encode(&vec![(); 3]),
            codec::encode(&vec![1_u64, 1 << 40]),
            codec::encode(&vec!["a", "", "bc"]),
            codec::encode(&mixed),
            codec::encode(&tree),
            codec::encode(&vec![vec![vec![1_u8]]]),
            codec::encode(&[Some(1_i128), None]),
        ];
        let seed = |(which, item): (u8, Result<Vec<u8>>)| {
            [vec![which], item.unwrap_or_default()].concat()
        };
        (0..).zip(items).map(seed).collect()
    },
};

#[derive(Serialize, Deserialize)]
struct Tree(Vec<Tree>);

#[derive(Serialize, Deserialize)]
struct Mixed {
    words: BTreeMap<String, i64>,
    pair: (Option<char>, f32),
    outcome: Result<bool, String>,
    places: Vec<Address>,
}

const TYPES: [fn(&[u8]); 7] = [
    there_and_back::<Vec<()>>,
    there_and_back::<Vec<u64>>,
    there_and_back::<Vec<String>>,
    there_and_back::<Mixed>,
    there_and_back::<Tree>,
    there_and_back::<Vec<Vec<Vec<u8>>>>,
    there_and_back::<[Option<i128>; 2]>,
];

/// What `bytes` are as a `T`, if they are one, can be encoded, and that is
/// again the same item. It may be shorter: a number can be written with
/// zeroes before it.
pub(crate) fn there_and_back<T>(bytes: &[u8])
where
    T: Serialize + DeserializeOwned,
{
    let (item, cost) = cost(|| codec::decode::<T>(bytes));
    cost.is_within(WORDS, ITEM, bytes.len());
    match item {
        Ok(item) => {
            let there = codec::encode(&item).expect("it has come as bytes");
            assert!(there.len() <= bytes.len());
            let back: T = codec::decode(&there).expect("it is an item");
            let again = codec::encode(&back).expect("it has come as bytes");
            assert_eq!(there, again);
        }
        Err(Error::Decode { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
}

/// The first byte says how many descriptors come with the message that the
/// rest is.
pub(crate) const DESCRIPTORS: Target = Target {
    name: "descriptors",
    run: |input| {
        let Some((count, message)) = input.split_first() else {
            return;
        };
        let before = lowest_free();
        unpacked(usize::from(*count % 5), message);
        passed(usize::from(*count % 5), message);
        assert_eq!(lowest_free(), before, "a descriptor is left open");
    },
    seeds: || vec![vec![3, 0, 1, 1, 2, 1, 2], vec![1, b'c']],
};

/// Through a connection, as part of an item.
fn unpacked(count: usize, message: &[u8]) {
    type Item = (Descriptor, Vec<Connection>, Option<Descriptor>);

    let (ours, theirs) = Pipe::duplex().expect("two descriptors are left");
    let copies = vec![theirs.as_fd(); count];
    frame::send_with(theirs.as_fd(), message, &copies).expect("there is room");
    let (item, cost) = cost(|| ours.recv::<Item>());
    cost.is_within(FRAME, ITEM, message.len());
    match item {
        Ok((_, connections, more)) => {
            let all = 1 + connections.len() + usize::from(more.is_some());
            assert!(all <= count, "{all} of {count} descriptors");
        }
        Err(Error::Decode { .. } | Error::MissingDescriptor) => {}
        Err(other) => panic!("{other:?}"),
    }
    // It can still be used.
    theirs.send_bytes(b"more").expect("there is room");
    assert_eq!(ours.recv_bytes().expect("it has come"), b"more");
}

/// Beside a packet.
fn passed(count: usize, message: &[u8]) {
    let (ours, theirs) = pair(SockType::SeqPacket).expect("two are left");
    let copies: Vec<BorrowedFd<'_>> = vec![theirs.as_fd(); count];
    pass::send(theirs.as_fd(), message, &copies).expect("there is room");
    match pass::recv(ours.as_fd()) {
        Ok((come, descriptors)) => {
            assert!(message.starts_with(&come));
            assert_eq!(descriptors.len(), count);
        }
        Err(Error::Disconnected) if message.is_empty() => {}
        Err(other) => panic!("{other:?}"),
    }
}

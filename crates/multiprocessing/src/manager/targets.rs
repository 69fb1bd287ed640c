//! What clients ask a manager's server, and what a server replies.

use std::os::fd::{AsFd, OwnedFd};
use std::thread;

use hostile::{Target, cost, joined, pieces};
use nix::sys::socket::SockType;
use rustix::net::{Shutdown, shutdown};
use rustix::process::{PidfdFlags, getpid, pidfd_open};

use super::door::Client;
use super::protocol::{
    DictCall, Encoded, ListCall, ListChange, ListRead, Pair, QueueCall,
    Refusal, Reply, Request, Span,
};
use super::server::Objects;
use crate::codec;
use crate::pipe::targets::there_and_back;
use crate::pipe::{frame, pair};
use crate::targets::lowest_free;

/// Requests, one after the other.
pub(crate) const REQUESTS: Target = Target {
    name: "requests",
    run: |input| {
        let requests: Vec<_> = pieces(input).take(64).collect();
        if is_modest(&requests) {
            let before = lowest_free();
            serve(&requests);
            assert_eq!(lowest_free(), before, "a descriptor is left open");
        }
    },
    seeds: || {
        let requests = [dict_requests(), list_requests(), queue_requests()];
        let requests = requests.into_iter().chain(repeated());
        let encoded = |request: &Request| codec::encode(request).ok();
        let seed = |of: &Vec<Request>| joined(of.iter().filter_map(encoded));
        requests.map(|of| seed(&of)).collect()
    },
};

fn item(item: &str) -> Encoded {
    Encoded::new(item).expect("a text can be encoded")
}

fn dict_requests() -> Vec<Request> {
    let pairs = vec![(item("a"), item("1")), (item("b"), item("2"))];
    let calls = [
        DictCall::Set(item("c"), item("3")),
        DictCall::Update(vec![(item("d"), item("4"))]),
        DictCall::SetDefault(item("a"), item("5")),
        DictCall::Get(item("a")),
        DictCall::Remove(item("b")),
        DictCall::Contains(item("b")),
        DictCall::Len,
        DictCall::Keys,
        DictCall::Values,
        DictCall::Items,
        DictCall::PopItem,
        DictCall::Clear,
    ];
    let calls = calls.into_iter().map(|call| Request::Dict(0, call));
    std::iter::once(Request::NewDict(pairs))
        .chain(calls)
        .collect()
}

fn list_requests() -> Vec<Request> {
    let span = |start, end| Span { start, end };
    let changes = [
        ListChange::Extend(vec![item("c"), item("d")]),
        ListChange::Set(1, item("e")),
        ListChange::SetSlice(span(0, Some(2)), vec![item("f")]),
        ListChange::Insert(0, item("g")),
        ListChange::Pop,
        ListChange::PopAt(0),
        ListChange::Remove(item("f")),
        ListChange::Reverse,
        ListChange::Repeat(3),
    ];
    let reads = [
        ListRead::Get(0),
        ListRead::Slice(span(0, None)),
        ListRead::Index(item("c")),
        ListRead::Count(item("c")),
        ListRead::Len,
        ListRead::Version,
    ];
    let replace = ListCall::Replace {
        version: 9,
        items: vec![item("h")],
    };
    let changes = changes.into_iter().map(ListCall::Change);
    let calls = changes.chain(reads.map(ListCall::Read)).chain([replace]);
    let calls = calls.map(|call| Request::List(0, call));
    std::iter::once(Request::NewList(vec![item("a"), item("b")]))
        .chain(calls)
        .collect()
}

fn queue_requests() -> Vec<Request> {
    let put = |limit| QueueCall::Put {
        item: item("a"),
        limit,
    };
    let calls = [
        put(None),
        put(Some(std::time::Duration::ZERO)),
        QueueCall::Size,
        QueueCall::Full,
        QueueCall::Get { limit: None },
    ];
    let calls = calls.into_iter().map(|call| Request::Queue(0, call));
    std::iter::once(Request::NewQueue { maxsize: 1 })
        .chain(calls)
        .collect()
}

/// No items, and more items than there is memory for.
fn repeated() -> [Vec<Request>; 2] {
    [vec![], vec![item("a")]].map(|items| {
        let change = ListChange::Repeat(usize::MAX);
        let change = Request::List(0, ListCall::Change(change));
        vec![Request::NewList(items), change]
    })
}

/// Whoever has a list repeated often enough gets as long a list as there is
/// memory for. Here it is repeated twice, eight times at most, or so often that
/// no memory is enough.
fn is_modest(requests: &[&[u8]]) -> bool {
    let repeated = |request: &&[u8]| match codec::decode(request) {
        Ok(Request::List(_, ListCall::Change(ListChange::Repeat(times)))) => {
            Some(times)
        }
        _ => None,
    };
    let often = |times: &usize| (2..1 << 60).contains(times);
    let times: Vec<_> =
        requests.iter().filter_map(repeated).filter(often).collect();
    times.len() <= 2 && times.iter().all(|times| *times <= 8)
}

/// Every request has a reply, up to the first that is none.
fn serve(requests: &[&[u8]]) {
    let (ours, theirs) = pair(SockType::Stream).expect("two are left");
    let process = pidfd_open(getpid(), PidfdFlags::empty());
    let client = Client {
        stream: theirs,
        process: process.expect("a descriptor is left"),
    };
    for request in requests {
        frame::send(ours.as_fd(), request).expect("there is room");
    }
    // The end of the requests is the end of the client, so no call waits.
    shutdown(&ours, Shutdown::Write).expect("it is connected");
    let sound = |request: &&&[u8]| codec::decode::<Request>(request).is_ok();
    let expected = requests.iter().take_while(sound).count();
    let len: usize = requests.iter().map(|request| request.len()).sum();
    thread::scope(|scope| {
        let replies = scope.spawn(move || replies(&ours));
        let serve = || Objects::default().serve(&client).is_err();
        let (ended, cost) = cost(serve);
        drop(client);
        assert!(ended, "it serves while there are requests");
        // A list may be 64 times as long as it has come.
        cost.is_within(1 << 20, 64 * 256, len);
        assert_eq!(cost.left, 0, "what a client has left behind");
        assert_eq!(replies.join().expect("no panic"), expected);
    });
}

/// How many replies come.
fn replies(stream: &OwnedFd) -> usize {
    let replies = std::iter::from_fn(|| frame::recv(stream.as_fd()).ok());
    let sound = |reply: &Vec<u8>| matches!(reply[..], [0 | 1, ..]);
    replies
        .inspect(|it| assert!(sound(it), "no reply: {it:?}"))
        .count()
}

/// The first byte chooses what a reply is to hold, the rest is the reply.
pub(crate) const REPLIES: Target = Target {
    name: "replies",
    run: |input| {
        let Some((which, bytes)) = input.split_first() else {
            return;
        };
        HOLDING[usize::from(*which) % HOLDING.len()](bytes);
    },
    seeds: || {
        let items = vec![item("a"), item("b")];
        let pairs: Vec<Pair> = vec![(item("a"), item("b"))];
        let no: Reply<()> = Err(Refusal::OutOfRange { index: 5, len: 2 });
        let seeds = [
            codec::encode(&Reply::Ok(())),
            codec::encode(&Reply::Ok(true)),
            codec::encode(&Reply::Ok(12_usize)),
            codec::encode(&Reply::Ok(Some(item("a")))),
            codec::encode(&Reply::Ok(pairs.first())),
            codec::encode(&Reply::Ok((7_u64, items))),
            codec::encode(&Reply::Ok(&pairs)),
            codec::encode(&no),
            codec::encode(&Reply::<()>::Err(Refusal::Invalid("no".into()))),
        ];
        let seed = |(which, reply): (u8, crate::Result<Vec<u8>>)| {
            [vec![which], reply.unwrap_or_default()].concat()
        };
        (0..).zip(seeds).map(seed).collect()
    },
};

const HOLDING: [fn(&[u8]); 7] = [
    there_and_back::<Reply<()>>,
    there_and_back::<Reply<bool>>,
    there_and_back::<Reply<usize>>,
    there_and_back::<Reply<Option<Encoded>>>,
    there_and_back::<Reply<Option<Pair>>>,
    there_and_back::<Reply<(u64, Vec<Encoded>)>>,
    there_and_back::<Reply<Vec<Pair>>>,
];

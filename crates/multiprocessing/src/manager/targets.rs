//! What clients ask a manager's server, and what a server replies.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use hostile::{Target, cost, joined, pieces};
use nix::sys::socket::SockType;

use super::door::Client;
use super::protocol::{
    BarrierCall, Call, ConditionCall, DictCall, Encoded, EventCall, ListCall,
    ListChange, ListRead, LockCall, LockKind, Message, New, Pair, QueueCall,
    Refusal, Reply, Request, SemaphoreCall, Span,
};
use super::server::{Hall, Watch};
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
            watch();
            let before = lowest_free();
            serve(&requests);
            assert_eq!(lowest_free(), before, "a descriptor is left open");
        }
    },
    seeds: || {
        let requests = [
            dict_requests(),
            list_requests(),
            queue_requests(),
            lock_requests(),
        ];
        let requests = requests.into_iter().chain(repeated());
        let encoded =
            |request: &Request| codec::encode(&Message::Object(request)).ok();
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
    let calls = calls
        .into_iter()
        .map(|call| Request::Call(1, Call::Dict(call)));
    std::iter::once(Request::New(New::Dict(pairs)))
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
    let calls = calls.map(|call| Request::Call(1, Call::List(call)));
    std::iter::once(Request::New(New::List(vec![item("a"), item("b")])))
        .chain(calls)
        .collect()
}

fn queue_requests() -> Vec<Request> {
    let put = |limit| QueueCall::Put {
        item: item("a"),
        limit,
    };
    let calls = [
        put(Some(Duration::ZERO)),
        put(Some(Duration::ZERO)),
        QueueCall::Size,
        QueueCall::Full,
        QueueCall::Get {
            limit: Some(Duration::ZERO),
        },
    ];
    let calls = calls
        .into_iter()
        .map(|call| Request::Call(1, Call::Queue(call)));
    std::iter::once(Request::New(New::Queue { maxsize: 1 }))
        .chain(calls)
        .collect()
}

/// Of all that processes wait for; nobody waits.
fn lock_requests() -> Vec<Request> {
    let limit = Some(Duration::ZERO);
    let acquire = LockCall::Acquire { limit };
    let makes = [
        New::Lock(LockKind::Plain),
        New::Semaphore { units: 1, bound: 2 },
        New::Event,
        New::Condition { lock: Some(1) },
        New::Barrier { parties: 2, limit },
    ];
    let calls = [
        (1, Call::Lock(acquire)),
        (1, Call::Lock(LockCall::Locked)),
        (4, Call::Condition(ConditionCall::Check)),
        (4, Call::Condition(ConditionCall::Wait { limit })),
        (4, Call::Condition(ConditionCall::Notify(Some(2)))),
        (4, Call::Condition(ConditionCall::Lock(LockCall::Release))),
        (2, Call::Semaphore(SemaphoreCall::Acquire { limit })),
        (2, Call::Semaphore(SemaphoreCall::Release)),
        (2, Call::Semaphore(SemaphoreCall::Value)),
        (3, Call::Event(EventCall::Wait { limit })),
        (3, Call::Event(EventCall::Set)),
        (3, Call::Event(EventCall::IsSet)),
        (5, Call::Barrier(BarrierCall::Wait { limit })),
        (5, Call::Barrier(BarrierCall::Broken)),
        (5, Call::Barrier(BarrierCall::Reset)),
    ];
    let calls = calls.map(|(id, call)| Request::Call(id, call));
    let more = [Request::Keep(1), Request::Count];
    makes
        .map(Request::New)
        .into_iter()
        .chain(calls)
        .chain(more)
        .collect()
}

/// No items, and more items than there is memory for.
fn repeated() -> [Vec<Request>; 2] {
    [vec![], vec![item("a")]].map(|items| {
        let change = ListChange::Repeat(usize::MAX);
        let change = Request::Call(1, Call::List(ListCall::Change(change)));
        vec![Request::New(New::List(items)), change]
    })
}

/// Whoever has a list repeated often enough gets as long a list as there is
/// memory for: here it is repeated twice, eight times at most, or so often that
/// no memory is enough. And who asks for what never comes waits: here nobody
/// waits.
fn is_modest(requests: &[&[u8]]) -> bool {
    let calls = requests.iter().filter_map(|request| decoded(request));
    let calls = calls.filter_map(|message| match message {
        Message::Object(Request::Call(_, call)) => Some(call),
        _ => None,
    });
    let calls: Vec<_> = calls.collect();
    let repeated = calls.iter().filter_map(|call| match call {
        Call::List(ListCall::Change(ListChange::Repeat(times))) => Some(*times),
        _ => None,
    });
    let often = |times: &usize| (2..1 << 60).contains(times);
    let times: Vec<_> = repeated.filter(often).collect();
    times.len() <= 2
        && times.iter().all(|times| *times <= 8)
        && !calls.iter().any(may_wait)
}

fn may_wait(call: &Call) -> bool {
    let (Call::Queue(
        QueueCall::Put { limit, .. }
        | QueueCall::Get { limit }
        | QueueCall::Join { limit },
    )
    | Call::Lock(LockCall::Acquire { limit })
    | Call::Semaphore(SemaphoreCall::Acquire { limit })
    | Call::Event(EventCall::Wait { limit })
    | Call::Condition(
        ConditionCall::Lock(LockCall::Acquire { limit })
        | ConditionCall::Wait { limit },
    )
    | Call::Barrier(BarrierCall::Wait { limit })) = call
    else {
        return false;
    };
    *limit != Some(Duration::ZERO)
}

/// Every request has a reply, up to the first that is none.
fn serve(requests: &[&[u8]]) {
    let (ours, theirs) = pair(SockType::Stream).expect("two are left");
    // Of a stranger's, who has come by an address and knows the key.
    let client = Arc::new(Client::new(theirs, None));
    for request in requests {
        frame::send(ours.as_fd(), request).expect("there is room");
    }
    let sound = |request: &&&[u8]| decoded(request).is_some();
    let expected = requests.iter().take_while(sound).count();
    let len: usize = requests.iter().map(|request| request.len()).sum();
    thread::scope(|scope| {
        // With the last reply the client is gone.
        let replies = scope.spawn(move || replies(&ours, expected));
        let hall = Hall::watched_by(0, Arc::clone(watch()));
        let ((), cost) = cost(|| {
            hall.attend_to(&client);
            drop(hall);
        });
        drop(client);
        // A list may be 64 times as long as it has come.
        cost.is_within(1 << 20, 64 * 256, len);
        assert_eq!(replies.join().expect("no panic"), expected);
    });
}

fn decoded(request: &[u8]) -> Option<Message<Request>> {
    codec::decode(request).ok()
}

/// One for all runs: it has a thread, which never ends.
fn watch() -> &'static Arc<Watch> {
    static WATCH: OnceLock<Arc<Watch>> = OnceLock::new();
    WATCH.get_or_init(|| Watch::start().expect("there is room for a thread"))
}

/// How many replies come, of so many as are expected.
fn replies(stream: &OwnedFd, expected: usize) -> usize {
    let replies = std::iter::from_fn(|| frame::recv(stream.as_fd()).ok());
    let sound = |reply: &Vec<u8>| matches!(reply[..], [0 | 1, ..]);
    replies
        .take(expected)
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

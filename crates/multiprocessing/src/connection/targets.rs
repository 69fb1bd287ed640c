//! What strangers say: to a listener, and to a client.

use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use hostile::{Target, cost, joined, pieces};
use nix::sys::socket::SockType;
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};

use super::Address;
use super::client::Line;
use super::entrance::{Door, Heard, Newcomer};
use super::handshake::{
    ANSWER, Answer, CHALLENGE, Challenge, Key, PROOF, REFUSAL, WELCOME,
};
use crate::error::Error;
use crate::pipe::pair;
use crate::targets::lowest_free;

/// What a stranger may cost, whatever he says.
const COST: u64 = 1024;

fn key() -> Key {
    Key::new(b"a key").expect("it is not empty")
}

/// What a client says. If the first byte is even, it is the right answer, with
/// the bits changed that are set in the second piece. The lengths of the
/// pieces, in any case, are those in which it comes.
pub(crate) const ANSWERS: Target = Target {
    name: "answers",
    run: |input| {
        let Some((how, rest)) = input.split_first() else {
            return;
        };
        let before = lowest_free();
        let lengths: Vec<_> = pieces(rest).map(<[u8]>::len).collect();
        let bytes = pieces(rest).collect::<Vec<_>>().concat();
        answer(how % 2 == 0, &bytes, &lengths);
        assert_eq!(lowest_free(), before, "a descriptor is left open");
    },
    seeds: || {
        let whole = joined([[0; ANSWER]]);
        let halves = joined([[0; ANSWER / 2]; 2]);
        let seeds = [whole, halves].into_iter();
        let seeds = seeds.flat_map(|it| [[vec![0], it.clone()], [vec![1], it]]);
        seeds.map(|parts| parts.concat()).collect()
    },
};

fn answer(is_right: bool, bytes: &[u8], lengths: &[usize]) {
    let (ours, theirs) = pair(SockType::Stream).expect("two are left");
    let key = key();
    let door = Door {
        socket: ours.as_fd(),
        address: &Address::Tcp((Ipv4Addr::LOCALHOST, 1).into()),
        key: &key,
    };
    let stream = ours.try_clone().expect("a descriptor is left");
    let newcomer = Newcomer::new(stream).expect("the system has random bytes");
    assert!(newcomer.is_challenged(&door));
    let client = Answer::to(&said(&theirs)).expect("the system has them");
    let client = client.expect("it is a challenge");
    let right = client.bytes(&key);

    let mut speech = bytes.to_vec();
    if is_right {
        let right = right.iter().zip(bytes);
        speech = right.map(|(right, change)| right ^ change).collect();
    }
    let (heard, cost) = cost(|| {
        let mut left = &speech[..];
        let mut newcomer = newcomer;
        for length in lengths {
            let (piece, rest) = left.split_at(left.len().min(*length));
            left = rest;
            let sent = rustix::io::write(&theirs, piece);
            assert_eq!(sent, Ok(piece.len()), "a socket has room for it");
            match newcomer.hear(&door) {
                Heard::Silence(same) => newcomer = same,
                heard => return heard,
            }
        }
        Heard::Silence(newcomer)
    });
    cost.is_within(COST, 0, 0);
    match heard {
        Heard::Key(..) => {
            assert!(speech.starts_with(&right), "a wrong answer");
            let [welcome] = said(&theirs);
            assert_eq!(welcome, WELCOME);
            let proof: [u8; PROOF] = said(&theirs);
            assert!(client.check(&key, &proof));
        }
        Heard::Nonsense(_) => {
            assert!(!speech.starts_with(&right), "the right answer");
            assert!(speech.len() >= ANSWER, "it may still become one");
            assert_eq!(said(&theirs), [REFUSAL]);
        }
        Heard::Silence(_) => assert!(speech.len() < ANSWER),
    }
    let more = recv(&theirs, &mut [0], RecvFlags::DONTWAIT);
    assert!(!matches!(more, Ok((1.., _))), "it says more than it should");
}

/// What the library has said already.
fn said<const N: usize>(socket: &OwnedFd) -> [u8; N] {
    let mut bytes = [0; N];
    let come = recv(socket, &mut bytes, RecvFlags::DONTWAIT);
    assert_eq!(come.map(|(come, _)| come), Ok(N));
    bytes
}

/// What a listener says. If the first byte is even, a challenge stands before
/// it.
pub(crate) const CHALLENGES: Target = Target {
    name: "challenges",
    run: |input| {
        let Some((how, rest)) = input.split_first() else {
            return;
        };
        let before = lowest_free();
        if how % 2 == 0 {
            let challenge = Challenge::new().expect("there are random bytes");
            authenticate(&[&challenge.bytes(), rest].concat());
        } else {
            authenticate(rest);
        }
        assert_eq!(lowest_free(), before, "a descriptor is left open");
    },
    seeds: || {
        let challenge = Challenge::new().map(|it| it.bytes());
        let mut other = challenge.unwrap_or([0; CHALLENGE]).to_vec();
        other.insert(0, 1);
        let welcome = [&[0, WELCOME], &[0; PROOF][..]].concat();
        vec![other, welcome, vec![0, REFUSAL]]
    },
};

fn authenticate(bytes: &[u8]) {
    let (ours, theirs) = pair(SockType::Stream).expect("two are left");
    let sent = rustix::io::write(&theirs, bytes);
    assert_eq!(sent, Ok(bytes.len()), "a socket has room for so much");
    shutdown(&theirs, Shutdown::Write).expect("it is connected");
    let line = Line {
        socket: ours.as_fd(),
        start: Instant::now(),
        limit: Duration::MAX,
    };
    let key = key();
    let (end, cost) = cost(|| line.authenticate(&key));
    cost.is_within(COST, 0, 0);
    match end {
        // The proof is another one each time: nobody can guess it.
        Err(Error::AuthenticationFailed { .. } | Error::Disconnected) => {}
        other => panic!("{other:?}"),
    }
}

//! What of arguments and results goes over the wire, and what does not.

use multiprocessing::{Error, current_process};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::harness::{Test, list};
use crate::mounts::{self, tmpfs};
use crate::pool_tasks::{pool, square};
use crate::procfs::memory;
use crate::support::in_child;

pub(crate) const TESTS: &[Test] = list![
    b162_an_argument_that_cannot_be_encoded_is_that_error,
    b176_arguments_and_results_are_given_back,
    b179_a_result_that_cannot_be_encoded_costs_no_worker,
    a_panic_of_serde_is_the_tasks_and_costs_no_worker,
    sixteen_mebibytes_go_there_and_back,
    short_and_long_ones_take_turns,
    without_shared_memory_they_go_by_the_sockets unless mounts::lacks,
];

/// What cannot be encoded if it is `Encode`, and so on.
#[derive(Debug)]
enum Item {
    Good,
    Encode,
    EncodePanics,
    Decode,
    DecodePanics,
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Good => to.serialize_u8(0),
            Self::Encode => Err(S::Error::custom("not this one")),
            Self::EncodePanics => panic!("no way out"),
            Self::Decode => to.serialize_u8(1),
            Self::DecodePanics => to.serialize_u8(2),
        }
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u8::deserialize(from)? {
            0 => Ok(Self::Good),
            1 => Err(D::Error::custom("not that one")),
            _ => panic!("no way in"),
        }
    }
}

fn take(_item: Item) -> i32 {
    7
}

fn b162_an_argument_that_cannot_be_encoded_is_that_error() {
    let pool = pool(2);
    for _ in 0..20 {
        let refused = pool.apply(take, Item::Encode);
        assert!(matches!(refused, Err(Error::Encode { .. })), "{refused:?}");
        let refused = pool.map(take, [Item::Good, Item::Encode]);
        assert!(matches!(refused, Err(Error::Encode { .. })), "{refused:?}");
        let refused = pool.apply(take, Item::Decode);
        assert!(matches!(refused, Err(Error::Decode { .. })), "{refused:?}");
        let refused = pool.map(take, [Item::Decode, Item::Good]);
        assert!(matches!(refused, Err(Error::Decode { .. })), "{refused:?}");
    }
    assert_eq!(pool.apply(take, Item::Good).ok(), Some(7));
}

fn b176_arguments_and_results_are_given_back() {
    const SIZE: usize = 1 << 20;
    let pool = pool(1);
    let worker = pool.worker_pids()[0];
    let own = current_process().pid();
    let round = || {
        let item = "x".repeat(SIZE);
        let back = pool.apply(|item: String| item, item);
        assert_eq!(back.map(|back| back.len()).ok(), Some(SIZE));
    };
    (0..5).for_each(|_| round());
    let before = memory(own) + memory(worker);
    (0..100).for_each(|_| round());
    let after = memory(own) + memory(worker);
    assert!(after < before + 40 * SIZE, "from {before} to {after}");
}

fn b179_a_result_that_cannot_be_encoded_costs_no_worker() {
    let pool = pool(2);
    let pids = pool.worker_pids();
    for _ in 0..20 {
        let failed = pool.apply(|(): ()| Item::Encode, ());
        assert!(matches!(failed, Err(Error::Encode { .. })), "{failed:?}");
        let failed = pool.apply(|(): ()| Item::Decode, ());
        assert!(matches!(failed, Err(Error::Decode { .. })), "{failed:?}");
    }
    assert_eq!(pool.apply(square, 4).ok(), Some(16));
    assert_eq!(pool.worker_pids(), pids);
}

fn a_panic_of_serde_is_the_tasks_and_costs_no_worker() {
    let pool = pool(1);
    let pids = pool.worker_pids();
    let failed = [
        pool.apply(take, Item::DecodePanics).map(drop),
        pool.map(take, [Item::Good, Item::DecodePanics]).map(drop),
        pool.apply(|(): ()| Item::EncodePanics, ()).map(drop),
    ];
    for (failed, text) in failed.into_iter().zip(["in", "in", "out"]) {
        let Err(Error::TaskPanicked { message, .. }) = failed else {
            panic!("{failed:?}");
        };
        assert!(message.starts_with(&format!("no way {text}")), "{message}");
    }
    assert_eq!(pool.apply(square, 4).ok(), Some(16));
    assert_eq!(pool.worker_pids(), pids);
}

fn sixteen_mebibytes_go_there_and_back() {
    let pool = pool(2);
    let text = "0123456789abcdef".repeat(1 << 20);
    let back = pool.map(|text: String| text, [text.clone(), text.clone()]);
    assert!(back.is_ok_and(|back| back == [text.clone(), text]));
}

/// Of two words, and one that is not whole; about as much as lies in a seat;
/// more.
const LENGTHS: [usize; 9] = [0, 1, 7, 8, 17, 1_960, 3_920, 20_000, 100_000];

fn short_and_long_ones_take_turns() {
    let pool = pool(2);
    let twice = |text: String| text.clone() + &text;
    let text = |len: usize| "0123456".repeat(len / 7 + 1)[..len].to_string();
    for len in (0..40).flat_map(|n| LENGTHS.map(|len| len + n)) {
        let (here, both) = (text(len), text(len) + &text(len));
        assert_eq!(pool.apply(twice, here).ok(), Some(both), "{len}");
    }
    let texts: Vec<_> = LENGTHS.iter().map(|len| text(*len)).collect();
    let len = |text: String| text.len();
    let lens = pool.map_async_in_chunks(len, texts, 1);
    assert_eq!(lens.expect("it is open").get().ok(), Some(LENGTHS.to_vec()));
}

fn without_shared_memory_they_go_by_the_sockets() {
    let exitcode = in_child(|| {
        tmpfs("/dev/shm", "size=16k");
        let pool = pool(2);
        assert_eq!(pool.apply(square, 3).ok(), Some(9));
        assert_eq!(pool.map(square, 0..4).ok(), Some(vec![0, 1, 4, 9]));
        let many = pool.map_async_in_chunks(square, 0..1_000, 1);
        let many = many.expect("it is open").get();
        assert!(many.is_ok_and(|all| all.len() == 1_000));
    });
    assert_eq!(exitcode, 0);
}

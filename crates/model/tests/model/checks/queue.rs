//! `Queue` and `JoinableQueue`: a queue keeps the order of each producer,
//! loses nothing that was put, tears nothing, holds no more than it may, and
//! lets nobody sleep beside room or an item.

use super::{LIMIT, end};
use crate::error::Error;
use crate::explorer::{explore, explore_part};
use crate::ghost::Ghost;
use crate::process::{Process, start, until_quiet};
use crate::queue::{JoinableQueue, Queue};

/// An item: who put it, its number there, and a text that a torn copy spoils.
type Item = (u8, u8, String);

/// What a consumer got, or a producer has put.
type Items = Ghost<Vec<(u8, u8)>>;

fn item(producer: u8, number: u8) -> Item {
    let letter = char::from(b'a' + producer * 8 + number);
    (producer, number, letter.to_string().repeat(20))
}

fn queue(items: usize) -> Queue<Item> {
    Queue::bounded(items).expect("memory")
}

/// Puts `count` items; writes down those that are certainly put.
fn producer(
    queue: &Queue<Item>,
    producer: u8,
    count: u8,
) -> (Process<()>, Items) {
    let put = Items::new();
    let process = {
        let (queue, put) = (queue.clone(), put.clone());
        start(move || {
            for number in 0..count {
                queue.put(item(producer, number)).expect("a sound lock");
                put.change(|it| it.push((producer, number)));
            }
        })
    };
    (process, put)
}

/// Gets whatever comes, for ever.
fn consumer(queue: &Queue<Item>) -> (Process<()>, Items) {
    let got = Items::new();
    let process = {
        let (queue, got) = (queue.clone(), got.clone());
        start(move || {
            loop {
                note(&got, queue.get().expect("it is whole"));
            }
        })
    };
    (process, got)
}

fn note(got: &Items, (producer, number, text): Item) {
    assert_eq!(
        (producer, number, text),
        item(producer, number),
        "it is torn"
    );
    got.change(|it| it.push((producer, number)));
}

fn from(producer: u8, items: &Items) -> Vec<u8> {
    let of = |items: &Vec<(u8, u8)>| {
        let mine = items.iter().filter(|(who, _)| *who == producer);
        mine.map(|(_, number)| *number).collect()
    };
    items.look(of)
}

#[test]
fn items_come_in_the_order_of_each_producer() {
    explore(|| {
        let queue = queue(1);
        let producers = [0, 1].map(|who| producer(&queue, who, 2).0);
        let (consumer, got) = consumer(&queue);
        until_quiet();
        assert!(producers.iter().all(Process::is_gone), "one sleeps");
        assert_eq!([from(0, &got), from(1, &got)], [[0, 1], [0, 1]]);
        consumer.end();
    });
}

#[test]
fn it_holds_no_more_than_it_may() {
    explore(|| {
        let queue = queue(1);
        let producers = [0, 1].map(|who| producer(&queue, who, 1).0);
        let watcher = {
            let queue = queue.clone();
            start(move || {
                for _ in 0..2 {
                    assert!(queue.qsize().expect("a sound lock") <= 1);
                }
            })
        };
        until_quiet();
        assert!(watcher.is_gone());
        let put = producers.iter().filter(|it| it.is_gone()).count();
        assert_eq!((put, queue.qsize().expect("a sound lock")), (1, 1));
        producers.into_iter().for_each(end);
    });
}

#[test]
fn a_killed_producer_has_put_an_item_whole_or_not_at_all() {
    explore(|| {
        let queue = queue(1);
        let (victim, put) = producer(&queue, 0, 2);
        let (other, _) = producer(&queue, 1, 1);
        let (consumer, got) = consumer(&queue);
        victim.killed();
        until_quiet();
        assert!(other.is_gone(), "it sleeps beside room");
        assert_eq!(from(1, &got), [0]);
        let (put, got) = (from(0, &put).len(), from(0, &got));
        assert!((put..=put + 1).contains(&got.len()), "one is lost");
        assert!(is_prefix(&got));
        assert_eq!(queue.qsize().expect("a sound lock"), 0);
        consumer.end();
    });
}

/// Whether these are the first numbers.
fn is_prefix(numbers: &[u8]) -> bool {
    numbers
        .iter()
        .copied()
        .zip(0..)
        .all(|(it, expected)| it == expected)
}

#[test]
fn a_killed_consumer_takes_one_item_at_most_along() {
    explore(|| {
        let queue = queue(2);
        for number in 0..2 {
            queue.put(item(0, number)).expect("a sound lock");
        }
        let [(victim, its), (other, others)] =
            [(); 2].map(|()| consumer(&queue));
        let last = {
            let queue = queue.clone();
            start(move || queue.put(item(0, 2)).expect("a sound lock"))
        };
        victim.killed();
        until_quiet();
        assert!(last.is_gone(), "it sleeps beside room");
        let got = [from(0, &its), from(0, &others)];
        assert!(got.iter().all(|it| it.is_sorted()));
        let mut got = got.concat();
        got.sort_unstable();
        assert!(got.windows(2).all(|it| it[0] < it[1]), "one came twice");
        assert!(got.len() >= 2, "two are lost");
        assert_eq!(queue.qsize().expect("a sound lock"), 0);
        other.end();
    });
}

#[test]
fn who_is_late_has_put_and_got_nothing() {
    explore(|| {
        let queue = queue(1);
        queue.put(item(2, 0)).expect("a sound lock");
        let late = {
            let queue = queue.clone();
            start(move || queue.put_timeout(item(0, 0), LIMIT))
        };
        let getter = {
            let queue = queue.clone();
            start(move || queue.get_timeout(LIMIT))
        };
        late.late();
        getter.late();
        until_quiet();
        let put = match late.join().expect("it lives") {
            Ok(()) => 1,
            Err(Error::Full) => 0,
            Err(other) => panic!("{other}"),
        };
        let got = match getter.join().expect("it lives") {
            Ok(_) => 1,
            Err(Error::Empty) => 0,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(queue.qsize().expect("a sound lock"), 1 + put - got);
    });
}

#[test]
fn who_only_tries_finds_room_and_items() {
    explore(|| {
        let queue = queue(1);
        let producers = [0, 1].map(|who| {
            let queue = queue.clone();
            start(move || queue.try_put(item(who, 0)).is_ok())
        });
        let put = producers.map(|it| it.join().expect("it lives"));
        assert_eq!(put.iter().filter(|put| **put).count(), 1);
        let consumers = [(); 2].map(|()| {
            let queue = queue.clone();
            start(move || queue.try_get().is_ok())
        });
        let got = consumers.map(|it| it.join().expect("it lives"));
        assert_eq!(got.iter().filter(|got| **got).count(), 1);
    });
}

/// As long as two messages need another piece of memory each.
const LONG: usize = 40_000;

#[test]
fn long_messages_survive_a_death() {
    explore_part(10, || {
        let queue: Queue<Vec<u8>> = Queue::bounded(2).expect("memory");
        let victim = {
            let queue = queue.clone();
            start(move || {
                for number in 0..3 {
                    queue.put(vec![number; LONG]).expect("a sound lock");
                }
            })
        };
        let [dying, other] = [(); 2].map(|()| {
            let queue = queue.clone();
            start(move || {
                loop {
                    let got = queue.get().expect("it is whole");
                    assert!(got.len() == LONG && got.is_sorted());
                    assert_eq!(got.first(), got.last(), "it is torn");
                }
            })
        });
        victim.killed();
        dying.killed();
        until_quiet();
        assert_eq!(queue.qsize().expect("a sound lock"), 0);
        other.end();
    });
}

#[test]
fn join_returns_when_all_is_done_and_not_before() {
    explore(|| {
        let queue = JoinableQueue::<u8>::bounded(2).expect("memory");
        let done = Ghost::<u8>::new();
        queue.put(0).expect("a sound lock");
        queue.put(1).expect("a sound lock");
        let workers = [(); 2].map(|()| {
            let (queue, done) = (queue.clone(), done.clone());
            start(move || {
                queue.get().expect("a sound lock");
                done.change(|it| *it += 1);
                queue.task_done().expect("it was put");
            })
        });
        let waiters = [(); 2].map(|()| {
            let (queue, done) = (queue.clone(), done.clone());
            start(move || {
                queue.join().expect("a sound lock");
                assert_eq!(done.look(|it| *it), 2, "one is not done");
            })
        });
        until_quiet();
        assert!(workers.iter().all(Process::is_gone));
        assert!(waiters.iter().all(Process::is_gone), "one sleeps");
    });
}

#[test]
fn a_killed_worker_leaves_its_task_undone_and_no_more() {
    explore(|| {
        let queue = JoinableQueue::<u8>::bounded(2).expect("memory");
        queue.put(0).expect("a sound lock");
        queue.put(1).expect("a sound lock");
        let workers = [(); 2].map(|()| {
            let queue = queue.clone();
            start(move || {
                queue.get().expect("a sound lock");
                queue.task_done().expect("it was put");
            })
        });
        let waiter = {
            let queue = queue.clone();
            start(move || queue.join().expect("a sound lock"))
        };
        workers[0].killed();
        until_quiet();
        assert!(workers[1].is_gone());
        // What the dead one had not told is told for it.
        let done = waiter.is_gone();
        assert_eq!(queue.task_done().is_err(), done);
        until_quiet();
        assert!(waiter.is_gone(), "it sleeps though all is done");
        assert!(matches!(queue.task_done(), Err(Error::DoneTooOften)));
    });
}

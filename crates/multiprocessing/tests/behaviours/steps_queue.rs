//! Queues whose users are killed at each step of what they do.

use std::cell::RefCell;

use multiprocessing::{JoinableQueue, Queue, Result};

use crate::harness::{Test, list};
use crate::items::Item;
use crate::killed_at_steps::{Operation, some};
use crate::queue_memory::memory_of_queues;

pub(crate) const TESTS: &[Test] = list![
    killed_at_any_step_of_put_the_item_is_there_or_not,
    killed_at_any_step_of_get_the_item_is_gone_or_not,
    killed_at_any_step_of_the_last_get_the_queue_is_whole,
    killed_at_any_step_of_reserving_memory_the_queue_is_whole,
    killed_at_any_step_of_giving_memory_back_the_queue_is_whole,
    killed_at_any_step_of_giving_much_memory_back_none_is_lost,
    killed_at_any_step_of_a_recovery_from_get_the_next_one_recovers,
    killed_at_any_step_of_a_recovery_from_put_the_next_one_recovers,
    killed_at_any_step_of_put_who_waits_gets_what_is_there,
    killed_at_any_step_of_a_get_that_waits_others_get_what_is_there,
    killed_at_any_step_of_a_put_that_waits_others_put_where_there_is_room,
    killed_at_any_step_of_task_done_it_counts_and_join_sees_it_or_not,
];

const CAPACITY: usize = 4;

/// A queue with the items from 0.
fn queue_of(items: u64) -> Queue<u64> {
    let queue = Queue::bounded(CAPACITY).expect("there is memory");
    for item in 0..items {
        queue.put(item).expect("there is room");
    }
    queue
}

fn len<T>(queue: &Queue<T>) -> usize {
    queue.qsize().expect("the dead harm nobody")
}

/// The queue has just these items, and works as ever.
#[track_caller]
fn holds(queue: &Queue<u64>, items: &[u64]) {
    assert_eq!(len(queue), items.len());
    for item in items {
        assert_eq!(queue.try_get().ok(), Some(*item));
    }
    assert_eq!(len(queue), 0);
    for item in 0..CAPACITY as u64 {
        queue.try_put(item).expect("there is room");
    }
    assert!(queue.try_put(9).is_err() && queue.full().ok() == Some(true));
    for item in 0..CAPACITY as u64 {
        assert_eq!(queue.try_get().ok(), Some(item));
    }
    assert!(queue.try_get().is_err());
}

fn killed_at_any_step_of_put_the_item_is_there_or_not() {
    let put = Operation::new(|| queue_of(2), |queue| queue.put(2));
    put.killed(|queue, _, death| {
        let there = len(queue) == 3;
        assert!(there || !death.returned);
        queue.put(3).expect("there is room");
        holds(queue, if there { &[0, 1, 2, 3] } else { &[0, 1, 3] });
    });
}

fn killed_at_any_step_of_get_the_item_is_gone_or_not() {
    let get = Operation::new(|| queue_of(3), |queue| queue.get().map(drop));
    get.killed(|queue, _, death| {
        let gone = len(queue) == 2;
        assert!(gone || !death.returned);
        holds(queue, if gone { &[1, 2] } else { &[0, 1, 2] });
    });
}

/// A queue whose head has left the first piece of memory, and which has a
/// single item.
fn far_on() -> Queue<Vec<u64>> {
    let queue = Queue::unbounded().expect("there is memory");
    for length in [5_000, 5_000, 2] {
        queue.put(vec![u64::MAX; length]).expect("there is room");
    }
    for _ in 0..2 {
        assert_eq!(queue.get().expect("it is there").len(), 5_000);
    }
    queue
}

/// It starts anew in the piece of memory where it is.
fn killed_at_any_step_of_the_last_get_the_queue_is_whole() {
    let get = Operation::new(far_on, |queue| queue.get().map(drop));
    get.killed(|queue, _, death| {
        let gone = len(queue) == 0;
        assert!(gone || !death.returned);
        queue.put(vec![3; 4]).expect("there is room");
        if !gone {
            assert_eq!(queue.try_get().ok(), Some(vec![u64::MAX; 2]));
        }
        assert_eq!(queue.try_get().ok(), Some(vec![3; 4]));
        assert_eq!(len(queue), 0);
    });
}

/// A queue of items of such lengths.
fn items(lengths: &[usize]) -> Queue<Item> {
    let queue = Queue::unbounded().expect("there is memory");
    for (number, &len) in lengths.iter().enumerate() {
        queue.put(Item::new(0, number, len)).expect("there is room");
    }
    queue
}

/// A queue of items of such lengths, of which the first `gets` have been got.
fn after(gets: usize, lengths: &[usize]) -> Queue<Item> {
    let queue = items(lengths);
    for _ in 0..gets {
        get_one(&queue).expect("it is there");
    }
    queue
}

fn get_one(queue: &Queue<Item>) -> Result<()> {
    queue.get().map(|item| item.check())
}

/// The queue has the items from `first` to `last`, whole.
#[track_caller]
fn holds_items(queue: &Queue<Item>, first: usize, last: usize) {
    queue
        .put(Item::new(0, last, 70_000))
        .expect("there is room");
    for number in first..=last {
        let item = queue.try_get().expect("it is there");
        item.check();
        assert_eq!(item.number, number);
    }
    assert_eq!(len(queue), 0);
}

fn killed_at_any_step_of_reserving_memory_the_queue_is_whole() {
    let put = Operation::new(
        || items(&[65_000]),
        |queue| queue.put(Item::new(0, 1, 1_000)),
    );
    put.killed(|queue, _, death| {
        let len = len(queue);
        assert!(len == 2 || !death.returned);
        holds_items(queue, 0, len);
    });
}

fn killed_at_any_step_of_giving_memory_back_the_queue_is_whole() {
    let get = Operation::new(|| after(1, &[65_000, 600, 300]), get_one);
    get.killed(|queue, _, death| {
        let len = len(queue);
        assert!(len == 1 || !death.returned);
        holds_items(queue, 3 - len, 3);
    });
}

/// More than a queue keeps for the next messages.
fn killed_at_any_step_of_giving_much_memory_back_none_is_lost() {
    const LONG: usize = 65_000;
    // The last but one goes over the end of a piece.
    let lengths = [&[LONG; 7][..], &[4_000, 10]].concat();
    let get = Operation::new(|| after(7, &lengths), get_one);
    get.killed(|queue, _, death| {
        let len = len(queue);
        assert!(len == 1 || !death.returned);
        holds_items(queue, 9 - len, 9);
        // Here a piece is wanted, and whose lock it is may have died.
        for _ in 0..6 {
            queue.put(Item::new(1, 0, LONG)).expect("there is room");
        }
        for _ in 0..6 {
            queue.get().expect("it is there").check();
        }
        assert!(memory_of_queues() <= 6 * 64 * 1024);
    });
}

/// One is killed at each step of an operation, and for each of them another
/// one at the steps of the next operation, which has to put the queue right.
fn recovers(
    first: &Operation<'_, Queue<Vec<u64>>>,
    second: impl Fn(&Queue<Vec<u64>>) -> Result<()>,
    lengths: &[usize],
) {
    let mut places = first.record();
    places.retain(|place| place.matters);
    for place in some(&places, 3) {
        let made = || first.killed_at(place);
        Operation::new(made, &second).killed(|queue, _, _| {
            assert!(lengths.contains(&len(queue)));
            for length in (0..len(queue)).rev() {
                assert!(queue.try_get().is_ok());
                assert_eq!(len(queue), length);
            }
            queue.put(vec![7; 7]).expect("there is room");
            assert_eq!(queue.try_get().ok(), Some(vec![7; 7]));
        });
    }
}

fn killed_at_any_step_of_a_recovery_from_get_the_next_one_recovers() {
    let get = Operation::new(far_on, |queue| queue.get().map(drop));
    recovers(&get, |queue| queue.qsize().map(drop), &[0, 1]);
}

fn killed_at_any_step_of_a_recovery_from_put_the_next_one_recovers() {
    let put = Operation::new(far_on, |queue| queue.put(vec![1; 3]));
    recovers(&put, |queue| queue.put(vec![1; 5]), &[1, 2, 3]);
}

/// Who was woken goes on, though the one who woke it has died.
fn killed_at_any_step_of_put_who_waits_gets_what_is_there() {
    let put = Operation::new(|| queue_of(0), |queue| queue.put(0))
        .with_waiters(2, |queue| queue.get().map(drop));
    put.killed(|queue, consumers, death| {
        let got = consumers.at_rest();
        assert_eq!(len(queue), 0, "somebody sleeps beside an item");
        assert!(got <= 1 && (got == 1 || !death.returned));
        for item in got as u64..2 {
            queue.put(item).expect("there is room");
        }
        consumers.all_end();
        holds(queue, &[]);
    });
}

/// It may have been chosen to be woken.
fn killed_at_any_step_of_a_get_that_waits_others_get_what_is_there() {
    let get = Operation::new(|| queue_of(0), |queue| queue.get().map(drop))
        .meanwhile(|queue| queue.put(0).expect("there is room"));
    let wait = |queue: &Queue<_>| queue.get().map(drop);
    let check = |queue: &Queue<_>, got, asleep| {
        assert!(
            got == asleep || len(queue) == 0,
            "one sleeps beside an item"
        );
    };
    get.with_late_waiters(1, wait)
        .killed(|queue, consumers, _| {
            check(queue, consumers.at_rest(), 1);
            queue.put(1).expect("there is room");
            consumers.all_end();
            while queue.try_get().is_ok() {}
            holds(queue, &[]);
        });
}

fn killed_at_any_step_of_a_put_that_waits_others_put_where_there_is_room() {
    let full = || {
        let queue = Queue::bounded(1).expect("there is memory");
        queue.put(0).expect("there is room");
        (queue, RefCell::new(Vec::new()))
    };
    let put = Operation::new(full, |(queue, _)| queue.put(1))
        .meanwhile(|(queue, got)| got.borrow_mut().extend(queue.try_get()))
        .with_late_waiters(1, |(queue, _)| queue.put(2));
    put.killed(|(queue, got), producers, death| {
        let done = producers.at_rest() == 1;
        assert!(done || len(queue) == 1, "one sleeps though there is room");
        let mut got = got.borrow_mut();
        got.extend(queue.try_get());
        producers.all_end();
        got.extend(queue.try_get());
        got.sort_unstable();
        assert!(*got == [0, 1, 2] || *got == [0, 2] && !death.returned);
        queue.try_put(3).expect("there is room");
        assert!(queue.try_put(4).is_err());
    });
}

fn killed_at_any_step_of_task_done_it_counts_and_join_sees_it_or_not() {
    let one_to_do = || {
        let queue = JoinableQueue::unbounded().expect("there is memory");
        queue.put(()).expect("there is room");
        queue.get().expect("it is there");
        queue
    };
    let done = Operation::new(one_to_do, JoinableQueue::task_done)
        .with_waiters(2, JoinableQueue::join);
    done.killed(|queue, joiners, death| {
        let counted = joiners.at_rest() == 2;
        assert!(counted || !death.returned);
        assert_eq!(queue.task_done().is_err(), counted);
        joiners.all_end();
    });
}

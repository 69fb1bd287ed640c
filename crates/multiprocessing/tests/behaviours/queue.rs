//! Queues: what goes in comes out, in order, as soon as it can.

use std::thread;
use std::time::Duration;

use multiprocessing::{Error, Queue, RawValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer, ser};

use crate::harness::{Test, list};
use crate::support::{SOON, at_least, in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b041_b051_qsize_follows_put_and_get,
    b042_b043_b046_six_items_fill_a_queue_of_six,
    b044_without_time_a_full_queue_is_full,
    b045_a_limit_is_waited_for_room,
    b047_items_of_a_child_come_out_in_order,
    b048_without_time_an_empty_queue_is_empty,
    b049_a_limit_is_waited_for_an_item,
    b050_what_parent_and_child_put_comes_out_in_order,
    b052_b062_a_queue_closed_twice_is_closed_in_this_process,
    b053_an_item_that_cannot_be_encoded_leaves_no_trace,
    b053_an_encoder_that_panics_leaves_no_trace,
    b054_an_item_of_another_type_is_an_error_of_get,
    b058_a_queue_without_a_limit_takes_many_items,
    b059_b060_items_of_a_process_that_has_ended_are_there,
    b061_what_a_child_puts_makes_a_queue_not_empty,
    b063_an_item_put_can_be_got_at_once,
    b065_a_large_item_waits_for_its_consumer,
    b066_a_blocked_put_goes_on_when_an_item_is_taken,
    b067_a_blocked_get_goes_on_when_an_item_is_put,
    a_message_of_more_than_a_gibibyte_is_an_error,
];

const LIMIT: Duration = Duration::from_millis(60);

fn unbounded<T>() -> Queue<T> {
    Queue::unbounded().expect("there is memory for a queue")
}

fn bounded<T>(maxsize: usize) -> Queue<T> {
    Queue::bounded(maxsize).expect("there is memory for a queue")
}

/// Whether the queue says that it has `len` items.
#[track_caller]
fn has<T>(queue: &Queue<T>, len: usize) {
    assert_eq!(queue.qsize().expect("its owners live"), len);
    assert_eq!(queue.empty().expect("its owners live"), len == 0);
}

#[track_caller]
fn is_empty<T: DeserializeOwned + std::fmt::Debug>(queue: &Queue<T>) {
    has(queue, 0);
    let item = queue.try_get();
    assert!(matches!(item, Err(Error::Empty)), "{item:?}");
}

fn b041_b051_qsize_follows_put_and_get() {
    let queue = unbounded();
    has(&queue, 0);
    assert!(!queue.full().expect("its owners live"));
    for (turn, len) in [1, 2, 1, 0].into_iter().enumerate() {
        if turn < 2 {
            queue.put(turn).expect("there is room");
        } else {
            assert_eq!(queue.get().expect("there is one"), turn - 2);
        }
        has(&queue, len);
        assert_eq!(in_child(|| has(&queue, len)), 0);
    }
}

/// A queue of six with six items, put in every way.
fn full() -> Queue<u32> {
    let queue = bounded(6);
    queue.put(1).expect("there is room");
    queue.put(2).expect("there is room");
    queue.try_put(3).expect("there is room");
    queue.put_timeout(4, SOON).expect("there is room");
    queue.put_timeout(5, Duration::ZERO).expect("there is room");
    queue.put_timeout(6, Duration::MAX).expect("there is room");
    queue
}

fn b042_b043_b046_six_items_fill_a_queue_of_six() {
    let queue = full();
    has(&queue, 6);
    assert!(queue.full().expect("its owners live"));
    let exitcode = in_child(|| {
        for number in 1..=6 {
            assert_eq!(queue.get().expect("there is one"), number);
        }
    });
    assert_eq!(exitcode, 0);
    is_empty(&queue);
    assert!(!queue.full().expect("its owners live"));
}

fn b044_without_time_a_full_queue_is_full() {
    let queue = full();
    for put in [queue.try_put(7), queue.put_timeout(7, Duration::ZERO)] {
        assert!(matches!(put, Err(Error::Full)), "{put:?}");
    }
    has(&queue, 6);
}

fn b045_a_limit_is_waited_for_room() {
    let queue = full();
    let put = at_least(LIMIT, || queue.put_timeout(7, LIMIT));
    assert!(matches!(put, Err(Error::Full)), "{put:?}");
    has(&queue, 6);
    let items = [(); 6].map(|()| queue.try_get().expect("there is one"));
    assert_eq!(items, [1, 2, 3, 4, 5, 6]);
}

fn b047_items_of_a_child_come_out_in_order() {
    let queue = unbounded();
    let child = started(|| {
        for number in 2..=5 {
            queue.put(number)?;
        }
        Ok::<_, Error>(())
    });
    assert_eq!(queue.get().expect("it comes"), 2);
    assert_eq!(queue.get_timeout(SOON).expect("it comes"), 3);
    assert_eq!(queue.get_timeout(Duration::MAX).expect("it comes"), 4);
    assert_eq!(joined(&child), 0);
    assert_eq!(queue.try_get().expect("it is there"), 5);
    is_empty(&queue);
}

fn b048_without_time_an_empty_queue_is_empty() {
    let queue = unbounded::<u32>();
    for item in [queue.try_get(), queue.get_timeout(Duration::ZERO)] {
        assert!(matches!(item, Err(Error::Empty)), "{item:?}");
    }
}

fn b049_a_limit_is_waited_for_an_item() {
    let queue = unbounded::<u32>();
    for limit in [LIMIT, Duration::from_millis(200)] {
        let item = at_least(limit, || queue.get_timeout(limit));
        assert!(matches!(item, Err(Error::Empty)), "{item:?}");
    }
    has(&queue, 0);
}

fn b050_what_parent_and_child_put_comes_out_in_order() {
    let queue = unbounded();
    let put = |numbers: std::ops::Range<u32>| {
        for number in numbers {
            queue.put(number).expect("there is room");
        }
    };
    put(0..10);
    assert_eq!(in_child(|| put(10..20)), 0);
    for number in 0..20 {
        assert_eq!(queue.try_get().expect("it is there"), number);
    }
    is_empty(&queue);
}

fn b052_b062_a_queue_closed_twice_is_closed_in_this_process() {
    let queue = unbounded();
    queue.put(1).expect("there is room");
    let other_handle = queue.clone();
    let closed = || {
        other_handle.close();
        other_handle.close();
        for put in [queue.put(2), queue.try_put(2), queue.put_timeout(2, SOON)]
        {
            let put = put.expect_err("it is closed");
            assert!(matches!(put, Error::Closed { .. }), "{put}");
            assert!(put.to_string().contains("is closed"), "{put}");
        }
        for item in [queue.get(), queue.try_get(), queue.get_timeout(SOON)] {
            assert!(matches!(item, Err(Error::Closed { .. })), "{item:?}");
        }
    };
    assert_eq!(in_child(closed), 0);
    assert_eq!(queue.get().expect("it is open here"), 1);
    closed();
}

/// Odd numbers cannot be encoded; 5 panics.
#[derive(Debug, PartialEq, Deserialize)]
struct Even(u32);

impl Serialize for Even {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            5 => panic!("on purpose"),
            odd if odd % 2 == 1 => Err(ser::Error::custom("it is odd")),
            even => to.serialize_newtype_struct("Even", &even),
        }
    }
}

fn b053_an_item_that_cannot_be_encoded_leaves_no_trace() {
    let queue = bounded(1);
    for refused in [queue.put(Even(1)), queue.try_put(Even(3))] {
        assert!(matches!(refused, Err(Error::Encode { .. })), "{refused:?}");
        has(&queue, 0);
    }
    queue.try_put(Even(2)).expect("there is room");
    assert!(queue.full().expect("its owners live"));
    assert_eq!(queue.try_get().expect("it is there"), Even(2));
    is_empty(&queue);
}

fn b053_an_encoder_that_panics_leaves_no_trace() {
    let queue = bounded(1);
    let put = std::panic::AssertUnwindSafe(|| queue.put(Even(5)));
    std::panic::catch_unwind(put).expect_err("it panics");
    has(&queue, 0);
    assert_eq!(in_child(|| queue.try_put(Even(4))), 0);
    assert_eq!(queue.try_get().expect("it is there"), Even(4));
}

/// Written as a number, read as a text.
#[derive(Debug, Deserialize)]
struct Changeling(#[allow(dead_code)] String);

impl Serialize for Changeling {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(u32::MAX)
    }
}

fn b054_an_item_of_another_type_is_an_error_of_get() {
    let queue = bounded(1);
    for _ in 0..3 {
        queue
            .try_put(Changeling(String::new()))
            .expect("it is free");
        let item = queue.try_get();
        assert!(matches!(item, Err(Error::Decode { .. })), "{item:?}");
        has(&queue, 0);
    }
}

fn b058_a_queue_without_a_limit_takes_many_items() {
    let zero = Queue::<u32>::bounded(0);
    assert!(matches!(zero, Err(Error::Invalid { .. })), "{zero:?}");
    let queue = unbounded();
    let numbers = 0..100_000_u32;
    for number in numbers.clone() {
        queue.try_put(number).expect("there is room");
    }
    has(&queue, numbers.len());
    assert!(!queue.full().expect("its owners live"));
    let exitcode = in_child(|| {
        for number in numbers {
            assert_eq!(queue.try_get().expect("it is there"), number);
        }
    });
    assert_eq!(exitcode, 0);
    is_empty(&queue);
}

fn b059_b060_items_of_a_process_that_has_ended_are_there() {
    let queue = unbounded();
    let text = "x".repeat(1_000);
    let exitcode = in_child(|| {
        for number in 0..1_000 {
            queue.put((number, text.clone()))?;
        }
        queue.close();
        Ok::<_, Error>(())
    });
    assert_eq!(exitcode, 0);
    has(&queue, 1_000);
    for number in 0..1_000 {
        let item = queue.try_get().expect("it is there");
        assert_eq!(item, (number, text.clone()));
    }
}

fn b061_what_a_child_puts_makes_a_queue_not_empty() {
    let queue = unbounded();
    has(&queue, 0);
    let exitcode = in_child(|| {
        queue.put(Some(true))?;
        queue.put(None)
    });
    assert_eq!(exitcode, 0);
    has(&queue, 2);
    assert_eq!(queue.get().expect("it is there"), Some(true));
    assert_eq!(queue.get().expect("it is there"), None);
    is_empty(&queue);
}

fn b063_an_item_put_can_be_got_at_once() {
    let queue = unbounded();
    for number in 0..2_000 {
        queue.put(number).expect("there is room");
        assert!(!queue.empty().expect("its owners live"));
        assert_eq!(queue.try_get().expect("it is there"), number);
        assert!(queue.empty().expect("its owners live"));
    }
}

fn b065_a_large_item_waits_for_its_consumer() {
    let queue = unbounded();
    let text = "0123456789".repeat(1 << 20);
    queue.put(text.clone()).expect("nobody has to take it");
    let exitcode = in_child(|| i32::from(queue.get().ok() != Some(text)));
    assert_eq!(exitcode, 0);
    is_empty(&queue);
}

fn b066_a_blocked_put_goes_on_when_an_item_is_taken() {
    for limit in [None, Some(SOON), Some(Duration::MAX)] {
        let queue = bounded(1);
        let taken = RawValue::new(0).expect("there is memory");
        queue.put(1).expect("there is room");
        let child = started(|| {
            match limit {
                None => queue.put(2),
                Some(limit) => queue.put_timeout(2, limit),
            }?;
            assert_eq!(taken.get(), 1);
            Ok::<_, Error>(())
        });
        thread::sleep(LIMIT);
        taken.set(1);
        assert_eq!(queue.get().expect("it is there"), 1);
        assert_eq!(queue.get().expect("it comes"), 2);
        assert_eq!(joined(&child), 0);
    }
}

fn b067_a_blocked_get_goes_on_when_an_item_is_put() {
    for limit in [None, Some(SOON), Some(Duration::MAX)] {
        let queue = bounded(1);
        let child = started(|| {
            let item = match limit {
                None => queue.get(),
                Some(limit) => queue.get_timeout(limit),
            };
            assert_eq!(item?, 7);
            Ok::<_, Error>(())
        });
        thread::sleep(LIMIT);
        queue.put(7).expect("there is room");
        assert_eq!(joined(&child), 0);
        is_empty(&queue);
    }
}

/// A mebibyte, written as often as the number says.
#[derive(Deserialize)]
struct Mebibytes(usize);

impl Serialize for Mebibytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = "x".repeat(1 << 20);
        to.collect_seq(std::iter::repeat_n(&text, self.0))
    }
}

fn a_message_of_more_than_a_gibibyte_is_an_error() {
    let queue = unbounded();
    let put = queue.put(Mebibytes(1 << 10));
    assert!(matches!(put, Err(Error::TooLong { .. })), "{put:?}");
    has(&queue, 0);
    queue.try_put(Mebibytes(0)).expect("it is short");
    has(&queue, 1);
}

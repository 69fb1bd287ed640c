//! Queues between many producers and many consumers, all of them unsteady.

use std::thread;
use std::time::Duration;

use multiprocessing::{Queue, RawArray, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::items::{Item, random_len};
use crate::support::{joined, seed, started};

pub(crate) const TESTS: &[Test] = list![
    b064_nothing_is_lost_or_doubled_in_a_queue_of_one,
    b064_nothing_is_lost_or_doubled_in_a_queue_of_two,
    b064_nothing_is_lost_or_doubled_in_a_queue_of_ten,
    b064_nothing_is_lost_or_doubled_in_a_queue_without_a_limit,
    b064_threads_and_processes_may_share_a_queue,
];

const PRODUCERS: usize = 4;
const CONSUMERS: usize = 3;
const ITEMS: usize = 250;
/// Tells a consumer that nothing comes any more.
const END: usize = usize::MAX;

fn hesitate(random: &mut StdRng) {
    match random.random_range(0..20) {
        0 => {
            let micros = random.random_range(0..300);
            thread::sleep(Duration::from_micros(micros));
        }
        1..5 => thread::yield_now(),
        _ => {}
    }
}

fn produce(queue: &Queue<Item>, producer: usize) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed() + producer as u64);
    for number in 0..ITEMS {
        hesitate(&mut random);
        queue.put(Item::new(producer, number, random_len(&mut random)))?;
    }
    Ok(())
}

/// Takes what comes until the end; counts each item in `taken`.
fn consume(
    queue: &Queue<Item>,
    consumer: usize,
    taken: &RawArray<u8>,
) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed() + 100 + consumer as u64);
    let mut next = [0; PRODUCERS];
    loop {
        let item = queue.get()?;
        item.check();
        if item.producer == END {
            return Ok(());
        }
        let Item {
            producer, number, ..
        } = item;
        assert!(number >= next[producer], "not in order");
        next[producer] = number + 1;
        let place = (consumer * PRODUCERS + producer) * ITEMS + number;
        taken.set(place, taken.get(place)? + 1)?;
        hesitate(&mut random);
    }
}

/// What consumers took, item by item of all producers.
fn sums(taken: &RawArray<u8>) -> Vec<u32> {
    let taken = taken.slice(..).expect("in range");
    let mut sums = vec![0; PRODUCERS * ITEMS];
    for (place, times) in taken.into_iter().enumerate() {
        sums[place % (PRODUCERS * ITEMS)] += u32::from(times);
    }
    sums
}

fn table() -> RawArray<u8> {
    let len = CONSUMERS * PRODUCERS * ITEMS;
    RawArray::zeroed(len).expect("there is memory")
}

#[track_caller]
fn nothing_is_lost_or_doubled(queue: multiprocessing::Result<Queue<Item>>) {
    let queue = queue.expect("there is memory");
    seed();
    let taken = table();
    let (queue, taken) = (&queue, &taken);
    let consumers =
        [0, 1, 2].map(|c| started(move || consume(queue, c, taken)));
    let producers = [0, 1, 2, 3].map(|p| started(move || produce(queue, p)));
    assert!(producers.iter().all(|child| joined(child) == 0));
    for _ in 0..CONSUMERS {
        queue.put(Item::new(END, 0, 0)).expect("there is room");
    }
    assert!(consumers.iter().all(|child| joined(child) == 0));
    assert_eq!(sums(taken), [1; PRODUCERS * ITEMS]);
    assert!(queue.empty().expect("its owners live"));
}

fn b064_nothing_is_lost_or_doubled_in_a_queue_of_one() {
    nothing_is_lost_or_doubled(Queue::bounded(1));
}

fn b064_nothing_is_lost_or_doubled_in_a_queue_of_two() {
    nothing_is_lost_or_doubled(Queue::bounded(2));
}

fn b064_nothing_is_lost_or_doubled_in_a_queue_of_ten() {
    nothing_is_lost_or_doubled(Queue::bounded(10));
}

fn b064_nothing_is_lost_or_doubled_in_a_queue_without_a_limit() {
    nothing_is_lost_or_doubled(Queue::unbounded());
}

fn b064_threads_and_processes_may_share_a_queue() {
    let queue = Queue::bounded(3).expect("there is memory");
    seed();
    let taken = table();
    let (queue, taken) = (&queue, &taken);
    // Processes first: with threads, none can be started any more.
    let children = [0, 1].map(|half| {
        started(move || {
            thread::scope(|scope| {
                let producers = [0, 1]
                    .map(|p| scope.spawn(move || produce(queue, half * 2 + p)));
                consume(queue, half, taken)?;
                producers.into_iter().try_for_each(|thread| {
                    thread.join().expect("it does not panic")
                })
            })
        })
    });
    let consumer = || consume(queue, 2, taken).expect("its owners live");
    thread::scope(|scope| {
        scope.spawn(consumer);
        while sums(taken).iter().sum::<u32>() < 1_000 {
            thread::sleep(Duration::from_millis(1));
        }
        for _ in 0..CONSUMERS {
            queue.put(Item::new(END, 0, 0)).expect("there is room");
        }
    });
    assert!(children.iter().all(|child| joined(child) == 0));
    assert_eq!(sums(taken), [1; PRODUCERS * ITEMS]);
}

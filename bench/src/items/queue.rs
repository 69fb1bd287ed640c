//! Streams of items through a queue.

use std::error::Error;
use std::time::{Duration, Instant};

use crossbeam::channel;
use ipc_channel::ipc;
use multiprocessing::{Process, Queue, Semaphore};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::pipe::end_children;
use crate::item::{
    Cost, Item, Place, Target, Unit, Who, floor, nanoseconds, ours, peer,
    python,
};
use crate::raw::doorbell::Doorbell;
use crate::raw::ring::{Several, Single, WORDS};
use crate::raw::{Child, shared};

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "queue-8-1-1",
        what: "Queue 8 B, 1 producer, 1 consumer: an item",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(100.0),
        sides: &[
            ours("Queue", || stream(1, 1, 7_u64)),
            python("queue_8_1_1"),
            peer("ipc-channel", || peer_stream(1, 7_u64)),
            floor("lock-free ring", || raw_single(1)),
        ],
    },
    Item {
        name: "queue-8-2-2",
        what: "Queue 8 B, 2 and 2: an item",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(150.0),
        sides: &[
            ours("Queue", || stream(2, 2, 7_u64)),
            python("queue_8_2_2"),
            peer("ipc-channel, 2 and 1", || peer_stream(2, 7_u64)),
            floor("lock-free ring", raw_several),
        ],
    },
    Item {
        name: "queue-1k-1-1",
        what: "Queue 1 KiB, 1 and 1: an item",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(250.0),
        sides: &[
            ours("Queue", || stream(1, 1, kibibyte())),
            python("queue_1k_1_1"),
            peer("ipc-channel", || peer_stream(1, kibibyte())),
            floor("lock-free ring", || raw_single(WORDS)),
        ],
    },
    Item {
        name: "thread-queue",
        what: "queue of one between threads: a hand-off",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.05, Who::Peer),
        sides: &[
            ours("crossbeam, as in the example", hand_off),
            python("thread_queue"),
            peer("crossbeam", hand_off),
            floor("shared line", one_way_line),
        ],
    },
];

/// 1 KiB in one piece, as Python's bytes are.
fn kibibyte() -> String {
    "7".repeat(WORDS * size_of::<u64>())
}

/// The cost of an item that goes through a queue, in a stream of many.
pub(crate) fn stream<T>(producers: u64, consumers: u64, item: T) -> Cost
where
    T: Serialize + DeserializeOwned + Clone,
{
    nanoseconds(|count| {
        let queue = Queue::<Option<T>>::unbounded()?;
        let (ready, go) = (Semaphore::new(0)?, Semaphore::new(0)?);
        let each = count.div_ceil(producers);
        let begin = || -> multiprocessing::Result<()> {
            ready.release()?;
            go.acquire()
        };
        let produce = || {
            begin()?;
            (0..each).try_for_each(|_| queue.put(Some(item.clone())))
        };
        let consume = || -> multiprocessing::Result<()> {
            begin()?;
            while queue.get()?.is_some() {}
            Ok(())
        };
        let mut makers = Vec::new();
        for _ in 0..producers {
            makers.push(Process::new(produce));
        }
        let mut takers = Vec::new();
        for _ in 0..consumers {
            takers.push(Process::new(consume));
        }
        for child in makers.iter().chain(&takers) {
            child.start()?;
        }
        (0..producers + consumers).try_for_each(|_| ready.acquire())?;
        let start = Instant::now();
        (0..producers + consumers).try_for_each(|_| go.release())?;
        makers.iter().try_for_each(|child| child.join())?;
        (0..consumers).try_for_each(|_| queue.put(None))?;
        takers.iter().try_for_each(|child| child.join())?;
        Ok(start.elapsed() / u32::try_from(each * producers)?
            * u32::try_from(count)?)
    })
}

fn peer_stream<T>(producers: u64, item: T) -> Cost
where
    T: Serialize + DeserializeOwned + Clone,
{
    nanoseconds(|count| {
        let (sender, receiver) = ipc::channel::<T>()?;
        let each = count.div_ceil(producers);
        let start = Instant::now();
        let send =
            || (0..each).for_each(|_| sender.send(item.clone()).expect("open"));
        let children: Vec<_> =
            (0..producers).map(|_| Child::new(send)).collect();
        for _ in 0..each * producers {
            receiver.recv()?;
        }
        let took = start.elapsed();
        children.into_iter().for_each(Child::wait);
        end_children();
        Ok(took)
    })
}

fn raw_single(words: usize) -> Cost {
    let ring = shared::<Single>();
    let line = shared::<Doorbell>();
    let mut turn = 0;
    nanoseconds(|count| {
        turn += 1;
        let child = Child::new(|| {
            line.answer(turn, true);
            let item = vec![7; words];
            (0..count).for_each(|_| ring.put(&item));
        });
        line.ask(turn, true);
        let start = Instant::now();
        let mut item = vec![0; words];
        (0..count).for_each(|_| ring.get(&mut item));
        let took = start.elapsed();
        child.wait();
        Ok(took)
    })
}

fn raw_several() -> Cost {
    let ring = shared::<Several>();
    nanoseconds(|count| {
        let each = count.div_ceil(2);
        let start = Instant::now();
        let makers = [(); 2]
            .map(|()| Child::new(|| (0..each).for_each(|n| ring.put(n))));
        let takers = [(); 2].map(|()| {
            Child::new(|| {
                (0..each).for_each(|_| {
                    ring.get();
                });
            })
        });
        makers.into_iter().chain(takers).for_each(Child::wait);
        Ok(start.elapsed())
    })
}

fn hand_off() -> Cost {
    nanoseconds(|count| {
        let (sender, receiver) = channel::bounded(1);
        let consumer = std::thread::spawn(move || {
            let mut sum = 0_u64;
            while let Ok(item) = receiver.recv() {
                sum += item;
            }
            sum
        });
        let start = Instant::now();
        for item in 0..count {
            sender.send(item)?;
        }
        drop(sender);
        consumer.join().map_err(|_| "the consumer panicked")?;
        Ok(start.elapsed())
    })
}

/// Half of a round trip.
fn one_way_line() -> Cost {
    let line = shared::<Doorbell>();
    let mut last = 0;
    let trip = nanoseconds(|count| -> Result<Duration, Box<dyn Error>> {
        let (first, end) = (last + 1, last + u32::try_from(count)?);
        last = end;
        let other = std::thread::spawn(move || {
            (first..=end).for_each(|n| line.answer(n, true));
        });
        line.ask(first, false);
        let start = Instant::now();
        (first + 1..=end).for_each(|n| line.ask(n, true));
        let took = start.elapsed();
        other.join().map_err(|_| "it panicked")?;
        Ok(took)
    });
    trip.map(|trip| trip / 2.0)
}

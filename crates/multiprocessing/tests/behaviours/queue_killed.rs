//! Queues whose producers and consumers are killed.

use multiprocessing::{Process, Queue, RawArray, RawValue, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashSet;

use crate::harness::{Test, list};
use crate::items::{Item, random_len};
use crate::support::{
    SOON, eventually, joined, killed, kills, seed, spin, started,
};

pub(crate) const TESTS: &[Test] = list![
    a_producer_killed_at_any_moment_harms_nobody,
    a_consumer_killed_at_any_moment_harms_nobody,
    a_waiting_consumer_killed_at_any_moment_harms_nobody,
    a_queue_survives_all_of_its_users,
    a_process_killed_between_two_steps_leaves_a_whole_queue,
];

const KILLS: usize = 100;
/// More than a producer puts in a round.
const MANY: usize = 1 << 16;
/// Tells a consumer that nothing comes any more.
const END: usize = usize::MAX;

/// What two producers and two consumers have done, for all to see.
struct Record {
    queue: Queue<Item>,
    enough: RawValue<u8>,
    /// How many puts of each producer have returned.
    put: RawArray<u64>,
    /// How many gets of each consumer have returned.
    got: RawArray<u64>,
    /// The numbers that each consumer got from each producer, in order.
    numbers: [[RawArray<u32>; 2]; 2],
    counts: RawArray<u64>,
}

impl Record {
    fn new(queue: Queue<Item>) -> Result<Self> {
        let numbers = || RawArray::zeroed(MANY);
        Ok(Self {
            queue,
            enough: RawValue::new(0)?,
            put: RawArray::zeroed(2)?,
            got: RawArray::zeroed(2)?,
            numbers: [[numbers()?, numbers()?], [numbers()?, numbers()?]],
            counts: RawArray::zeroed(4)?,
        })
    }

    fn produce(&self, producer: usize, mut random: StdRng) -> Result<()> {
        for number in 0..MANY {
            if self.enough.get() == 1 {
                break;
            }
            let len = random_len(&mut random);
            self.queue.put(Item::new(producer, number, len))?;
            self.put.set(producer, number as u64 + 1)?;
        }
        Ok(())
    }

    fn consume(&self, consumer: usize) -> Result<()> {
        loop {
            let item = self.queue.get()?;
            item.check();
            if item.producer == END {
                return Ok(());
            }
            let place = consumer * 2 + item.producer;
            let count = self.counts.get(place)?;
            let number = u32::try_from(item.number).expect("it is small");
            let index = usize::try_from(count).expect("it is small");
            self.numbers[consumer][item.producer].set(index, number)?;
            self.counts.set(place, count + 1)?;
            self.got.set(consumer, self.got.get(consumer)? + 1)?;
        }
    }

    /// The numbers that were got from a producer, by whichever consumer.
    fn got_from(&self, producer: usize) -> HashSet<u64> {
        let mut all = HashSet::new();
        for consumer in 0..2 {
            let count = self.counts.get(consumer * 2 + producer);
            let count = usize::try_from(count.expect("in range"));
            let numbers = &self.numbers[consumer][producer];
            let numbers = numbers.slice(..count.expect("it is small"));
            let numbers = numbers.expect("in range");
            assert!(numbers.is_sorted(), "not in order");
            for number in numbers {
                assert!(all.insert(u64::from(number)), "{number} came twice");
            }
        }
        all
    }

    /// How many items are missing whose put has returned. No others may have
    /// come, but for the one that a killed producer was about to tell of.
    fn missing(&self, killed_producer: Option<usize>) -> usize {
        let missing = [0, 1].map(|producer| {
            let put = self.put.get(producer).expect("in range");
            let got = self.got_from(producer);
            let last = put + u64::from(killed_producer == Some(producer));
            assert!(got.iter().all(|&number| number < last));
            (0..put).filter(|number| !got.contains(number)).count()
        });
        missing.iter().sum()
    }
}

/// One of a random length.
fn a_queue(random: &mut StdRng) -> Queue<Item> {
    let queue = match random.random_range(0..4) {
        0 => Queue::bounded(1),
        1 => Queue::bounded(2),
        2 => Queue::bounded(10),
        _ => Queue::unbounded(),
    };
    queue.expect("there is memory for a queue")
}

/// Two producers and two consumers, one of the four is killed on the way.
fn round(random: &mut StdRng, kill_producer: bool) {
    let record = Record::new(a_queue(random)).expect("there is memory");
    let record = &record;
    let consumers = [0, 1].map(|c| started(move || record.consume(c)));
    let producers = [0, 1].map(|p| {
        let random = StdRng::seed_from_u64(random.random());
        started(move || record.produce(p, random))
    });
    let all_began = || {
        let put = record.put.slice(..).expect("in range");
        let got = record.got.slice(..).expect("in range");
        put[0] > 0 && put[1] > 0 && got[0] + got[1] > 0
    };
    eventually(SOON, all_began);
    spin(random, 30_000);
    let which = random.random_range(0..2);
    let candidates = if kill_producer {
        &producers
    } else {
        &consumers
    };
    let victim = &candidates[which];
    killed(victim);
    spin(random, 30_000);
    record.enough.set(1);

    let ended = |child: &Process<'_>| {
        let expected = if child.name() == victim.name() { -9 } else { 0 };
        assert_eq!(joined(child), expected);
    };
    producers.iter().for_each(ended);
    // One for each consumer that is left.
    for _ in usize::from(!kill_producer)..2 {
        record.queue.put(Item::new(END, 0, 0)).expect("it is taken");
    }
    consumers.iter().for_each(ended);
    let missing = record.missing(kill_producer.then_some(which));
    // A killed consumer may take the item along that it has just got.
    let may_miss = usize::from(!kill_producer);
    assert!(missing <= may_miss, "{missing} items are missing");
}

fn a_producer_killed_at_any_moment_harms_nobody() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..kills(KILLS) {
        round(&mut random, true);
    }
}

fn a_consumer_killed_at_any_moment_harms_nobody() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..kills(KILLS) {
        round(&mut random, false);
    }
}

/// Whoever is woken by a put may be killed before it takes the item.
fn a_waiting_consumer_killed_at_any_moment_harms_nobody() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..kills(KILLS) {
        let queue = Queue::unbounded().expect("there is memory");
        let consumers = [(); 3].map(|()| started(|| queue.get().map(|()| 0)));
        spin(&mut random, 50_000);
        queue.put(()).expect("there is room");
        spin(&mut random, 2_000);
        let victim = &consumers[random.random_range(0..3)];
        victim.kill().expect("it can be killed");
        for _ in 1..3 {
            queue.put(()).expect("there is room");
        }
        let codes = consumers.each_ref().map(joined);
        let served = codes.iter().filter(|&&code| code == 0).count();
        assert!(served >= 2, "{codes:?}");
        assert!(queue.qsize().expect("its owners live") <= 1);
    }
}

/// All are killed at once, again and again; the queue is used on.
fn a_queue_survives_all_of_its_users() {
    let mut random = StdRng::seed_from_u64(seed());
    let queue = a_queue(&mut random);
    for round in 0..kills(KILLS) {
        let children = [0, 1, 2, 3].map(|which| {
            let queue = &queue;
            let mut random = StdRng::seed_from_u64(random.random());
            started(move || -> Result<()> {
                for number in 0.. {
                    if which % 2 == 0 {
                        let len = random_len(&mut random);
                        queue.put(Item::new(which, number, len))?;
                    } else {
                        queue.get()?.check();
                    }
                }
                Ok(())
            })
        });
        spin(&mut random, 60_000);
        for child in &children {
            child.kill().expect("it can be killed");
        }
        assert!(children.iter().all(|child| joined(child) == -9));
        let mut len = queue.qsize().expect("the dead are nobody's business");
        while let Ok(item) = queue.try_get() {
            item.check();
            len -= 1;
        }
        assert_eq!(len, 0);
        queue
            .try_put(Item::new(9, round, 500))
            .expect("it is empty");
        assert_eq!(queue.get().expect("it is there").number, round);
        assert!(queue.empty().expect("its owners live"));
    }
}

/// One process alone, with items of a byte: as often as possible it is killed
/// in the few steps that change the queue.
fn a_process_killed_between_two_steps_leaves_a_whole_queue() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..kills(400) {
        let queue = Queue::bounded(3).expect("there is memory");
        let turns = RawValue::new(0_u64).expect("there is memory");
        let child = started(|| -> Result<()> {
            loop {
                queue.put(1_u8)?;
                queue.put(2_u8)?;
                assert_eq!((queue.get()?, queue.get()?), (1, 2));
                turns.set(turns.get() + 1);
            }
        });
        eventually(SOON, || turns.get() > 0);
        spin(&mut random, 500);
        killed(&child);
        let len = queue.qsize().expect("the dead are nobody's business");
        let items: Vec<u8> =
            (0..len).map_while(|_| queue.try_get().ok()).collect();
        assert_eq!(items.len(), len);
        assert!([&[][..], &[1], &[2], &[1, 2]].contains(&&items[..]));
        assert!(queue.empty().expect("its owners live"));
        for number in 3..6 {
            queue.try_put(number).expect("there is room");
        }
        assert!(queue.full().expect("its owners live"));
        for number in 3..6 {
            assert_eq!(queue.try_get().ok(), Some(number));
        }
        assert!(queue.try_get().is_err());
    }
}

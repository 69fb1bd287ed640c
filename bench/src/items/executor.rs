//! Tasks for two threads, and what threads gain.

use std::time::{Duration, Instant};
use std::{hint, thread};

use concurrent::futures::ThreadPoolExecutor;
use crossbeam::channel::{self, Receiver, Sender};

use crate::item::{
    Cost, Item, Place, Target, Unit, Who, nanoseconds, nanoseconds_each, ours,
    peer, python,
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "executor-all",
        what: "ThreadPoolExecutor(2), all submitted at once: a task",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.1, Who::Peer),
        sides: &[
            ours("ThreadPoolExecutor", all_at_once),
            python("executor_all"),
            peer("crossbeam, with a channel back", channels_all),
        ],
    },
    Item {
        name: "executor-each",
        what: "ThreadPoolExecutor(2), one after the other",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.1, Who::Peer),
        sides: &[
            ours("ThreadPoolExecutor", each),
            python("executor_each"),
            peer("crossbeam, with a channel back", channels_each),
        ],
    },
    Item {
        name: "countdown",
        what: "countdown of 100 million: 2 threads against 1",
        unit: Unit::Speedup,
        place: Place::Anywhere,
        target: Target::AtLeast(1.9),
        sides: &[ours("threads", countdown), python("countdown")],
    },
];

fn square(n: u32) -> u32 {
    n.wrapping_mul(n)
}

fn all_at_once() -> Cost {
    let executor = ThreadPoolExecutor::new(2)?;
    nanoseconds(|count| {
        let start = Instant::now();
        let futures = (0..count).map(|_| executor.submit(square, 7));
        let futures: Vec<_> = futures.collect::<Result<_, _>>()?;
        for future in futures {
            future.result()?;
        }
        Ok(start.elapsed())
    })
}

fn each() -> Cost {
    let executor = ThreadPoolExecutor::new(2)?;
    nanoseconds_each(|| executor.submit(square, 7)?.result().map(drop))
}

type Task = Box<dyn FnOnce() + Send>;

fn two_threads() -> Sender<Task> {
    let (sender, tasks) = channel::unbounded::<Task>();
    for _ in 0..2 {
        let tasks = tasks.clone();
        thread::spawn(move || tasks.into_iter().for_each(|task| task()));
    }
    sender
}

fn submit(to: &Sender<Task>) -> Receiver<u32> {
    let (back, result) = channel::bounded(1);
    let task = move || back.send(square(7)).unwrap_or_default();
    to.send(Box::new(task)).expect("the threads are there");
    result
}

fn channels_all() -> Cost {
    let threads = two_threads();
    nanoseconds(|count| {
        let start = Instant::now();
        let results = (0..count).map(|_| submit(&threads));
        let results: Vec<_> = results.collect();
        for result in results {
            result.recv()?;
        }
        Ok(start.elapsed())
    })
}

fn channels_each() -> Cost {
    let threads = two_threads();
    nanoseconds_each(|| submit(&threads).recv().map(drop))
}

const COUNT: u64 = 100_000_000;

fn count_down(from: u64) -> Duration {
    let start = Instant::now();
    let mut n = from;
    while n > 0 {
        n = hint::black_box(n) - 1;
    }
    start.elapsed()
}

fn countdown() -> Cost {
    let one = count_down(COUNT);
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| count_down(COUNT / 2));
        scope.spawn(|| count_down(COUNT / 2));
    });
    Ok(one.as_secs_f64() / start.elapsed().as_secs_f64())
}

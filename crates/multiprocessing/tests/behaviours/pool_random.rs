//! Workers killed at random, while a pool does all that it can do.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use multiprocessing::{AsyncResult, Error, Pool, RawArray, Result};
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::pool_tasks::{only_zygote, short_lived, signal, square};
use crate::procfs::processes;
use crate::support::{SOON, eventually, kills, seed, spin};

pub(crate) const TESTS: &[Test] = list![
    b181_workers_killed_at_random_lose_and_double_nothing,
    a_zygote_killed_at_random_leaves_results_or_errors,
];

/// For a thousand rounds.
const ITEMS: usize = 2_000_000;

/// How often each item was begun; made before the workers, who inherit it.
static BEGUN: OnceLock<RawArray<u32>> = OnceLock::new();

fn begun(item: usize) -> u32 {
    let array = BEGUN
        .get_or_init(|| RawArray::zeroed(ITEMS).expect("there is room for it"));
    array.get(item).expect("it is one of the items")
}

/// Takes a moment, for each item another; the item and its result.
fn work(item: usize) -> (usize, usize) {
    let count = begun(item) + 1;
    let array = BEGUN.get().expect("it is there");
    // No two workers have the same item, unless the pool is wrong.
    array.set(item, count).expect("it is one of the items");
    let mut random = StdRng::seed_from_u64(item as u64);
    spin(&mut random, 10_000);
    (item, item ^ 0x5555)
}

type Done = Result<(usize, usize)>;

/// Checks that each item was done once, or lost with its worker; tells how
/// many were lost.
#[track_caller]
fn check(items: Range<usize>, results: Vec<Done>) -> usize {
    let mut done = BTreeSet::new();
    let mut lost = 0;
    for result in results {
        match result {
            Ok((item, result)) => {
                assert!(items.contains(&item), "{item} is not of {items:?}");
                assert_eq!((result, begun(item)), (item ^ 0x5555, 1));
                assert!(done.insert(item), "{item} has two results");
            }
            Err(Error::WorkerDied { exitcode: -9, .. }) => lost += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    for item in items {
        assert!(begun(item) <= 1, "{item} was begun twice");
    }
    lost
}

/// Lets the pool do `items` in one way or another.
fn results(pool: &Pool, items: Range<usize>, random: &mut StdRng) -> Vec<Done> {
    let open = "the pool is open";
    let chunk = random.random_range(1..6);
    match random.random_range(0..4) {
        0 => {
            let one = |item| pool.apply_async(work, item).expect(open);
            let results: Vec<_> = items.map(one).collect();
            results.iter().map(AsyncResult::get).collect()
        }
        1 => {
            let count = items.len();
            let map = if random.random() {
                pool.map_in_chunks(work, items, chunk)
            } else {
                let map = pool.map_async_in_chunks(work, items, chunk);
                map.expect(open).get()
            };
            match map {
                Ok(results) => results.into_iter().map(Ok).collect(),
                // Of the others it tells nothing: as if they were lost.
                Err(error) => {
                    let text = error.to_string();
                    let lost = |_| match &error {
                        &Error::WorkerDied { pid, exitcode } => {
                            Err(Error::WorkerDied { pid, exitcode })
                        }
                        _ => panic!("{text}"),
                    };
                    (0..count).map(lost).collect()
                }
            }
        }
        2 => {
            let imap = pool.imap_in_chunks(work, items.clone(), chunk);
            let results: Vec<_> = imap.expect(open).collect();
            for (item, result) in items.zip(&results) {
                assert!(result.as_ref().map_or(true, |done| done.0 == item));
            }
            results
        }
        _ => {
            let imap = pool.imap_unordered_in_chunks(work, items, chunk);
            imap.expect(open).collect()
        }
    }
}

fn some_items(next: &mut usize, random: &mut StdRng) -> Range<usize> {
    let first = *next;
    *next += random.random_range(1..60);
    first..*next
}

/// The workers, and those that have had their last task and still live.
fn workers(zygote: i32) -> Vec<i32> {
    let own = nix::unistd::getpid().as_raw();
    let family = processes().into_iter().filter(|process| {
        [own, zygote].contains(&process.parent) && process.pid != zygote
    });
    family.map(|process| process.pid).collect()
}

/// Kills workers until `end`; tells how many.
fn kill_workers(pool: &Pool, seed: u64, end: &AtomicBool) -> usize {
    let zygote = only_zygote();
    let mut random = StdRng::seed_from_u64(seed);
    let mut killed = 0;
    while !end.load(Ordering::SeqCst) {
        let workers = match random.random_range(0..4) {
            0 => workers(zygote),
            _ => pool.worker_pids(),
        };
        if !workers.is_empty() {
            let pid = workers[random.random_range(0..workers.len())];
            spin(&mut random, 20_000);
            signal(pid, Signal::SIGKILL);
            killed += 1;
        }
        thread::sleep(Duration::from_micros(random.random_range(0..6_000)));
    }
    killed
}

fn b181_workers_killed_at_random_lose_and_double_nothing() {
    let mut random = StdRng::seed_from_u64(seed());
    let (mut next, mut killed, mut lost) = (0, 0, 0);
    begun(0);
    let mut rounds = 0;
    while rounds < 6 || killed < kills(0) {
        rounds += 1;
        let processes = random.random_range(1..5);
        let pool = short_lived(processes, random.random_range(1..8));
        let (end, its_seed) = (AtomicBool::new(false), random.random());
        thread::scope(|scope| {
            let other = scope.spawn(|| kill_workers(&pool, its_seed, &end));
            for _ in 0..30 {
                let items = some_items(&mut next, &mut random);
                let results = results(&pool, items.clone(), &mut random);
                assert_eq!(results.len(), items.len());
                lost += check(items, results);
            }
            end.store(true, Ordering::SeqCst);
            killed += other.join().expect("it does not panic");
        });
        eventually(SOON, || pool.worker_pids().len() == processes);
        // Those that the killer struck last may still have got an order.
        let squares = pool.imap(square, 0..100).expect("it is open");
        let failed = squares.filter(Result::is_err).count();
        assert!(failed <= 1, "{failed}");
        let expected: Vec<_> = (0..100).map(square).collect();
        assert_eq!(pool.map(square, 0..100).ok(), Some(expected));
        pool.close();
        pool.join().expect("it is closed");
    }
    println!("{next} items, {killed} workers killed, {lost} items lost");
}

fn a_zygote_killed_at_random_leaves_results_or_errors() {
    let mut random = StdRng::seed_from_u64(seed());
    let mut next = 0;
    begun(0);
    for _ in 0..kills(60) {
        let processes = random.random_range(1..4);
        let pool = short_lived(processes, random.random_range(1..4));
        let items = some_items(&mut next, &mut random);
        let zygote = only_zygote();
        let results = pool.imap_unordered(work, items.clone());
        let results = results.expect("the pool is open");
        spin(&mut random, 300_000);
        signal(zygote, Signal::SIGKILL);
        let (broken, told): (Vec<_>, Vec<_>) = results.partition(is_broken);
        assert_eq!(broken.len() + told.len(), items.len());
        check(items, told);
        // The first workers go on, as long as they have tasks left.
        eventually(SOON, || is_broken(&pool.apply(square, 3)));
        pool.close();
        pool.join().expect("it takes no more tasks");
    }
}

fn is_broken<R>(result: &Result<R>) -> bool {
    matches!(result, Err(Error::PoolBroken { .. }))
}

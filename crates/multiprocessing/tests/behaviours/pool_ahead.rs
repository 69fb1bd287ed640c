//! Workers whose tasks are short have some ahead, which they do not keep when
//! they cannot begin them soon.

use std::collections::BTreeMap;
use std::process;
use std::sync::OnceLock;
use std::thread;

use multiprocessing::{Error, Pool, RawValue, current_process};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::pool_tasks::{pool, short_lived, square, wait_as};
use crate::support::{
    SOON, eventually, is_told, kills, seed, spin, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    what_is_ahead_of_a_long_task_goes_to_the_idle,
    what_is_ahead_of_a_dead_worker_goes_to_others,
    what_is_ahead_is_given_up_with_its_imap,
    what_is_ahead_counts_for_who_may_have_few,
    a_long_task_may_be_ahead_of_short_ones_and_behind,
    b158_short_tasks_of_all_sizes_give_their_results,
    who_waited_alone_does_not_wait_for_what_came_later,
];

/// The pool has seen that its tasks are short.
fn quick(processes: usize) -> Pool {
    let pool = pool(processes);
    warm_up(&pool);
    pool
}

fn warm_up(pool: &Pool) {
    let squares = pool.imap(square, 0..1000).expect("it is open");
    assert_eq!(squares.count(), 1000);
}

/// One of many tasks, of which those with a name are long.
fn one_of_many(name: String) -> bool {
    if !name.is_empty() {
        wait_as(name);
        return true;
    }
    false
}

fn what_is_ahead_of_a_long_task_goes_to_the_idle() {
    for long in [0, 1, 7, 30] {
        let pool = quick(2);
        let mut names = vec![String::new(); 60];
        names[long] = format!("long {long}");
        let mut results = pool.imap_unordered(one_of_many, names);
        let results = results.as_mut().expect("the pool is open");
        for _ in 1..60 {
            let short = results.next_timeout(SOON).expect("there are more");
            assert_eq!(short.ok(), Some(false));
        }
        tell("go", "");
        assert_eq!(results.next().expect("the long one").ok(), Some(true));
        std::fs::remove_file(crate::support::scratch("go")).expect("told");
    }
}

fn what_is_ahead_of_a_dead_worker_goes_to_others() {
    let die_at_10 = |n: i64| if n == 10 { process::abort() } else { n };
    for processes in [1, 2] {
        let pool = quick(processes);
        for _ in 0..10 {
            let results = pool.imap(die_at_10, 0..40).expect("it is open");
            for (n, result) in (0..).zip(results) {
                match result {
                    Ok(result) => assert_eq!(result, n),
                    Err(Error::WorkerDied { exitcode: -6, .. }) => {
                        assert_eq!(n, 10);
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
            warm_up(&pool);
        }
    }
}

/// Made before the workers, who inherit it.
static BEGUN: OnceLock<RawValue<u32>> = OnceLock::new();

fn what_is_ahead_is_given_up_with_its_imap() {
    let begun = BEGUN.get_or_init(|| RawValue::new(0).expect("memory"));
    let pool = quick(1);
    let task = |name: String| {
        let begun = BEGUN.get().expect("it is there");
        begun.set(begun.get() + 1);
        one_of_many(name)
    };
    let mut names = vec![String::new(); 30];
    names[0] = "long".into();
    let results = pool.imap(task, names).expect("it is open");
    eventually(SOON, || begun.get() == 1);
    let other = pool.apply_async(square, 3).expect("it is open");
    drop(results);
    tell("go", "");
    assert_eq!(other.get().ok(), Some(9));
    // It, and one that the worker may have had already.
    assert!(begun.get() <= 2, "{}", begun.get());
}

fn what_is_ahead_counts_for_who_may_have_few() {
    let pool = short_lived(2, 5);
    let who = |_: i64| current_process().pid();
    let mut had = BTreeMap::new();
    for pid in pool.imap(who, 0..100).expect("it is open") {
        *had.entry(pid.expect("it is done")).or_insert(0) += 1;
    }
    assert!(had.len() >= 20 && had.values().all(|&count| count <= 5));
}

fn a_long_task_may_be_ahead_of_short_ones_and_behind() {
    let mut random = StdRng::seed_from_u64(seed());
    let pool = quick(3);
    for _ in 0..20 * kills(1) {
        let naps = (0..200).map(|_| match random.random_range(0..50) {
            0 => random.random_range(0..1_000_000),
            _ => random.random_range(0..2000),
        });
        let naps: Vec<u32> = naps.collect();
        let nap = |spins: u32| {
            spin(&mut StdRng::seed_from_u64(spins.into()), spins + 1);
            spins
        };
        let done = if random.random() {
            pool.map_in_chunks(nap, naps.clone(), 1)
        } else {
            let done = pool.map_async_in_chunks(nap, naps.clone(), 1);
            done.expect("it is open").get()
        };
        assert_eq!(done.ok(), Some(naps));
    }
}

fn b158_short_tasks_of_all_sizes_give_their_results() {
    let mut random = StdRng::seed_from_u64(seed());
    let pool = quick(2);
    let longer = |text: String| text.repeat(2);
    for _ in 0..20 * kills(1) {
        let most = [10, 100, 1000, 3000, 10_000][random.random_range(0..5)];
        let texts = (0..200).map(|n| {
            let len = random.random_range(0..most);
            format!("{n} ").repeat(len / 3)
        });
        let texts: Vec<String> = texts.collect();
        let longer = pool.map_in_chunks(longer, texts.clone(), 1);
        let longer = longer.expect("it is done");
        assert!(texts.iter().map(|it| it.repeat(2)).eq(longer));
    }
}

/// The pool's thread is busy with a callback, so that he hears for himself.
fn who_waited_alone_does_not_wait_for_what_came_later() {
    let pool = quick(1);
    let slow = pool.apply_async(square, 1).expect("it is open");
    slow.callback(|_| {
        tell("slow", 0);
        eventually(4 * SOON, || is_told("over"));
    });
    told::<i32>("slow");
    let until_more_is_there = |n: i64| {
        if n == 10 {
            tell("begun", 0);
            eventually(SOON, || is_told("more"));
        }
    };
    thread::scope(|scope| {
        let all = || pool.map_in_chunks(until_more_is_there, 0..100, 1);
        let alone = scope.spawn(all);
        told::<i32>("begun");
        let mut names = vec![String::new(); 150];
        names[0] = "long".into();
        let more = pool.map_async_in_chunks(one_of_many, names, 1);
        tell("more", 0);
        eventually(SOON, || alone.is_finished());
        assert!(alone.join().expect("it does not panic").is_ok());
        tell("go", 0);
        assert!(more.expect("it is open").get().is_ok());
    });
    tell("over", 0);
}

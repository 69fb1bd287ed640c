//! What a pool does with functions and items.

use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use multiprocessing::{Error, Pool, current_process};

use crate::harness::{Test, list};
use crate::pool_tasks::{fail, nap, pool, square, wait_as};
use crate::support::{
    in_child, is_told, joined, started, stderr_of, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    all_workers_have_their_turns,
    b157_apply_gives_the_result,
    b158_map_is_in_order_with_any_chunks,
    b159_a_function_of_a_tuple_is_a_starmap,
    b160_map_async_gives_what_map_gives,
    b163_a_map_over_nothing_is_done_at_once,
    b164_a_panic_of_the_iterator_reaches_the_caller,
    b165_a_result_comes_when_the_task_is_done,
    b166_a_time_limit_holds_and_the_task_runs_on,
    b170_a_pool_has_as_many_workers_as_asked_for,
    b174_a_panic_keeps_its_text_and_place,
    b175_a_map_with_a_failure_is_done_to_the_end,
    b186_a_result_tells_its_state,
    b187_the_default_chunks_are_four_a_worker,
    a_panic_of_a_task_is_told_and_not_printed,
    threads_may_share_a_pool,
    ten_thousand_small_tasks,
    a_task_may_not_start_processes,
    a_forked_child_may_not_use_the_pool,
    a_pool_that_moves_into_a_child_is_terminated,
];

fn all_workers_have_their_turns() {
    let pool = pool(3);
    let pid = |()| {
        thread::sleep(Duration::from_millis(1));
        std::process::id()
    };
    let pids: Vec<_> = (0..6).map(|_| pool.apply(pid, ())).collect();
    let pids: Result<Vec<_>, _> = pids.into_iter().collect();
    let pids = pids.expect("nobody dies");
    assert_eq!(pids[..3], pids[3..]);
    assert_eq!(BTreeSet::from_iter(&pids).len(), 3, "{pids:?}");
}

fn b157_apply_gives_the_result() {
    let pool = pool(4);
    assert_eq!(pool.apply(square, 5).ok(), Some(25));
    let elsewhere = |(): ()| current_process().pid();
    let pid = pool.apply(elsewhere, ()).expect("a closure is a function");
    assert!(pool.worker_pids().contains(&pid));
}

fn b158_map_is_in_order_with_any_chunks() {
    let pool = pool(4);
    for count in [1, 10, 100] {
        let expected: Vec<_> = (0..count).map(square).collect();
        assert_eq!(pool.map(square, 0..count).ok(), Some(expected.clone()));
        for chunk in [1, 7, 20, 1_000] {
            let result = pool.map_async_in_chunks(square, 0..count, chunk);
            let result = result.expect("the pool is open").get();
            assert_eq!(result.ok(), Some(expected.clone()));
            let result = pool.map_in_chunks(square, 0..count, chunk);
            assert_eq!(result.ok(), Some(expected.clone()));
        }
    }
    let refused = pool.map_async_in_chunks(square, 0..3, 0);
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    let refused = pool.map_in_chunks(square, 0..3, 0);
    assert!(matches!(refused, Err(Error::Invalid { .. })));
}

fn b159_a_function_of_a_tuple_is_a_starmap() {
    let pool = pool(2);
    let items = (0..10).zip(10..20);
    let product = |(x, y): (i64, i64)| x * y;
    let expected: Vec<_> = items.clone().map(product).collect();
    let products = pool.map(product, items.clone());
    assert_eq!(products.ok().as_ref(), Some(&expected));
    let products = pool.map_async(product, items).expect("it is open");
    assert_eq!(products.get().ok(), Some(expected));
}

fn b160_map_async_gives_what_map_gives() {
    let pool = pool(3);
    let results: Vec<_> = (0..50)
        .map(|n| pool.map_async(square, n..n + 20).expect("it is open"))
        .collect();
    for (n, result) in (0..).zip(results) {
        let expected = pool.map(square, n..n + 20).ok();
        assert_eq!(result.get().ok(), expected);
        assert_eq!(result.get().ok(), expected, "get may be repeated");
    }
}

fn b163_a_map_over_nothing_is_done_at_once() {
    let pool = pool(1);
    let busy = pool.apply_async(wait_as, "busy".into());
    let busy = busy.expect("the pool is open");
    let none = pool.map_async_in_chunks(square, [], 1);
    let none = none.expect("the pool is open");
    assert!(none.ready());
    let limit = Duration::ZERO;
    assert_eq!(none.get_timeout(limit).ok(), Some(Vec::new()));
    assert_eq!(pool.map(square, []).ok(), Some(Vec::new()));
    tell("go", "");
    assert_eq!(busy.get().ok().as_deref(), Some("busy"));
}

fn b164_a_panic_of_the_iterator_reaches_the_caller() {
    let pool = pool(2);
    for good in [0, 10] {
        let items = (0..20).inspect(|&n| assert!(n < good, "no item {n}"));
        let map = AssertUnwindSafe(|| pool.map(square, items));
        let panic = panic::catch_unwind(map).expect_err("it panics");
        let text = panic.downcast_ref::<String>().map(String::as_str);
        assert_eq!(text, Some(&*format!("no item {good}")));
        assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
    }
}

fn b165_a_result_comes_when_the_task_is_done() {
    let (pool, time) = (pool(2), Duration::from_millis(200));
    let start = Instant::now();
    let result = pool.apply_async(nap, time).expect("the pool is open");
    assert!(!result.ready());
    assert_eq!(result.get().ok(), Some(time));
    assert!(start.elapsed() >= time);
}

fn b166_a_time_limit_holds_and_the_task_runs_on() {
    let (pool, limit) = (pool(1), Duration::from_millis(100));
    let result = pool.apply_async(wait_as, "still there".into());
    let result = result.expect("the pool is open");
    let start = Instant::now();
    let late = result.get_timeout(limit);
    assert!(matches!(late, Err(Error::TimedOut)), "{late:?}");
    assert!(start.elapsed() >= limit);
    tell("go", "");
    assert_eq!(result.get().ok().as_deref(), Some("still there"));
}

fn b170_a_pool_has_as_many_workers_as_asked_for() {
    assert!(matches!(Pool::new(0), Err(Error::Invalid { .. })));
    for count in 1..=3 {
        assert_eq!(pool(count).worker_pids().len(), count);
    }
}

fn b174_a_panic_keeps_its_text_and_place() {
    let pool = pool(1);
    let failed = pool.apply(fail, "a black day".into());
    let Err(Error::TaskPanicked { pid, message }) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(pool.worker_pids(), [pid], "it goes on");
    let place = "a black day (at crates/multiprocessing/tests/";
    assert!(message.starts_with(place), "{message}");

    // Nothing of a panic before is said of one without a text.
    let caught = |(): ()| panic::catch_unwind(|| panic!("mine")).is_err();
    assert_eq!(pool.apply(caught, ()).ok(), Some(true));
    let quiet = |(): ()| panic::resume_unwind(Box::new(5));
    let failed = pool.apply::<(), ()>(quiet, ());
    let Err(Error::TaskPanicked { message, .. }) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(message, "");
}

fn fail_loudly(n: usize) {
    tell(&format!("begun {n}"), "");
    let text = "x".repeat(1 << 20);
    panic!("{n}: {text}");
}

fn b175_a_map_with_a_failure_is_done_to_the_end() {
    let pool = pool(2);
    let result = pool.map_async_in_chunks(fail_loudly, 0..20, 3);
    let result = result.expect("the pool is open");
    pool.close();
    pool.join().expect("it is closed");
    for n in 0..20 {
        told::<String>(&format!("begun {n}"));
    }
    let failed = result.get();
    let Err(Error::TaskPanicked { message, .. }) = failed else {
        panic!("{failed:?}");
    };
    assert!(message.starts_with("0: x"), "it is the first");
    assert!(message.len() > 1 << 20);
}

fn b186_a_result_tells_its_state() {
    let pool = pool(1);
    let result = pool.apply_async(wait_as, "busy".into());
    let result = result.expect("the pool is open");
    let failed = pool.apply_async(fail, "no".into());
    let failed = failed.expect("the pool is open");
    assert!(!result.ready());
    assert!(matches!(result.successful(), Err(Error::NotReady)));
    let limit = Duration::from_millis(50);
    let start = Instant::now();
    assert_eq!(result.wait_timeout(limit).ok(), Some(false));
    assert!(start.elapsed() >= limit);
    tell("go", "");
    result.wait().expect("it is ours");
    failed.wait().expect("a failure is no error of wait");
    assert!(result.ready() && failed.ready());
    assert_eq!(result.wait_timeout(Duration::ZERO).ok(), Some(true));
    assert_eq!(result.successful().ok(), Some(true));
    assert_eq!(failed.successful().ok(), Some(false));
}

/// A worker dies with the first item of a chunk, and all the chunk is lost.
fn b187_the_default_chunks_are_four_a_worker() {
    let pool = pool(2);
    for (count, chunk) in [(80, 10), (81, 11), (1, 1), (8, 1), (9, 2)] {
        let done = |(count, n)| format!("item {n} of {count}");
        let exit_at_the_first = |item: (usize, usize)| {
            if item.1 == 0 {
                std::process::exit(0);
            }
            tell(&format!("item {} of {}", item.1, item.0), "");
        };
        let items = (0..count).map(|n| (count, n));
        let lost = pool.map(exit_at_the_first, items.clone());
        assert!(matches!(lost, Err(Error::WorkerDied { .. })), "{lost:?}");
        for item in items {
            assert_eq!(is_told(&done(item)), item.1 >= chunk, "{item:?}");
        }
    }
}

fn a_panic_of_a_task_is_told_and_not_printed() {
    let (text, exitcode) = stderr_of(|| {
        let pool = pool(1);
        pool.apply(fail, "kept".into()).expect_err("it panics");
        let thread =
            |(): ()| thread::spawn(|| panic!("printed")).join().is_err();
        assert_eq!(pool.apply(thread, ()).ok(), Some(true));
    });
    assert_eq!(exitcode, 0, "{text}");
    assert!(!text.contains("kept"), "{text}");
    assert!(text.contains("printed"), "{text}");
}

fn threads_may_share_a_pool() {
    let pool = pool(3);
    thread::scope(|scope| {
        for thread in 0..8 {
            let pool = &pool;
            scope.spawn(move || {
                for n in thread * 100..thread * 100 + 100 {
                    assert_eq!(pool.apply(square, n).ok(), Some(n * n));
                }
            });
        }
    });
}

fn ten_thousand_small_tasks() {
    let pool = pool(2);
    let results: Vec<_> = (0..10_000)
        .map(|n| pool.apply_async(square, n).expect("it is open"))
        .collect();
    for (n, result) in (0..).zip(results) {
        assert_eq!(result.get().ok(), Some(n * n));
    }
}

fn a_task_may_not_start_processes() {
    let pool = pool(1);
    let start = |(): ()| {
        let child = multiprocessing::Process::new(|| ()).start();
        let pool = Pool::new(1).map(drop);
        [child, pool].map(|refused| match refused {
            Err(Error::DaemonicChild { name }) => name,
            other => panic!("{other:?}"),
        })
    };
    let names = pool.apply(start, ()).expect("both are refused");
    assert_eq!(names[1], "PoolWorker");
}

fn a_forked_child_may_not_use_the_pool() {
    let pool = pool(1);
    let result = pool.apply_async(square, 3).expect("the pool is open");
    result.wait().expect("it is ours");
    let exitcode = in_child(|| {
        for refused in [
            pool.apply(square, 3).map(drop),
            pool.map(square, [3]).map(drop),
            pool.map(square, []).map(drop),
            pool.join(),
            result.get().map(drop),
            result.get_timeout(Duration::ZERO).map(drop),
            result.wait(),
            result.wait_timeout(Duration::ZERO).map(drop),
        ] {
            let theirs = matches!(refused, Err(Error::NotCreator { .. }));
            assert!(theirs, "{refused:?}");
        }
        pool.close();
        pool.terminate();
    });
    assert_eq!(exitcode, 0);
    pool.close();
    pool.join().expect("it is closed");
    // In the child, neither a callback nor a drop does anything.
    let child = started(move || {
        drop(result.callback(|_| std::process::exit(3)));
        drop(pool);
    });
    assert_eq!(joined(&child), 0);
}

fn a_pool_that_moves_into_a_child_is_terminated() {
    let pool = pool(1);
    let result = pool.apply_async(wait_as, "busy".into());
    let result = result.expect("the pool is open");
    // The child's copy of the handle is dropped in the child; ours, after the
    // start, terminates the pool.
    let child = started(move || drop(pool));
    assert_eq!(joined(&child), 0);
    let given_up = result.get();
    assert!(matches!(given_up, Err(Error::PoolClosed)), "{given_up:?}");
}

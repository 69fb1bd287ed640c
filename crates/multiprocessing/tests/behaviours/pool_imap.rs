//! `imap` and `imap_unordered`: results one by one.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::Duration;

use multiprocessing::{Error, Imap, Pool, Result, current_process};
use nix::sys::signal::Signal;

use crate::harness::{Test, list};
use crate::pool_tasks::{begun, pool, signal, sleep_as, square, wait_as};
use crate::procfs::memory;
use crate::support::{at_least, eventually, in_child, is_told, tell, told};

pub(crate) const TESTS: &[Test] = list![
    b167_imap_gives_all_results_in_order_and_ends,
    b167_a_result_of_imap_comes_before_the_others_are_there,
    b168_an_error_of_imap_comes_at_its_place,
    b168_a_panic_of_the_input_reaches_the_caller_of_imap,
    b169_imap_unordered_gives_each_result_once,
    b169_a_result_of_imap_unordered_waits_for_no_other,
    b169_an_error_of_imap_unordered_comes_once,
    b172_nothing_gives_nothing,
    a_time_limit_of_imap_takes_nothing_away,
    a_worker_that_dies_is_an_error_at_the_places_of_its_chunk,
    what_a_dropped_imap_has_not_begun_is_given_up,
    a_dropped_imap_lets_a_closed_pool_end,
    a_dropped_imap_keeps_no_memory,
    a_closed_pool_does_the_imap_that_is_there,
    a_terminated_pool_ends_an_imap_with_errors,
    a_closed_pool_takes_no_imap,
    an_imap_may_go_to_another_thread,
    a_forked_child_gets_nothing_of_an_imap,
];

type Mapped<A, R> = fn(&Pool, fn(A) -> R, Vec<A>) -> Result<Imap<R>>;

/// Both of them, for items and results of these types.
fn both<A, R>() -> [Mapped<A, R>; 2]
where
    A: serde::Serialize + serde::de::DeserializeOwned,
    R: serde::Serialize + serde::de::DeserializeOwned,
{
    [
        |pool, function, items| pool.imap(function, items),
        |pool, function, items| pool.imap_unordered(function, items),
    ]
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("item {n}")).collect()
}

fn b167_imap_gives_all_results_in_order_and_ends() {
    let pool = pool(4);
    for (count, chunk) in [(10, 1), (1_000, 100), (1_000, 7), (3, 1_000)] {
        let mut results = pool
            .imap_in_chunks(square, 0..count, chunk)
            .expect("the pool is open");
        for n in 0..count {
            let left = usize::try_from(count - n).expect("it is small");
            assert_eq!(results.len(), left);
            let result = results.next().expect("there is one more");
            assert_eq!(result.ok(), Some(n * n));
        }
        assert_eq!(results.len(), 0);
        assert!(results.next().is_none() && results.next().is_none());
    }
    let results = pool.imap(square, 0..100).expect("the pool is open");
    let results: Vec<_> = results.filter_map(Result::ok).collect();
    assert_eq!(results, (0..100).map(square).collect::<Vec<_>>());
    let refused = pool.imap_in_chunks(square, 0..3, 0);
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
}

fn quick_or_waiting(name: String) -> String {
    match &*name {
        "quick" => name,
        _ => wait_as(name),
    }
}

fn b167_a_result_of_imap_comes_before_the_others_are_there() {
    let pool = pool(1);
    let items = ["quick", "waiting"].map(String::from);
    let results = pool.imap(quick_or_waiting, items);
    let mut results = results.expect("the pool is open");
    let first = results.next().expect("the first");
    assert_eq!(first.ok().as_deref(), Some("quick"));
    tell("go", "");
    let second = results.next().expect("the second");
    assert_eq!(second.ok().as_deref(), Some("waiting"));
    assert!(results.next().is_none());
}

fn odd_only(n: i64) -> i64 {
    assert_ne!(n % 2, 0, "{n} is even");
    n
}

fn even(result: &Result<i64>) -> bool {
    let Err(Error::TaskPanicked { message, .. }) = result else {
        return false;
    };
    message.contains("is even")
}

fn b168_an_error_of_imap_comes_at_its_place() {
    let pool = pool(3);
    for chunk in [1, 2, 5] {
        let results = pool.imap_in_chunks(odd_only, 0..20, chunk);
        for (n, result) in (0..).zip(results.expect("the pool is open")) {
            match n % 2 {
                0 => assert!(even(&result), "{n}: {result:?}"),
                _ => assert_eq!(result.ok(), Some(n)),
            }
        }
    }
    let results = pool.imap(odd_only, [1, 3, 4, 5]).expect("it is open");
    let prefix: Result<Vec<_>> = results.collect();
    assert!(prefix.is_err_and(|error| error.to_string().contains("4 is")));
}

fn b168_a_panic_of_the_input_reaches_the_caller_of_imap() {
    let pool = pool(2);
    for good in [0, 10] {
        let items = || {
            let names = names(20).into_iter().enumerate();
            names
                .inspect(move |&(n, _)| assert!(n < good, "no item {n}"))
                .map(|(_, name)| name)
        };
        let begin = |name: String| tell(&name, "");
        let ordered = || pool.imap(begin, items()).map(drop);
        let unordered = || pool.imap_unordered(begin, items()).map(drop);
        let calls: [&dyn Fn() -> Result<()>; 2] = [&ordered, &unordered];
        for call in calls {
            let panic = panic::catch_unwind(AssertUnwindSafe(call));
            let panic = panic.expect_err("the input panics");
            let text = panic.downcast_ref::<String>().map(String::as_str);
            assert_eq!(text, Some(&*format!("no item {good}")));
        }
    }
    assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
    assert!(
        !names(20).iter().any(|name| is_told(name)),
        "none was begun"
    );
}

fn b169_imap_unordered_gives_each_result_once() {
    let pool = pool(4);
    for (count, chunk) in [(10, 1), (1_000, 100), (1_000, 7), (3, 1_000)] {
        let results = pool
            .imap_unordered_in_chunks(square, 0..count, chunk)
            .expect("the pool is open");
        let mut results: Vec<_> =
            results.map(|result| result.expect("it is done")).collect();
        results.sort_unstable();
        assert_eq!(results, (0..count).map(square).collect::<Vec<_>>());
    }
    let refused = pool.imap_unordered_in_chunks(square, 0..3, 0);
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
}

fn b169_a_result_of_imap_unordered_waits_for_no_other() {
    let pool = pool(2);
    let items = ["waiting", "quick", "quick"].map(String::from);
    let results = pool.imap_unordered(quick_or_waiting, items);
    let mut results = results.expect("the pool is open");
    for _ in 0..2 {
        let result = results.next().expect("one of the quick");
        assert_eq!(result.ok().as_deref(), Some("quick"));
    }
    tell("go", "");
    let last = results.next().expect("the first item");
    assert_eq!(last.ok().as_deref(), Some("waiting"));
    assert!(results.next().is_none());
}

fn b169_an_error_of_imap_unordered_comes_once() {
    let pool = pool(3);
    let items = [1, 3, 4, 5, 7];
    let results = pool.imap_unordered(odd_only, items).expect("it is open");
    let (bad, good): (Vec<_>, Vec<_>) = results.partition(even);
    assert_eq!(bad.len(), 1);
    let mut good: Vec<_> = good.into_iter().filter_map(Result::ok).collect();
    good.sort_unstable();
    assert_eq!(good, [1, 3, 5, 7]);
}

fn b172_nothing_gives_nothing() {
    let pool = pool(2);
    assert_eq!(pool.map(square, []).ok(), Some(vec![]));
    let none = pool.map_async(square, []).expect("the pool is open");
    assert_eq!(none.get().ok(), Some(vec![]));
    for imap in both() {
        let mut none = imap(&pool, square, vec![]).expect("it is open");
        assert!(none.next().is_none());
        assert!(none.next_timeout(Duration::ZERO).is_none());
    }
}

fn a_time_limit_of_imap_takes_nothing_away() {
    let pool = pool(1);
    for (imap, name) in both().into_iter().zip(["one", "two"]) {
        let go_as = |name: String| {
            eventually(Duration::from_secs(20), || is_told(&name));
            name
        };
        let results = imap(&pool, go_as, vec![name.into()]);
        let mut results = results.expect("the pool is open");
        let limit = Duration::from_millis(30);
        for _ in 0..2 {
            let late = at_least(limit, || results.next_timeout(limit));
            assert!(matches!(late, Some(Err(Error::TimedOut))), "{late:?}");
            assert_eq!(results.len(), 1);
        }
        tell(name, "");
        let result = results.next_timeout(Duration::MAX).expect("it comes");
        assert_eq!(result.ok().as_deref(), Some(name));
        assert!(results.next_timeout(limit).is_none());
    }
}

fn a_worker_that_dies_is_an_error_at_the_places_of_its_chunk() {
    let pool = pool(2);
    let die_at_4 = |n: i64| if n == 4 { std::process::exit(3) } else { n };
    let results = pool.imap_in_chunks(die_at_4, 0..9, 3);
    for (n, result) in (0..).zip(results.expect("the pool is open")) {
        match result {
            Ok(m) => assert!(m == n && n / 3 != 1),
            Err(Error::WorkerDied { exitcode: 3, .. }) => assert_eq!(n / 3, 1),
            Err(other) => panic!("{other:?}"),
        }
    }
    let (busy, pid) = begun(&pool, sleep_as, "busy");
    let results = pool.imap_unordered(square, 0..9).expect("it is open");
    signal(pid, Signal::SIGKILL);
    assert_eq!(results.filter_map(Result::ok).sum::<i64>(), 204);
    assert!(busy.get().is_err());
}

fn what_a_dropped_imap_has_not_begun_is_given_up() {
    let pool = pool(1);
    for (imap, name) in both().into_iter().zip(["one", "two"]) {
        let items = [vec![name.to_string()], names(1_000)].concat();
        let begin = |name: String| {
            tell(&name, "");
            eventually(Duration::from_secs(20), || is_told("go"));
        };
        let results = imap(&pool, begin, items).expect("the pool is open");
        told::<String>(name);
        let other = pool.apply_async(square, 4).expect("the pool is open");
        drop(results);
        tell("go", "");
        assert_eq!(other.get().ok(), Some(16));
        assert!(!names(1_000).iter().any(|name| is_told(name)));
        std::fs::remove_file(crate::support::scratch("go")).expect("told");
    }
}

fn a_dropped_imap_lets_a_closed_pool_end() {
    let pool = pool(1);
    let (stopped, _) = begun(&pool, wait_as, "first");
    let items = names(1_000);
    let results = pool.imap(sleep_as, items).expect("the pool is open");
    pool.close();
    drop(results);
    tell("go", "");
    pool.join().expect("it is closed");
    assert_eq!(stopped.get().ok().as_deref(), Some("first"));
}

/// A result that comes in the end, and twenty that wait for it.
fn one_blocks_twenty(n: usize) -> String {
    const SIZE: usize = 1 << 20;
    if n == 0 {
        eventually(Duration::from_secs(20), || is_told("go"));
    }
    "x".repeat(SIZE)
}

fn a_dropped_imap_keeps_no_memory() {
    const MEBIBYTE: usize = 1 << 20;
    let pool = pool(10);
    let own = current_process().pid();
    let round = || {
        let results = pool.imap(one_blocks_twenty, 0..21);
        let mut results = results.expect("the pool is open");
        // Enough for the twenty to come.
        let limit = Duration::from_millis(100);
        let late = results.next_timeout(limit).expect("there is a first");
        assert!(matches!(late, Err(Error::TimedOut)), "{late:?}");
    };
    round();
    let before = memory(own);
    (0..8).for_each(|_| round());
    let after = memory(own);
    assert!(after < before + 60 * MEBIBYTE, "from {before} to {after}");
    tell("go", "");
}

fn a_closed_pool_does_the_imap_that_is_there() {
    for imap in both() {
        let pool = pool(2);
        let results = imap(&pool, square, (0..100).collect());
        let results = results.expect("the pool is open");
        pool.close();
        pool.join().expect("it is closed");
        assert_eq!(results.filter_map(Result::ok).count(), 100);
    }
}

fn a_terminated_pool_ends_an_imap_with_errors() {
    for imap in both() {
        let pool = pool(1);
        let results = imap(&pool, sleep_as, names(100));
        let mut results = results.expect("the pool is open");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| results.next());
            told::<i32>("item 0");
            pool.terminate();
            let end = waiting.join().expect("it does not panic");
            assert!(matches!(end, Some(Err(Error::PoolClosed))), "{end:?}");
        });
        let closed = |end: &_| matches!(end, Err(Error::PoolClosed));
        assert_eq!(results.filter(closed).count(), 99);
        std::fs::remove_file(crate::support::scratch("item 0")).expect("told");
    }
}

fn a_closed_pool_takes_no_imap() {
    let pool = pool(1);
    pool.close();
    for imap in both() {
        for items in [vec![], vec![3]] {
            let refused = imap(&pool, square, items);
            assert!(matches!(refused, Err(Error::PoolClosed)), "{refused:?}");
        }
    }
}

fn an_imap_may_go_to_another_thread() {
    let pool = pool(2);
    let results = pool.imap(square, 0..100).expect("the pool is open");
    let sum = thread::spawn(|| results.filter_map(Result::ok).sum::<i64>());
    assert_eq!(sum.join().ok(), Some(328_350));
}

fn a_forked_child_gets_nothing_of_an_imap() {
    let pool = pool(2);
    let mut results = pool.imap(wait_as, names(3)).expect("it is open");
    let exitcode = in_child(|| {
        let theirs = results.next();
        let refused = matches!(theirs, Some(Err(Error::NotCreator { .. })));
        assert!(refused, "{theirs:?}");
        assert!(results.next().is_none());
        assert!(pool.imap(square, [3]).is_err());
    });
    assert_eq!(exitcode, 0);
    // In the child, a drop gives nothing up.
    let results = Cell::new(Some(results));
    assert_eq!(in_child(|| drop(results.take())), 0);
    tell("go", "");
    let results = results.take().expect("it was taken in the child only");
    assert_eq!(results.filter_map(Result::ok).count(), 3);
}

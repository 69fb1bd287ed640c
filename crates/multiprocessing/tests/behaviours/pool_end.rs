//! The end of a pool: close, terminate, join, drop, and what they leave.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use multiprocessing::{Error, Pool};

use crate::harness::{Test, list};
use crate::pool_tasks::{begun, pool, sleep_as, square, wait_as};
use crate::procfs::{alive, children, open_descriptors, own_zombies};
use crate::support::{SOON, tell};

pub(crate) const TESTS: &[Test] = list![
    b171_terminate_gives_ten_thousand_tasks_up,
    b173_the_end_of_the_scope_terminates,
    b173_a_closed_pool_takes_no_tasks,
    b177_join_before_close_is_refused,
    close_lets_what_is_there_be_done,
    a_drop_after_close_gives_up_what_is_not_done,
    who_waits_for_a_result_is_told_of_the_end,
    an_end_may_come_at_once,
    fifty_pools_leave_nothing_behind,
];

fn is_closed<R>(result: &Result<R, Error>) -> bool {
    matches!(result, Err(Error::PoolClosed))
}

fn b171_terminate_gives_ten_thousand_tasks_up() {
    let pool = pool(3);
    let (busy, pid) = begun(&pool, sleep_as, "busy");
    let results: Vec<_> = (0..10_000)
        .map(|n| pool.apply_async(sleep_as, format!("task {n}")))
        .map(|result| result.expect("the pool is open"))
        .collect();
    let many = pool.map_async(sleep_as, (0..10_000).map(|n| n.to_string()));
    let many = many.expect("the pool is open");
    let start = Instant::now();
    pool.terminate();
    pool.join().expect("it is terminated");
    assert!(start.elapsed() < SOON);
    assert!(!alive(pid));
    assert_eq!(children(), []);
    assert!(is_closed(&busy.get()));
    assert!(results.iter().all(|result| is_closed(&result.get())));
    assert!(is_closed(&many.get()));
    pool.terminate();
    pool.join().expect("a second join is fine");
    assert!(is_closed(&pool.apply(square, 3)));
}

fn b173_the_end_of_the_scope_terminates() {
    let (busy, pid) = {
        let pool = pool(2);
        begun(&pool, sleep_as, "busy")
    };
    assert!(!alive(pid));
    assert_eq!(children(), []);
    assert!(is_closed(&busy.get()));
}

fn b173_a_closed_pool_takes_no_tasks() {
    let pool = pool(2);
    pool.close();
    for refused in [
        pool.apply(square, 3).map(drop),
        pool.apply_async(square, 3).map(drop),
        pool.map_async(square, [3]).map(drop),
        pool.map(square, []).map(drop),
    ] {
        assert!(is_closed(&refused), "{refused:?}");
    }
}

fn b177_join_before_close_is_refused() {
    let pool = pool(1);
    assert!(matches!(pool.join(), Err(Error::PoolRunning)));
    assert_eq!(pool.apply(square, 3).ok(), Some(9));
    pool.close();
    pool.join().expect("it is closed");
    pool.join().expect("a second join is fine");
    assert_eq!(pool.worker_pids(), []);
}

fn close_lets_what_is_there_be_done() {
    let pool = pool(2);
    let (waiting, _) = begun(&pool, wait_as, "waiting");
    let results: Vec<_> = (0..1_000)
        .map(|n| pool.apply_async(square, n).expect("it is open"))
        .collect();
    pool.close();
    tell("go", "");
    pool.join().expect("it is closed");
    assert!(waiting.ready());
    for (n, result) in (0..).zip(results) {
        assert_eq!(result.get().ok(), Some(n * n));
    }
    assert_eq!(children(), []);
}

fn a_drop_after_close_gives_up_what_is_not_done() {
    let pool = pool(1);
    let (busy, pid) = begun(&pool, sleep_as, "busy");
    pool.close();
    drop(pool);
    assert!(!alive(pid));
    assert!(is_closed(&busy.get()));
}

fn who_waits_for_a_result_is_told_of_the_end() {
    let pool = pool(1);
    let (busy, _) = begun(&pool, sleep_as, "busy");
    let queued = pool.apply_async(square, 3).expect("the pool is open");
    let (sender, told) = mpsc::channel();
    let queued = queued.error_callback(move |error| {
        sender.send(is_closed::<()>(&Err(error))).expect("waits");
    });
    std::thread::scope(|scope| {
        let first = scope.spawn(|| is_closed(&busy.get()));
        let second = scope.spawn(|| is_closed(&queued.get()));
        let third = scope.spawn(|| is_closed(&pool.apply(square, 3)));
        std::thread::sleep(Duration::from_millis(20));
        pool.terminate();
        for waiting in [first, second, third] {
            assert!(waiting.join().expect("it does not panic"));
        }
    });
    assert_eq!(told.recv(), Ok(true));
}

fn an_end_may_come_at_once() {
    let ends: [fn(Pool); 4] = [
        drop,
        |pool| pool.terminate(),
        |pool| pool.close(),
        |pool| {
            pool.close();
            pool.join().expect("it is closed");
        },
    ];
    for end in ends.into_iter().cycle().take(40) {
        end(pool(2));
        assert_eq!(children(), []);
    }
}

fn fifty_pools_leave_nothing_behind() {
    drop(pool(1));
    let before = open_descriptors();
    for n in 0..50 {
        let pool = pool(1 + n % 4);
        let result = pool.apply_async(square, 3).expect("it is open");
        match n % 3 {
            0 => assert_eq!(result.get().ok(), Some(9)),
            1 => {
                pool.close();
                pool.join().expect("it is closed");
            }
            _ => {
                pool.apply(|(): ()| std::process::abort(), ())
                    .map(|(): ()| ())
                    .expect_err("it dies");
            }
        }
        drop((pool, result));
        assert_eq!(open_descriptors(), before);
        assert!(own_zombies().is_empty());
        assert_eq!(children(), []);
    }
}

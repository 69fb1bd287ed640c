//! Callbacks: the pool's thread calls them, one at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, ThreadId};
use std::time::Duration;

use multiprocessing::{Error, Pool, Process, current_process};

use crate::harness::{Test, list};
use crate::pool_tasks::{fail, nap, pool, square};
use crate::support::{SOON, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b161_a_callback_gets_the_whole_list_once,
    b161_an_error_callback_gets_the_error_once,
    b178_get_tells_what_the_error_callback_got,
    b188_a_callback_runs_in_the_parent_and_not_in_main,
    b188_a_panic_of_a_callback_stops_nothing,
    callbacks_run_one_at_a_time,
    a_callback_that_comes_late_is_called_by_the_pools_thread,
    a_callback_that_comes_after_the_end_is_called_at_once,
    join_waits_for_all_callbacks,
    a_callback_may_give_further_tasks,
    a_callback_may_get_what_is_done,
    a_callback_may_drop_the_last_handle_of_the_pool,
    a_callback_may_not_join_its_pool,
    a_callback_may_not_start_processes,
    processes_start_while_callbacks_run,
];

fn b161_a_callback_gets_the_whole_list_once() {
    let pool = pool(2);
    let (sender, calls) = mpsc::channel();
    let result = pool.map_async_in_chunks(square, 0..10, 3);
    result
        .expect("the pool is open")
        .callback(move |list| sender.send(list).expect("the test waits"))
        .error_callback(|error| panic!("{error}"));
    pool.close();
    pool.join().expect("it is closed");
    let expected: Vec<_> = (0..10).map(square).collect();
    assert_eq!(calls.iter().collect::<Vec<_>>(), [expected]);
}

fn b161_an_error_callback_gets_the_error_once() {
    let pool = pool(2);
    let (sender, calls) = mpsc::channel();
    let texts = ["one", "two"].map(String::from);
    let result = pool.map_async_in_chunks(fail, texts, 1);
    result
        .expect("the pool is open")
        .callback(|list| panic!("{list:?}"))
        .error_callback(move |error| {
            sender.send(error.to_string()).expect("the test waits");
        });
    pool.close();
    pool.join().expect("it is closed");
    let calls: Vec<_> = calls.iter().collect();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].contains(": one (at "), "{calls:?}");
}

fn b178_get_tells_what_the_error_callback_got() {
    let pool = pool(1);
    let (sender, calls) = mpsc::channel();
    let result = pool.apply_async(fail, "a black day".into());
    let result = result.expect("the pool is open").error_callback(move |e| {
        sender.send(e).expect("the test waits");
    });
    let called = calls.recv().expect("it is called");
    assert!(matches!(called, Error::TaskPanicked { .. }), "{called:?}");
    let got = result.get().expect_err("it has failed");
    assert_eq!(got.to_string(), called.to_string());
}

type Place = (i32, ThreadId);

fn place() -> Place {
    (current_process().pid(), thread::current().id())
}

/// Where a callback of a new task runs.
fn callback_place(pool: &Pool) -> Place {
    let (sender, calls) = mpsc::channel();
    let result = pool.apply_async(square, 3).expect("the pool is open");
    result.callback(move |_| sender.send(place()).expect("the test waits"));
    calls.recv().expect("it is called")
}

fn b188_a_callback_runs_in_the_parent_and_not_in_main() {
    let pool = pool(2);
    let (pid, thread) = callback_place(&pool);
    assert_eq!(pid, current_process().pid());
    assert_ne!(thread, thread::current().id());
    for _ in 0..20 {
        assert_eq!(callback_place(&pool), (pid, thread));
    }
}

/// A panic's payload that panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("twice");
    }
}

fn b188_a_panic_of_a_callback_stops_nothing() {
    let pool = pool(2);
    let (sender, calls) = mpsc::channel();
    for n in 0..20 {
        let sender: Sender<i64> = sender.clone();
        let result = pool.apply_async(square, n).expect("the pool is open");
        result
            .callback(|_| std::panic::panic_any(Bomb))
            .callback(move |n| sender.send(n).expect("the test waits"));
    }
    drop(sender);
    assert_eq!(calls.iter().count(), 20);
    assert_eq!(pool.apply(square, 4).ok(), Some(16));
}

fn callbacks_run_one_at_a_time() {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    fn callback(_: i64) {
        assert_eq!(INSIDE.fetch_add(1, Ordering::SeqCst), 0);
        thread::yield_now();
        INSIDE.fetch_sub(1, Ordering::SeqCst);
        CALLS.fetch_add(1, Ordering::SeqCst);
    }
    let pool = pool(4);
    for n in 0..500 {
        let result = pool.apply_async(square, n).expect("the pool is open");
        // The second comes late, now and then.
        drop(result.callback(callback).callback(callback));
    }
    pool.close();
    pool.join().expect("it is closed");
    assert_eq!(CALLS.load(Ordering::SeqCst), 1_000);
}

fn a_callback_that_comes_late_is_called_by_the_pools_thread() {
    let pool = pool(1);
    let usual = callback_place(&pool);
    let mut result = pool.apply_async(square, 3).expect("the pool is open");
    result.wait().expect("it is ours");
    for _ in 0..20 {
        let (sender, calls) = mpsc::channel();
        result = result.callback(move |nine| {
            sender.send((nine, place())).expect("the test waits");
        });
        assert_eq!(calls.recv(), Ok((9, usual)));
    }
}

fn a_callback_that_comes_after_the_end_is_called_at_once() {
    let pool = pool(1);
    let done = pool.apply_async(square, 3).expect("the pool is open");
    pool.close();
    pool.join().expect("it is closed");
    let called = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&called);
    done.callback(move |nine| seen.store(nine == 9, Ordering::SeqCst));
    assert!(called.load(Ordering::SeqCst));
}

fn join_waits_for_all_callbacks() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    fn slow(_: Duration) {
        thread::sleep(Duration::from_millis(50));
        CALLS.fetch_add(1, Ordering::SeqCst);
    }
    let pool = pool(2);
    let time = Duration::from_millis(1);
    let mut result = pool.apply_async(nap, time).expect("the pool is open");
    for _ in 0..3 {
        result = result.callback(slow);
    }
    pool.close();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                pool.join().expect("it is closed");
                assert_eq!(CALLS.load(Ordering::SeqCst), 3);
            });
        }
    });
}

fn a_callback_may_give_further_tasks() {
    fn down(pool: &Arc<Pool>, n: i64, end: Sender<i64>) {
        let again = Arc::clone(pool);
        let result = pool.apply_async(|n: i64| n - 1, n);
        let result = result.expect("the pool is open");
        result.callback(move |n| match n {
            0 => end.send(n).expect("the test waits"),
            _ => down(&again, n, end),
        });
    }
    let pool = Arc::new(pool(2));
    let (sender, end) = mpsc::channel();
    down(&pool, 500, sender);
    assert_eq!(end.recv(), Ok(0));
}

fn a_callback_may_get_what_is_done() {
    let pool = pool(1);
    let first = pool.apply_async(square, 3).expect("the pool is open");
    let second = pool.apply_async(square, 4).expect("the pool is open");
    let (sender, calls) = mpsc::channel();
    second.callback(move |_| {
        // A single worker has done it before.
        let first = first.get_timeout(Duration::ZERO);
        sender.send(first.ok()).expect("the test waits");
    });
    assert_eq!(calls.recv(), Ok(Some(9)));
}

fn a_callback_may_drop_the_last_handle_of_the_pool() {
    let pool = Arc::new(pool(2));
    let pids = pool.worker_pids();
    let (go, wait): (Sender<()>, Receiver<()>) = mpsc::channel();
    let (sender, calls) = mpsc::channel();
    let handle = Arc::clone(&pool);
    let result = pool.apply_async(square, 3).expect("the pool is open");
    let result = result.callback(move |_| {
        wait.recv().expect_err("it is only dropped");
        let last = Arc::try_unwrap(handle).is_ok();
        sender.send(last).expect("the test waits");
    });
    drop(pool);
    drop(go);
    assert_eq!(calls.recv(), Ok(true));
    drop(result);
    crate::support::eventually(SOON, || {
        pids.iter().all(|&pid| !crate::procfs::alive(pid))
    });
}

fn a_callback_may_not_join_its_pool() {
    let pool = Arc::new(pool(1));
    let (sender, calls) = mpsc::channel();
    let handle = Arc::clone(&pool);
    let result = pool.apply_async(square, 3).expect("the pool is open");
    let result = result.callback(move |_| {
        let running = matches!(handle.join(), Err(Error::PoolRunning));
        handle.close();
        let refused = matches!(handle.join(), Err(Error::Invalid { .. }));
        drop(handle);
        sender.send(running && refused).expect("the test waits");
    });
    assert_eq!(calls.recv(), Ok(true));
    pool.join().expect("it is closed");
    assert_eq!(result.get().ok(), Some(9));
}

fn a_callback_may_not_start_processes() {
    let pool = pool(1);
    let (sender, calls) = mpsc::channel();
    let result = pool.apply_async(square, 3).expect("the pool is open");
    result.callback(move |_| {
        let child = Process::new(|| ()).start();
        let pool = Pool::new(1).map(drop);
        for refused in [child, pool] {
            sender.send(refused).expect("the test waits");
        }
    });
    let refused: Vec<_> = calls.iter().collect();
    assert_eq!(refused.len(), 2);
    for refused in refused {
        let refused = refused.expect_err("it is not the main thread");
        assert!(
            matches!(refused, Error::MultiThreaded { .. }),
            "{refused:?}"
        );
    }
    assert_eq!(joined(&started(|| 5)), 5);
}

fn processes_start_while_callbacks_run() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    fn again(pool: &Arc<Pool>, end: &Arc<AtomicBool>) {
        if end.load(Ordering::SeqCst) {
            return;
        }
        let (handle, stop) = (Arc::clone(pool), Arc::clone(end));
        let result = pool.apply_async(square, 3).expect("the pool is open");
        result.callback(move |_| {
            CALLS.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_micros(200));
            again(&handle, &stop);
        });
    }
    let pool = Arc::new(pool(3));
    let end = Arc::new(AtomicBool::new(false));
    for _ in 0..6 {
        again(&pool, &end);
    }
    let before = CALLS.load(Ordering::SeqCst);
    for code in 0..200 {
        let child = started(|| {
            // It locks what the pool's thread locks.
            assert_eq!(pool.worker_pids().len(), 3);
            println!("and writes");
            code
        });
        assert_eq!(joined(&child), code);
    }
    assert!(CALLS.load(Ordering::SeqCst) > before, "they ran meanwhile");
    end.store(true, Ordering::SeqCst);
    pool.close();
    pool.join().expect("it is closed");
}

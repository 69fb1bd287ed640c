//! `ThreadPoolExecutor`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use concurrent::futures::{
    Error, Future, ReturnWhen, ThreadPoolExecutor, wait,
};

fn executor(max_workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::new(max_workers).expect("there are workers")
}

fn name(_: i32) -> String {
    thread::current().name().unwrap_or_default().into()
}

/// A task that runs until the sender is dropped.
fn blocked(executor: &ThreadPoolExecutor) -> (mpsc::Sender<()>, Future<()>) {
    let (sender, receiver) = mpsc::channel::<()>();
    let (inside, begun) = mpsc::channel();
    let wait = move |()| {
        inside.send(()).expect("the test waits");
        let _ = receiver.recv();
    };
    let future = executor.submit(wait, ()).expect("it is open");
    begun.recv().expect("it begins");
    (sender, future)
}

#[test]
fn b240_a_result_comes_back() {
    let future = executor(1).submit(|(a, b): (i32, u32)| a.pow(b), (2, 8));
    let future = future.expect("it is open");
    assert_eq!(future.result().ok(), Some(256));
}

#[test]
fn b241_map_keeps_the_order() {
    let executor = executor(5);
    let results = executor.map(|n| n * n, 0..100).expect("it is open");
    let results: Vec<_> = results.map(Result::ok).collect();
    assert_eq!(results, (0..100).map(|n| Some(n * n)).collect::<Vec<_>>());
}

#[test]
fn b242_an_error_of_map_comes_at_its_place() {
    let executor = executor(5);
    let divide = |n: i32| 6 / n;
    let mut results = executor.map(divide, [1, 2, 0, 3]).expect("open");
    assert_eq!(results.next().and_then(Result::ok), Some(6));
    assert_eq!(results.next().and_then(Result::ok), Some(3));
    let error = results.next().expect("the third").expect_err("by zero");
    let text = error.to_string();
    assert_eq!(text, "the task panicked: attempt to divide by zero");
    assert!(results.next().is_none());
}

#[test]
fn b243_the_limit_of_map_counts_from_its_call() {
    let executor = executor(5);
    let (sender, receiver) = mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    let nap = move |long: bool| {
        if long {
            let _ = receiver.lock().expect("no panic").recv();
        }
    };
    let (limit, start) = (Duration::from_millis(100), Instant::now());
    let items = [false, false, true];
    let results = executor.map_timeout(nap, items, limit).expect("open");
    let results: Vec<_> = results.collect();
    assert!(start.elapsed() >= limit);
    assert!(matches!(results[2], Err(Error::TimedOut)), "{results:?}");
    drop(sender);
}

#[test]
fn b244_map_submits_at_once() {
    let (sender, calls) = mpsc::channel();
    let executor = executor(1);
    let tell = move |n: i32| sender.send(n).expect("the test waits");
    let results = executor.map(tell, 0..3).expect("it is open");
    assert_eq!(calls.recv(), Ok(0));
    drop(results);
}

#[test]
fn b245_what_map_has_not_begun_is_cancelled() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let executor = executor(1);
    let (go, _) = blocked(&executor);
    let count = |_: i32| CALLS.fetch_add(1, Ordering::SeqCst);
    drop(executor.map(count, 0..10).expect("it is open"));
    drop(go);
    executor.shutdown();
    assert_eq!(CALLS.load(Ordering::SeqCst), 0);
}

#[test]
fn b246_there_has_to_be_a_worker() {
    let none = ThreadPoolExecutor::new(0);
    assert!(matches!(none, Err(Error::NoWorkers)));
    let expected = (multiprocessing::cpu_count() + 4).min(32);
    let shown = format!("{:?}", ThreadPoolExecutor::default());
    assert!(
        shown.contains(&format!("max_workers: {expected},")),
        "{shown}"
    );
}

#[test]
fn b247_many_tasks_start_no_more_threads_than_allowed() {
    let executor = executor(4).with_thread_name_prefix("few");
    let slow = |n| {
        thread::sleep(Duration::from_millis(1));
        name(n)
    };
    let names = executor.map(slow, 0..60).expect("it is open");
    let mut names: Vec<_> = names.map(|it| it.expect("a name")).collect();
    names.sort_unstable();
    names.dedup();
    let expected = ["few_0", "few_1", "few_2", "few_3"];
    assert!(
        names.iter().all(|it| expected.contains(&&**it)),
        "{names:?}"
    );
}

#[test]
fn b248_an_idle_thread_is_used_again() {
    let executor = executor(50).with_thread_name_prefix("one");
    for _ in 0..200 {
        let future = executor.submit(name, 0).expect("it is open");
        assert_eq!(future.result().ok().as_deref(), Some("one_0"));
    }
}

#[test]
fn b249_threads_have_names() {
    let executor = executor(2);
    let name = executor.submit(name, 0).expect("it is open").result();
    let name = name.expect("it has not failed");
    assert!(name.starts_with("ThreadPoolExecutor-"), "{name}");
    assert!(name.ends_with("_0"), "{name}");
}

#[test]
fn b250_after_shutdown_nothing_is_taken() {
    let executor = executor(1);
    executor.shutdown();
    let refused = executor.submit(name, 0);
    assert!(matches!(refused, Err(Error::ShutDown)));
}

#[test]
fn b252_shutdown_waits_for_all() {
    let executor = executor(5);
    let nap = |()| thread::sleep(Duration::from_millis(1));
    let futures: Vec<_> = (0..50)
        .map(|_| executor.submit(nap, ()).expect("it is open"))
        .collect();
    executor.shutdown();
    assert!(futures.iter().all(Future::done));
}

#[test]
fn b253_shutdown_cancels_what_has_not_begun() {
    let executor = executor(1);
    let (go, first) = blocked(&executor);
    let futures: Vec<_> = (0..50)
        .map(|n| executor.submit(name, n).expect("it is open"))
        .collect();
    let last = futures[49].clone();
    last.add_done_callback(move |_| drop(go));
    executor.shutdown_cancelling();
    assert!(futures.iter().all(Future::cancelled));
    assert!(first.done() && !first.cancelled());
}

#[test]
fn b254_shutdown_need_not_wait() {
    let executor = executor(1);
    let (go, first) = blocked(&executor);
    let second = executor.submit(name, 0).expect("it is open");
    let third = executor.submit(name, 0).expect("it is open");
    assert!(third.cancel());
    executor.shutdown_nowait();
    assert!(!first.done());
    drop(go);
    assert!(second.result().is_ok());
}

#[test]
fn b255_the_end_of_the_scope_waits_for_all() {
    let futures: Vec<_> = {
        let executor = executor(2);
        let nap = |()| thread::sleep(Duration::from_millis(10));
        (0..5)
            .map(|_| executor.submit(nap, ()).expect("open"))
            .collect()
    };
    assert!(futures.iter().all(Future::done));
}

#[test]
fn a_task_may_submit_and_wait_where_there_are_workers() {
    let executor = Arc::new(executor(2));
    let inner = Arc::clone(&executor);
    let outer =
        executor.submit(move |n| inner.submit(move |m| n + m, 1)?.result(), 1);
    let result = outer.expect("it is open").result().expect("no panic");
    assert_eq!(result.ok(), Some(2));
}

#[test]
fn a_callback_may_submit_and_wait_where_there_are_workers() {
    let executor = Arc::new(executor(2));
    let (go, first) = blocked(&executor);
    let (sender, calls) = mpsc::channel();
    let inner = Arc::clone(&executor);
    first.add_done_callback(move |_| {
        let future = inner.submit(|n| n + 1, 1).expect("it is open");
        sender.send(future.result().ok()).expect("the test waits");
    });
    drop(go);
    let limit = Duration::from_mins(1);
    assert_eq!(calls.recv_timeout(limit), Ok(Some(2)));
}

#[test]
fn a_task_that_shuts_down_does_not_wait_for_itself() {
    let executor = Arc::new(executor(2));
    let inner = Arc::clone(&executor);
    let future = executor.submit(move |()| inner.shutdown(), ());
    let future = future.expect("it is open");
    assert_eq!(wait([&future], ReturnWhen::AllCompleted).done.len(), 1);
}

//! `ProcessPoolExecutor`. A pool is made in a process with one thread, so each
//! test runs in a child of its own.

use std::cell::Cell;
use std::process::{Command, ExitCode, abort, id};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use concurrent::futures::{Error, Future, ProcessPoolExecutor, as_completed};
use libtest_mimic::{Arguments, Trial};
use multiprocessing::{Pool, Process, Semaphore};

macro_rules! trials {
    ($($run:ident),* $(,)?) => {
        vec![$(Trial::test(stringify!($run), || {
            let child = Process::new($run);
            child.start()?;
            child.join()?;
            match child.exitcode()? {
                Some(0) => Ok(()),
                code => Err(format!("exit code {code:?}").into()),
            }
        })),*]
    };
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Forks come from the main thread.
    arguments.test_threads = Some(1);
    let trials = trials![
        b240_a_result_comes_back_from_another_process,
        b241_map_keeps_the_order,
        b242_an_error_of_map_comes_at_its_place,
        b243_the_limit_of_map_counts_from_its_call,
        b246_there_has_to_be_a_worker,
        b247_many_tasks_need_no_more_processes_than_there_are,
        b250_after_shutdown_nothing_is_taken,
        b252_shutdown_waits_for_all,
        b253_shutdown_cancels_what_has_not_begun,
        b254_cancel_before_shutdown_does_not_hang,
        b255_the_end_of_the_scope_waits_for_all,
        b256_an_initializer_runs_before_the_first_task,
        b256_an_initializer_that_fails_breaks_the_executor,
        b257_a_dead_worker_fails_its_task_alone,
        b258_an_error_has_the_text_of_the_panic,
        b259_a_worker_is_replaced_after_its_tasks,
        b259_many_tasks_and_a_shutdown_wait_for_the_replacements,
        b260_without_a_replacement_the_executor_is_broken,
        b262_what_cannot_be_sent_is_the_futures_error,
        b263_a_crash_while_a_large_result_comes_is_an_error,
        b264_a_shutdown_amid_crashes_does_not_hang,
        b265_many_submits_do_not_wait_for_a_stopped_worker,
        a_callback_may_submit_and_shut_down,
        as_completed_gives_all,
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn executor(max_workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(max_workers).expect("it can be made")
}

fn square(n: i32) -> i32 {
    n * n
}

fn nap(milliseconds: u64) -> u32 {
    thread::sleep(Duration::from_millis(milliseconds));
    id()
}

fn b240_a_result_comes_back_from_another_process() {
    let executor = executor(1);
    let pid = executor.submit(nap, 0).expect("it is open").result();
    assert_ne!(pid.expect("it has not failed"), id());
    let nine = executor.submit(square, 3).expect("it is open").result();
    assert_eq!(nine.ok(), Some(9));
}

fn b241_map_keeps_the_order() {
    let executor = executor(3);
    let results = executor.map(square, 0..100).expect("it is open");
    let results: Vec<_> = results.map(Result::ok).collect();
    assert_eq!(results, (0..100).map(|n| Some(n * n)).collect::<Vec<_>>());
}

fn b242_an_error_of_map_comes_at_its_place() {
    let executor = executor(2);
    let divide = |n: i32| 6 / n;
    let mut results = executor.map(divide, [1, 0, 3]).expect("open");
    assert_eq!(results.next().and_then(Result::ok), Some(6));
    let error = results.next().expect("the second").expect_err("by zero");
    assert!(error.to_string().contains("divide by zero"), "{error}");
    assert!(results.next().is_none());
}

fn b243_the_limit_of_map_counts_from_its_call() {
    let executor = executor(2);
    let (limit, start) = (Duration::from_millis(100), Instant::now());
    let results = executor.map_timeout(nap, [0, 400], limit);
    let results: Vec<_> = results.expect("it is open").collect();
    assert!(start.elapsed() >= limit);
    let last = results.last().expect("there is one");
    assert!(matches!(last, Err(Error::TimedOut)), "{results:?}");
}

fn b246_there_has_to_be_a_worker() {
    let none = ProcessPoolExecutor::new(0);
    assert!(matches!(none, Err(Error::NoWorkers)));
}

fn b247_many_tasks_need_no_more_processes_than_there_are() {
    let executor = executor(3);
    let pids = executor.map(nap, [1; 60]).expect("it is open");
    let mut pids: Vec<_> = pids.map(|pid| pid.expect("a pid")).collect();
    pids.sort_unstable();
    pids.dedup();
    assert!((1..=3).contains(&pids.len()), "{pids:?}");
}

fn b250_after_shutdown_nothing_is_taken() {
    let executor = executor(1);
    executor.shutdown();
    let refused = executor.submit(square, 0);
    assert!(matches!(refused, Err(Error::ShutDown)));
}

static GATE: OnceLock<Semaphore> = OnceLock::new();

/// What [`pass`] waits for; to be made before the workers, who inherit it.
fn gate() -> &'static Semaphore {
    GATE.get_or_init(|| Semaphore::new(0).expect("it can be made"))
}

fn pass((): ()) {
    gate().acquire().expect("it opens");
}

fn naps(executor: &ProcessPoolExecutor, count: usize) -> Vec<Future<u32>> {
    let nap = || executor.submit(nap, 2).expect("it is open");
    (0..count).map(|_| nap()).collect()
}

fn b252_shutdown_waits_for_all() {
    let executor = executor(3);
    let futures = naps(&executor, 50);
    executor.shutdown();
    assert!(futures.iter().all(|future| future.result().is_ok()));
}

fn b253_shutdown_cancels_what_has_not_begun() {
    let gate = gate();
    let executor = executor(2);
    let first = executor.submit(pass, ()).expect("it is open");
    let second = executor.submit(pass, ()).expect("it is open");
    let futures = naps(&executor, 50);
    futures[49].add_done_callback(|_| {
        gate.release().expect("the first may pass");
        gate.release().expect("the second may pass");
    });
    executor.shutdown_cancelling();
    assert!(futures.iter().all(Future::cancelled));
    assert!(first.result().is_ok() && second.result().is_ok());
}

fn b254_cancel_before_shutdown_does_not_hang() {
    let gate = gate();
    let executor = executor(1);
    let first = executor.submit(pass, ()).expect("it is open");
    let second = executor.submit(nap, 0).expect("it is open");
    assert!(first.running() && !first.cancel());
    assert!(second.cancel());
    gate.release().expect("the first may pass");
    executor.shutdown();
    assert!(first.done());
}

fn b255_the_end_of_the_scope_waits_for_all() {
    let futures = naps(&executor(2), 10);
    assert!(futures.iter().all(|future| future.result().is_ok()));
}

fn b257_a_dead_worker_fails_its_task_alone() {
    let executor = executor(1);
    let dies = |_: i32| -> i32 { abort() };
    let dead = executor.submit(dies, 0).expect("it is open");
    let next = executor.submit(square, 3).expect("it is open");
    let error = dead.result().expect_err("it died").to_string();
    assert!(error.contains("exit code -6"), "{error}");
    assert_eq!(next.result().ok(), Some(9));
}

thread_local! {
    static GIVEN: Cell<i32> = const { Cell::new(0) };
}

fn b256_an_initializer_runs_before_the_first_task() {
    let given = 40;
    let initializer = || GIVEN.set(given);
    let pool = Pool::builder().processes(3).initializer(initializer);
    let executor = ProcessPoolExecutor::from(pool.build().expect("room"));
    let add = |n: i32| GIVEN.get() + n;
    let results = executor.map(add, 0..30).expect("it is open");
    let results: Vec<_> = results.filter_map(Result::ok).collect();
    assert_eq!(results, (40..70).collect::<Vec<_>>());
}

#[track_caller]
fn is_broken<R: Clone + std::fmt::Debug>(future: &Future<R>, why: &str) {
    let error = future.result().expect_err("it is broken").to_string();
    assert!(error.contains("the pool is broken"), "{error}");
    assert!(error.contains(why), "{error}");
}

fn b256_an_initializer_that_fails_breaks_the_executor() {
    let gate = gate();
    let initializer = || {
        gate.acquire()?;
        Err(multiprocessing::Error::Empty)
    };
    let pool = Pool::builder().processes(2).initializer(initializer);
    let executor = ProcessPoolExecutor::from(pool.build().expect("room"));
    let pending = naps(&executor, 10);
    gate.release().expect("one may fail");
    let later = naps(&executor, 10);
    for future in pending.iter().chain(&later) {
        is_broken(future, "the queue is empty");
    }
    executor.shutdown();
}

fn short_lived(max_workers: usize, tasks: usize) -> ProcessPoolExecutor {
    let pool = Pool::builder()
        .processes(max_workers)
        .maxtasksperchild(tasks);
    pool.build().expect("there is room").into()
}

fn b259_a_worker_is_replaced_after_its_tasks() {
    let executor = short_lived(1, 3);
    let pids: Vec<_> = naps(&executor, 9)
        .iter()
        .map(|future| future.result().expect("nobody dies"))
        .collect();
    for (n, pair) in pids.windows(2).enumerate() {
        assert_eq!(pair[0] == pair[1], n % 3 != 2, "{pids:?}");
    }
}

fn b259_many_tasks_and_a_shutdown_wait_for_the_replacements() {
    let executor = short_lived(3, 2);
    let futures = naps(&executor, 100);
    executor.shutdown();
    assert!(futures.iter().all(|future| future.result().is_ok()));
}

fn parent((): ()) -> u32 {
    std::os::unix::process::parent_id()
}

fn b260_without_a_replacement_the_executor_is_broken() {
    let executor = short_lived(1, 1);
    let parents = executor.map(parent, [(), ()]).expect("it is open");
    let zygote = parents.last().expect("two").expect("nobody dies");
    assert_ne!(zygote, id(), "the second worker is no child of ours");
    let pending = naps(&executor, 5);
    signal("-KILL", zygote);
    // Each is done, or lost with its worker, or has nobody to do it.
    for future in pending {
        let _ = future.exception().expect("nobody cancels it");
    }
    is_broken(
        &executor.submit(square, 3).expect("it is open"),
        "has ended",
    );
}

/// Cannot be encoded.
#[derive(serde::Deserialize)]
struct Unsendable;

impl serde::Serialize for Unsendable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not this one"))
    }
}

fn b262_what_cannot_be_sent_is_the_futures_error() {
    let executor = executor(1);
    let there = executor.submit(|_: Unsendable| 1, Unsendable);
    let there = there.expect("it is open").result();
    assert!(there.is_err_and(|it| it.to_string().contains("encoded")));
    let back = executor.submit(|_: i32| Unsendable, 1).expect("it is open");
    let back = back.exception().expect("not cancelled").expect("an error");
    assert!(back.to_string().contains("encoded"), "{back}");
    let next = executor.submit(square, 3).expect("it is open");
    assert_eq!(next.result().ok(), Some(9));
}

fn b258_an_error_has_the_text_of_the_panic() {
    let fails = |text: String| -> i32 { panic!("no luck with {text}") };
    let future = executor(1).submit(fails, "seven".into());
    let error = future.expect("it is open").exception();
    let error = error.expect("it is not cancelled").expect("it failed");
    assert!(error.to_string().contains("no luck with seven"), "{error}");
}

fn b263_a_crash_while_a_large_result_comes_is_an_error() {
    const LARGE: usize = 16 << 20;
    let crashes = |delay: u64| -> Vec<u8> {
        thread::spawn(move || {
            thread::sleep(Duration::from_micros(delay));
            abort();
        });
        vec![7; LARGE]
    };
    let executor = executor(2);
    let mut failed = 0;
    for delay in (0..40).map(|n| n * 500) {
        let future = executor.submit(crashes, delay).expect("it is open");
        match future.result() {
            Ok(whole) => assert_eq!(whole, vec![7; LARGE]),
            Err(_) => failed += 1,
        }
    }
    assert!(failed > 0, "the first crashes before it has begun to send");
    // The last of those that crash may still take one task along.
    let mut results = (0..20).map(|_| executor.submit(square, 3)?.result());
    assert!(results.any(|result| result.ok() == Some(9)));
}

fn b264_a_shutdown_amid_crashes_does_not_hang() {
    for _ in 0..10 {
        let executor = executor(2);
        let dies = |_: i32| -> i32 { abort() };
        let dead = executor.submit(dies, 0).expect("it is open");
        let unsent = executor.submit(|_: Unsendable| 1, Unsendable);
        let next = executor.submit(square, 3).expect("it is open");
        executor.shutdown();
        assert!(dead.result().is_err());
        assert!(unsent.expect("it is open").result().is_err());
        assert_eq!(next.result().ok(), Some(9));
    }
}

fn b265_many_submits_do_not_wait_for_a_stopped_worker() {
    let executor = executor(1);
    let pid = executor.submit(nap, 0).expect("it is open").result();
    let pid = pid.expect("it has not failed");
    signal("-STOP", pid);
    // More than any pipe has room for.
    let text = "x".repeat(10_000);
    let futures: Vec<_> = (0..100)
        .map(|_| executor.submit(|text: String| text.len(), text.clone()))
        .collect();
    let last = executor.submit(square, 3).expect("it is open");
    assert!(!last.done());
    signal("-CONT", pid);
    for future in futures {
        let len = future.expect("it is open").result();
        assert_eq!(len.ok(), Some(10_000));
    }
}

fn signal(which: &str, pid: u32) {
    let kill = Command::new("kill")
        .args([which, &pid.to_string()])
        .status();
    assert!(kill.expect("there is a kill").success());
}

fn a_callback_may_submit_and_shut_down() {
    let executor = Arc::new(executor(1));
    let (sender, calls) = mpsc::channel();
    let inner = Arc::clone(&executor);
    let first = executor.submit(square, 3).expect("it is open");
    first.add_done_callback(move |_| {
        let second = inner.submit(square, 4).expect("it is open");
        inner.shutdown();
        sender.send(second).expect("the test waits");
    });
    let second = calls.recv().expect("it is called");
    assert_eq!(second.result().ok(), Some(16));
}

fn as_completed_gives_all() {
    let executor = executor(2);
    let completed = as_completed(naps(&executor, 20));
    assert_eq!(completed.filter_map(Result::ok).count(), 20);
}

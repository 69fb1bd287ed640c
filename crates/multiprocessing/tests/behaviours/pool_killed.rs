//! Workers that die, or stop, at any moment.
#![expect(
    clippy::needless_pass_by_value,
    reason = "a task takes its item by value"
)]

use std::process;
use std::time::Instant;

use multiprocessing::{AsyncResult, Error, Pool};
use nix::sys::signal::{SigHandler, Signal};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::pool_tasks::{
    begun, is_complete, pool, signal, sleep_as, square, wait_as,
};
use crate::procfs::alive;
use crate::support::{SOON, eventually, on_signal, seed, tell};

pub(crate) const TESTS: &[Test] = list![
    b189_a_killed_worker_fails_exactly_its_task,
    b189_a_killed_worker_fails_the_whole_of_its_chunk_only,
    b189_every_second_worker_killed_while_all_are_busy,
    b190_an_idle_worker_is_replaced_unseen,
    b192_a_task_that_ends_its_worker_is_told_how,
    an_idle_worker_killed_at_any_moment_loses_no_task,
    a_worker_killed_while_it_receives_loses_no_task,
    a_worker_killed_while_it_answers_loses_its_task,
    a_worker_killed_after_close_is_replaced_if_there_is_more_to_do,
    a_stopped_worker_stops_nobody_else,
    a_worker_whose_children_hold_its_socket_is_seen_to_die,
    an_ignored_sigchld_hides_no_death,
];

/// The error of a task whose worker has ended.
#[track_caller]
fn death<R: std::fmt::Debug>(result: Result<R, Error>) -> (i32, i32) {
    match result {
        Err(Error::WorkerDied { pid, exitcode }) => (pid, exitcode),
        other => panic!("{other:?}"),
    }
}

fn b189_a_killed_worker_fails_exactly_its_task() {
    let pool = pool(3);
    let (one, _) = begun(&pool, wait_as, "one");
    let (killed, pid) = begun(&pool, sleep_as, "killed");
    let (two, _) = begun(&pool, wait_as, "two");
    let start = Instant::now();
    signal(pid, Signal::SIGKILL);
    assert_eq!(death(killed.get()), (pid, -9));
    println!("the error came after {:?}", start.elapsed());
    assert!(!one.ready() && !two.ready(), "the others still run");
    is_complete(&pool, 3, pid);
    assert_eq!(pool.apply(square, 5).ok(), Some(25));
    tell("go", "");
    assert_eq!(one.get().ok().as_deref(), Some("one"));
    assert_eq!(two.get().ok().as_deref(), Some("two"));
}

fn b189_a_killed_worker_fails_the_whole_of_its_chunk_only() {
    let pool = pool(2);
    let die_at = |n: i64| if n == 4 { process::abort() } else { n };
    let result = pool.map_async_in_chunks(die_at, 0..9, 3);
    let failed = result.expect("the pool is open").get();
    assert_eq!(death(failed).1, -6);
    assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
}

fn b189_every_second_worker_killed_while_all_are_busy() {
    let pool = pool(6);
    let names: Vec<_> = (0..6).map(|n| format!("task {n}")).collect();
    let tasks = names.iter().map(|name| begun(&pool, wait_as, name));
    let tasks: Vec<_> = tasks.collect();
    for (_, pid) in tasks.iter().step_by(2) {
        signal(*pid, Signal::SIGKILL);
    }
    for (task, pid) in tasks.iter().step_by(2) {
        assert_eq!(death(task.get()), (*pid, -9));
    }
    tell("go", "");
    for ((task, _), name) in tasks.iter().zip(&names).skip(1).step_by(2) {
        assert_eq!(task.get().ok().as_ref(), Some(name));
    }
    is_complete(&pool, 6, tasks[0].1);
}

fn b190_an_idle_worker_is_replaced_unseen() {
    for count in [1, 3] {
        let pool = pool(count);
        for _ in 0..20 {
            let pid = pool.worker_pids()[0];
            signal(pid, Signal::SIGKILL);
            is_complete(&pool, count, pid);
            assert_eq!(pool.map(square, 0..4).ok(), Some(vec![0, 1, 4, 9]));
        }
    }
}

#[expect(unconditional_recursion, reason = "that is the purpose")]
fn overflow(n: u64) -> u64 {
    let space = std::hint::black_box([n; 1000]);
    overflow(space[0] + 1) + space[1]
}

type End = fn(()) -> u64;

fn b192_a_task_that_ends_its_worker_is_told_how() {
    let pool = pool(2);
    let ends: [(End, i32); 5] = [
        (|()| process::exit(3), 3),
        (|()| process::exit(0), 0),
        (|()| process::abort(), -6),
        // Rust tells of it, and aborts.
        (|()| overflow(0), -6),
        (
            |()| {
                on_signal(Signal::SIGSEGV, SigHandler::SigDfl);
                overflow(0)
            },
            -11,
        ),
    ];
    for (end, exitcode) in ends {
        assert_eq!(death(pool.apply(end, ())).1, exitcode);
        assert_eq!(pool.apply(square, 4).ok(), Some(16));
    }
}

fn an_idle_worker_killed_at_any_moment_loses_no_task() {
    let mut random = StdRng::seed_from_u64(seed());
    let pools = [pool(1), pool(3)];
    for round in 0..300 {
        let pool = &pools[round % 2];
        eventually(SOON, || !pool.worker_pids().is_empty());
        let pids = pool.worker_pids();
        signal(pids[random.random_range(0..pids.len())], Signal::SIGKILL);
        for _ in 0..random.random_range(0..20_000) {
            std::hint::spin_loop();
        }
        // It may be dead when the order comes, but has not begun it.
        let results: Vec<_> = (0..3)
            .map(|n| pool.apply_async(square, n).expect("it is open"))
            .collect();
        for (n, result) in (0..).zip(results) {
            assert_eq!(result.get().ok(), Some(n * n), "round {round}");
        }
    }
}

fn length(text: String) -> usize {
    text.len()
}

/// A worker that is stopped, and a task for it of a megabyte.
fn half_sent(pool: &Pool) -> (AsyncResult<usize>, i32) {
    let pid = pool.worker_pids()[0];
    signal(pid, Signal::SIGSTOP);
    let text = "x".repeat(1 << 20);
    let result = pool.apply_async(length, text).expect("the pool is open");
    (result, pid)
}

fn a_worker_killed_while_it_receives_loses_no_task() {
    let pool = pool(1);
    for _ in 0..20 {
        let (result, pid) = half_sent(&pool);
        assert!(!result.ready());
        signal(pid, Signal::SIGKILL);
        assert_eq!(result.get().ok(), Some(1 << 20));
    }
}

fn a_worker_killed_while_it_answers_loses_its_task() {
    let pool = pool(1);
    let mut random = StdRng::seed_from_u64(seed());
    let answer = |name: String| {
        tell(&name, process::id());
        "x".repeat(1 << 20)
    };
    for round in 0..20 {
        let (result, pid) = begun(&pool, answer, &format!("round {round}"));
        for _ in 0..random.random_range(0..300_000) {
            std::hint::spin_loop();
        }
        signal(pid, Signal::SIGKILL);
        match result.get() {
            Ok(text) => assert_eq!(text.len(), 1 << 20),
            lost => assert_eq!(death(lost), (pid, -9)),
        }
        assert_eq!(pool.apply(square, 4).ok(), Some(16));
        is_complete(&pool, 1, pid);
    }
}

fn a_worker_killed_after_close_is_replaced_if_there_is_more_to_do() {
    let pool = pool(1);
    let (killed, pid) = begun(&pool, sleep_as, "killed");
    let queued = pool.apply_async(square, 5).expect("the pool is open");
    pool.close();
    signal(pid, Signal::SIGKILL);
    pool.join().expect("it is closed");
    assert_eq!(death(killed.get()), (pid, -9));
    assert_eq!(queued.get().ok(), Some(25));
}

fn a_stopped_worker_stops_nobody_else() {
    let pool = pool(2);
    let (stopped, pid) = half_sent(&pool);
    assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
    signal(pid, Signal::SIGCONT);
    assert_eq!(stopped.get().ok(), Some(1 << 20));

    for end in [Pool::terminate, Pool::close] {
        let pool = crate::pool_tasks::pool(2);
        let pid = pool.worker_pids()[0];
        signal(pid, Signal::SIGSTOP);
        end(&pool);
        pool.join().expect("it is at its end");
        assert!(!alive(pid));
    }
}

#[allow(unsafe_code)]
fn a_worker_whose_children_hold_its_socket_is_seen_to_die() {
    let pool = pool(1);
    let leave_a_child = |name: String| {
        // SAFETY: the child of this single-threaded process only sleeps.
        if unsafe { libc::fork() } == 0 {
            sleep_as(name);
        }
        tell("worker", process::id());
        crate::support::sleep_for_ever()
    };
    let result = pool.apply_async::<_, ()>(leave_a_child, "child".into());
    let result = result.expect("the pool is open");
    let (worker, child) = (
        crate::support::told("worker"),
        crate::support::told("child"),
    );
    signal(worker, Signal::SIGKILL);
    assert_eq!(death(result.get()), (worker, -9));
    assert_eq!(pool.apply(square, 4).ok(), Some(16));
    signal(child, Signal::SIGKILL);
}

fn an_ignored_sigchld_hides_no_death() {
    let pool = pool(2);
    on_signal(Signal::SIGCHLD, SigHandler::SigIgn);
    let (killed, pid) = begun(&pool, sleep_as, "killed");
    signal(pid, Signal::SIGKILL);
    assert_eq!(death(killed.get()), (pid, 255), "the system forgets -9");
    is_complete(&pool, 2, pid);
    pool.close();
    pool.join().expect("it is closed");
}

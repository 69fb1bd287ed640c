//! Workers that end after so many tasks, and those that take their place.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::process::abort;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use multiprocessing::{Error, Pool, current_process};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::Signal;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustix::process::{Pid, Rlimit, prlimit};

use crate::harness::{Test, list};
use crate::pool_tasks::{
    begun, is_complete, only_zygote, short_lived, signal, sleep_as, square,
};
use crate::procfs::{alive, descriptors_of, open_descriptors, own_zombies};
use crate::support::{
    SOON, eventually, in_child_of_a_user, seed, sleep_for_ever, spin,
};

pub(crate) const TESTS: &[Test] = list![
    b180_a_worker_ends_after_its_tasks,
    b180_a_chunk_is_one_task,
    b181_replaced_workers_lose_and_double_nothing,
    b181_a_close_and_a_join_at_once_wait_for_all,
    b181_a_worker_killed_as_it_is_replaced_loses_nothing,
    b182_a_worker_has_to_have_a_task,
    b185_a_pool_that_cannot_replace_its_workers_is_broken,
    b185_workers_that_could_not_be_made_are_made_later,
    a_worker_that_dies_of_its_last_task_is_replaced_once,
    replaced_workers_leave_nothing_behind,
    a_retired_worker_that_does_not_end_holds_up_nobody,
    without_the_zygote_workers_retire_and_the_pool_is_broken,
    a_stopped_zygote_holds_up_no_end,
];

fn pid_of(n: i64) -> (i64, i32) {
    (square(n), current_process().pid())
}

/// What `pid_of` gave for the numbers from 0 on; how often a worker did one.
#[track_caller]
fn tasks_of_each(results: Vec<(i64, i32)>) -> HashMap<i32, usize> {
    let mut tasks = HashMap::new();
    for (n, (result, pid)) in (0..).zip(results) {
        assert_eq!(result, square(n));
        *tasks.entry(pid).or_default() += 1;
    }
    tasks
}

fn b180_a_worker_ends_after_its_tasks() {
    let pool = short_lived(3, 10);
    let results: Vec<_> = (0..100)
        .map(|n| pool.apply_async(pid_of, n).expect("it is open"))
        .collect();
    let results = results.iter().map(|result| result.get().expect("done"));
    let tasks = tasks_of_each(results.collect());
    assert!(tasks.values().all(|&count| count <= 10), "{tasks:?}");
    let spent = tasks.iter().filter(|&(_, &count)| count == 10);
    let spent: BTreeSet<_> = spent.map(|(&pid, _)| pid).collect();
    // Three at a time may have had fewer so far.
    assert!(
        tasks.len() >= 10 && spent.len() + 3 >= tasks.len(),
        "{tasks:?}"
    );
    eventually(SOON, || spent.iter().all(|&pid| !alive(pid)));
    eventually(SOON, || pool.worker_pids().len() == 3);
    let now: BTreeSet<_> = pool.worker_pids().into_iter().collect();
    assert!(now.is_disjoint(&spent));
}

fn b180_a_chunk_is_one_task() {
    let pool = short_lived(2, 1);
    let result = pool.map_async_in_chunks(pid_of, 0..30, 10);
    let results = result.expect("the pool is open").get().expect("done");
    let tasks = tasks_of_each(results);
    assert_eq!(tasks.values().collect::<Vec<_>>(), [&10; 3]);
}

fn b181_replaced_workers_lose_and_double_nothing() {
    let pool = short_lived(2, 1);
    let results = pool.imap(pid_of, 0..300).expect("the pool is open");
    let results: Result<_, _> = results.collect();
    let tasks = tasks_of_each(results.expect("none fails"));
    assert_eq!(tasks.len(), 300, "a worker for each");
}

fn b181_a_close_and_a_join_at_once_wait_for_all() {
    for processes in [1, 3] {
        for _ in 0..20 {
            let pool = short_lived(processes, 1);
            let results: Vec<_> = (0..6)
                .map(|n| pool.apply_async(square, n).expect("it is open"))
                .collect();
            pool.close();
            pool.join().expect("it is closed");
            for (n, result) in (0..).zip(results) {
                assert!(result.ready());
                assert_eq!(result.get().ok(), Some(square(n)));
            }
        }
    }
}

fn b181_a_worker_killed_as_it_is_replaced_loses_nothing() {
    let mut random = StdRng::seed_from_u64(seed());
    let pool = short_lived(2, 1);
    for round in 0..300 {
        let last = pool.apply(pid_of, round);
        let (result, pid) = last.expect("nobody was killed in a task");
        assert_eq!(result, square(round));
        // Its answer is here, and nothing it does any more matters.
        spin(&mut random, 30_000);
        signal(pid, Signal::SIGKILL);
    }
    eventually(SOON, || pool.worker_pids().len() == 2);
}

fn b182_a_worker_has_to_have_a_task() {
    let none = Pool::builder().processes(2).maxtasksperchild(0).build();
    assert!(matches!(none, Err(Error::Invalid { .. })), "{none:?}");
}

/// Lets the zygote fork, or not, and its user have other processes.
fn let_fork(zygote: i32, allowed: bool) {
    let (_, hard) = getrlimit(Resource::RLIMIT_NPROC).expect("there is one");
    let limit = Rlimit {
        current: Some(if allowed { hard } else { 1 }),
        maximum: Some(hard),
    };
    let nproc = rustix::process::Resource::Nproc;
    prlimit(Pid::from_raw(zygote), nproc, limit).expect("it is ours");
}

fn b185_a_pool_that_cannot_replace_its_workers_is_broken() {
    let exitcode = in_child_of_a_user(|| {
        let pool = short_lived(2, 1);
        let_fork(only_zygote(), false);
        let results = pool.imap(square, 0..4).expect("the pool is open");
        let results: Vec<_> = results.collect();
        for (n, done) in (0..).zip(&results[..2]) {
            assert_eq!(done.as_ref().ok(), Some(&square(n)));
        }
        let later = [pool.apply(square, 1), pool.apply(square, 2)];
        for broken in results.into_iter().skip(2).chain(later) {
            let Err(Error::PoolBroken { reason }) = broken else {
                panic!("{broken:?}");
            };
            assert!(reason.contains("start PoolWorker"), "{reason}");
        }
        pool.close();
        pool.join().expect("it is closed");
    });
    assert_eq!(exitcode, 0);
}

fn b185_workers_that_could_not_be_made_are_made_later() {
    let exitcode = in_child_of_a_user(|| {
        let pool = short_lived(3, 2);
        let zygote = only_zygote();
        let_fork(zygote, false);
        for left in [2, 1] {
            signal(pool.worker_pids()[0], Signal::SIGKILL);
            eventually(SOON, || pool.worker_pids().len() == left);
            assert_eq!(pool.apply(square, 4).ok(), Some(16));
        }
        let_fork(zygote, true);
        assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
        eventually(SOON, || pool.worker_pids().len() == 3);
    });
    assert_eq!(exitcode, 0);
}

fn a_worker_that_dies_of_its_last_task_is_replaced_once() {
    let pool = short_lived(1, 1);
    for _ in 0..20 {
        let lost = pool.apply(|(): ()| -> i64 { abort() }, ());
        assert!(matches!(lost, Err(Error::WorkerDied { .. })), "{lost:?}");
        assert_eq!(pool.apply(square, 4).ok(), Some(16));
    }
    eventually(SOON, || pool.worker_pids().len() == 1);
    let (_busy, pid) = begun(&pool, sleep_as, "busy");
    assert_eq!(pool.worker_pids(), [pid]);
}

fn replaced_workers_leave_nothing_behind() {
    let pool = short_lived(3, 1);
    let zygote = only_zygote();
    // Until the first, which are children of our own, have been replaced.
    pool.map(square, 0..20).expect("nobody dies");
    let settled = || {
        is_complete(&pool, 3, 0);
        let mut last = (open_descriptors(), descriptors_of(zygote));
        eventually(SOON, || {
            thread::sleep(Duration::from_millis(20));
            let now = (open_descriptors(), descriptors_of(zygote));
            std::mem::replace(&mut last, now) == last
        });
        last
    };
    let before = settled();
    for _ in 0..10 {
        pool.map(square, 0..20).expect("nobody dies");
    }
    assert_eq!(settled(), before);
    assert!(own_zombies().is_empty());
}

/// Leaves a thread behind that lets nobody flush stdout, which a process does
/// at its end; the worker's pid.
fn leave_a_thread((): ()) -> i32 {
    let (sender, holds) = mpsc::channel();
    thread::spawn(move || {
        let _stdout = io::stdout().lock();
        sender.send(()).expect("the task waits");
        sleep_for_ever()
    });
    holds.recv().expect("it holds it soon");
    current_process().pid()
}

fn a_retired_worker_that_does_not_end_holds_up_nobody() {
    let pool = short_lived(1, 1);
    let stuck = [(); 2].map(|()| {
        let pid = pool.apply(leave_a_thread, ()).expect("nobody dies");
        assert_eq!(pool.apply(square, 4).ok(), Some(16));
        pid
    });
    assert!(stuck.into_iter().all(alive));
    pool.close();
    pool.join().expect("it is closed");
    assert!(!stuck.into_iter().any(alive));
}

fn without_the_zygote_workers_retire_and_the_pool_is_broken() {
    let pool = short_lived(2, 3);
    signal(only_zygote(), Signal::SIGKILL);
    let results = pool.imap(square, 0..10).expect("two workers live");
    let (done, broken): (Vec<_>, Vec<_>) = results.partition(Result::is_ok);
    assert_eq!(done.len(), 6, "three each");
    for broken in broken {
        let broken = broken.expect_err("it was not done");
        assert!(matches!(broken, Error::PoolBroken { .. }), "{broken:?}");
    }
    let later = pool.apply(square, 3);
    assert!(matches!(later, Err(Error::PoolBroken { .. })), "{later:?}");
}

fn a_stopped_zygote_holds_up_no_end() {
    let ends: [fn(&Pool); 2] = [Pool::terminate, |pool| {
        pool.close();
        pool.terminate();
    }];
    for end in ends {
        let pool = short_lived(2, 1);
        signal(only_zygote(), Signal::SIGSTOP);
        let results = pool.map_async_in_chunks(square, 0..4, 1);
        let results = results.expect("the pool is open");
        end(&pool);
        pool.join().expect("it is terminated");
        assert!(results.ready());
    }
}

//! What each worker runs before its first task, and what becomes of a pool
//! where that fails.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::process::{abort, exit};
use std::thread;
use std::time::Duration;

use multiprocessing::{
    Error, Initialized, Pool, PoolBuilder, RawValue, Result, Semaphore,
    current_process,
};
use nix::sys::signal::Signal;

use crate::harness::{Test, list};
use crate::pool_tasks::{
    begun, is_complete, only_zygote, signal, sleep_as, square, wait_as,
};
use crate::procfs::{alive, children, session};
use crate::support::{
    SOON, eventually, is_told, killed, sleep_for_ever, started, stderr_of,
    tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    b184_the_initializer_runs_once_in_each_worker_before_its_tasks,
    b184_a_later_worker_has_the_values_of_the_start,
    b191_an_initializer_that_fails_breaks_the_pool,
    b191_an_initializer_that_fails_later_breaks_the_pool,
    b191_an_initializer_that_fails_ends_all_that_waits,
    b191_a_worker_killed_in_the_initializer_breaks_the_pool,
    a_failure_of_an_initializer_is_told_and_not_printed,
    a_worker_that_is_ready_is_replaced_as_ever,
    a_slow_initializer_holds_up_its_worker_only,
    workers_that_are_replaced_all_at_once_get_their_tasks,
    a_pool_whose_initializer_never_returns_can_be_ended,
    a_killed_parent_takes_workers_in_the_initializer_along,
    a_zygote_killed_while_a_worker_is_initialized_breaks_nothing,
];

thread_local! {
    static RUNS: Cell<usize> = const { Cell::new(0) };
    static GIVEN: Cell<i64> = const { Cell::new(0) };
}

fn initialize(given: i64) {
    RUNS.set(RUNS.get() + 1);
    GIVEN.set(given);
}

/// How often the initializer ran in the worker, and what it was given.
fn state((): ()) -> (usize, i64, i32) {
    (RUNS.get(), GIVEN.get(), current_process().pid())
}

#[track_caller]
fn made(pool: PoolBuilder<'_>) -> Pool {
    pool.build().expect("the pool can be made")
}

fn b184_the_initializer_runs_once_in_each_worker_before_its_tasks() {
    let runs = Semaphore::new(0).expect("there is room");
    let given = 7;
    let pool = Pool::builder().processes(3).maxtasksperchild(4);
    let pool = made(pool.initializer(|| {
        initialize(given);
        runs.release()
    }));
    let states = pool.imap(state, [(); 60]).expect("it is open");
    let states: Result<Vec<_>> = states.collect();
    let mut pids = BTreeSet::new();
    for (runs, given, pid) in states.expect("nobody dies") {
        assert_eq!((runs, given), (1, 7));
        pids.insert(pid);
    }
    assert!(pids.len() >= 15, "{pids:?}");
    assert!(runs.value() as usize >= pids.len());
    assert_eq!(RUNS.get(), 0, "not in this process");
}

fn b184_a_later_worker_has_the_values_of_the_start() {
    let given = Cell::new(1);
    let pool = Pool::builder().processes(1).maxtasksperchild(1);
    let pool = made(pool.initializer(|| initialize(given.get())));
    for later in 2..5 {
        let (runs, given_there, _) = pool.apply(state, ()).expect("no death");
        assert_eq!((runs, given_there), (1, 1));
        given.set(later);
    }
}

#[track_caller]
fn is_broken<R: Debug>(result: Result<R>, why: &str) {
    let Err(Error::PoolBroken { reason }) = result else {
        panic!("{result:?}");
    };
    assert!(reason.contains(why), "{reason}");
}

/// A pool of three with this initializer is broken, and says `why`, to who is
/// there and who comes later; not more than three workers are made.
fn breaks<R: Initialized>(initializer: impl Fn() -> R, why: &str) {
    let (forks, gate) = (Semaphore::new(0), Semaphore::new(0));
    let forks = forks.expect("there is room");
    let gate = gate.expect("there is room");
    let pool = made(Pool::builder().processes(3).initializer(|| {
        forks.release().expect("it is no bounded one");
        gate.acquire().expect("it opens");
        initializer()
    }));
    let pending = pool.apply_async(square, 3).expect("it is not broken yet");
    let many = pool.map_async(square, 0..100).expect("nor yet");
    gate.release().expect("it is no bounded one");
    is_broken(pending.get(), why);
    is_broken(many.get(), why);
    for _ in 0..3 {
        is_broken(pool.apply(square, 3), why);
        is_broken(pool.map(square, []), why);
        is_broken(pool.imap(square, 0..3), why);
    }
    pool.close();
    pool.join().expect("it takes no more tasks");
    assert_eq!(children(), []);
    assert!(forks.value() <= 3);
}

fn b191_an_initializer_that_fails_breaks_the_pool() {
    let own = || current_process().pid();
    breaks(|| Err("no model"), "the initializer failed in worker");
    breaks(|| Err("no model"), ": no model");
    breaks(|| -> Result<()> { Err(Error::Full) }, ": the queue is full");
    breaks::<()>(|| panic!("a black day"), "it panicked: a black day (at ");
    breaks::<()>(|| exit(3), "ended with exit code 3 in the initializer");
    breaks::<()>(|| exit(0), "ended with exit code 0 in the initializer");
    let kill = || signal(own(), Signal::SIGKILL);
    breaks(kill, "ended with exit code -9 in the initializer");
    breaks::<()>(|| abort(), "ended with exit code -6 in the initializer");
}

/// A pool of two whose workers are ready; once `fail` is set, no later one
/// will be.
fn good_at_first<'a>(fail: &'a RawValue<u8>, forks: &'a Semaphore) -> Pool {
    let initializer = || {
        forks.release().expect("it is no bounded one");
        match fail.get() {
            0 => Ok(()),
            _ => Err("too late"),
        }
    };
    let pool = made(Pool::builder().processes(2).initializer(initializer));
    // Both are ready when both have begun a task.
    let tasks = ["ready 1", "ready 2"].map(|name| begun(&pool, wait_as, name));
    tell("go", "");
    for (task, _) in tasks {
        task.get().expect("nobody dies");
    }
    pool
}

fn b191_an_initializer_that_fails_later_breaks_the_pool() {
    let fail = RawValue::new(0_u8).expect("there is room");
    let forks = Semaphore::new(0).expect("there is room");
    let pool = good_at_first(&fail, &forks);
    assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
    fail.set(1);
    let (busy, _) = begun(&pool, sleep_as, "busy");
    let (lost, pid) = begun(&pool, sleep_as, "killed");
    signal(pid, Signal::SIGKILL);
    let lost = lost.get();
    assert!(matches!(lost, Err(Error::WorkerDied { .. })), "{lost:?}");
    // Of the other worker, which is ended with the pool.
    is_broken(busy.get(), ": too late");
    is_broken(pool.apply(square, 3), ": too late");
    assert_eq!(forks.value(), 3);
}

fn b191_an_initializer_that_fails_ends_all_that_waits() {
    for close in [false, true] {
        let gate = Semaphore::new(0).expect("there is room");
        let pool = made(Pool::builder().processes(1).initializer(|| {
            gate.acquire()?;
            Err(Error::Empty)
        }));
        let results = pool.imap(square, 0..10).expect("it is not broken yet");
        let unordered = pool.imap_unordered_in_chunks(square, 0..10, 3);
        let unordered = unordered.expect("nor yet");
        if close {
            pool.close();
        }
        gate.release().expect("it is no bounded one");
        assert_eq!((results.len(), unordered.len()), (10, 10));
        for broken in results.chain(unordered) {
            is_broken(broken, ": the queue is empty");
        }
        is_broken(pool.apply(square, 3), ": the queue is empty");
        pool.close();
        pool.join().expect("it takes no more tasks");
    }
}

fn b191_a_worker_killed_in_the_initializer_breaks_the_pool() {
    let initializer = || sleep_as("initializing".into());
    let pool = made(Pool::builder().processes(1).initializer(initializer));
    let pending = pool.apply_async(square, 3).expect("it is open");
    let pid: i32 = told("initializing");
    assert_eq!(pool.worker_pids(), [pid]);
    signal(pid, Signal::SIGKILL);
    is_broken(pending.get(), "code -9 in the initializer");
    is_broken(pool.apply(square, 3), "code -9 in the initializer");
}

fn a_failure_of_an_initializer_is_told_and_not_printed() {
    let (text, exitcode) = stderr_of(|| {
        for panics in [false, true] {
            let initializer = || match panics {
                false => Err("kept"),
                true => panic!("kept"),
            };
            let pool = Pool::builder().processes(2).initializer(initializer);
            is_broken(made(pool).apply(square, 3), "kept");
        }
    });
    assert_eq!((text.as_str(), exitcode), ("", 0));
}

fn a_worker_that_is_ready_is_replaced_as_ever() {
    let pool = Pool::builder().processes(1).initializer(|| initialize(5));
    let pool = made(pool);
    for _ in 0..20 {
        let (runs, given, pid) = pool.apply(state, ()).expect("no death");
        assert_eq!((runs, given), (1, 5));
        signal(pid, Signal::SIGKILL);
        is_complete(&pool, 1, pid);
    }
}

fn a_slow_initializer_holds_up_its_worker_only() {
    let turns = Semaphore::new(1).expect("there is room");
    // The first goes on at once, the other never.
    let initializer = || turns.acquire();
    let pool = made(Pool::builder().processes(2).initializer(initializer));
    for n in 0..100 {
        assert_eq!(pool.apply(square, n).ok(), Some(n * n));
    }
    let results = pool.imap(square, 0..100).expect("it is open");
    pool.close();
    assert_eq!(results.filter_map(Result::ok).count(), 100);
    pool.join()
        .expect("a worker that never had a task is not waited for");
}

fn a_pool_whose_initializer_never_returns_can_be_ended() {
    let ends: [fn(&Pool); 2] = [Pool::terminate, Pool::close];
    for end in ends {
        let initializer = || sleep_for_ever();
        let pool = Pool::builder().processes(2);
        let pool = pool.initializer::<()>(initializer);
        let pool = made(pool);
        let results = pool.imap(square, 0..10).expect("it is open");
        end(&pool);
        // Enough for the pool's thread to look, and to go to sleep again.
        thread::sleep(Duration::from_millis(50));
        // Now there is nothing left to do, also for a pool that is closed.
        drop(results);
        pool.join().expect("it is at its end");
        assert_eq!(children(), []);
    }
}

fn a_killed_parent_takes_workers_in_the_initializer_along() {
    let main = started(|| {
        let initializer = || {
            if is_told("first") {
                sleep_as("second".into());
            }
            tell("first", current_process().pid());
        };
        let pool = made(Pool::builder().processes(1).initializer(initializer));
        signal(told("first"), Signal::SIGKILL);
        // If it was not ready yet, the pool is broken; or another is on its
        // way from the zygote.
        let _ = pool.apply(square, 3);
        tell("second", 0);
        sleep_for_ever()
    });
    told::<i32>("second");
    killed(&main);
    let own = current_process().pid();
    eventually(SOON, || session(own) == [own]);
}

fn a_zygote_killed_while_a_worker_is_initialized_breaks_nothing() {
    let initializer = || {
        if is_told("slow") {
            sleep_as("initializing".into());
        }
    };
    let pool = made(Pool::builder().processes(2).initializer(initializer));
    let tasks = ["one", "two"].map(|name| begun(&pool, wait_as, name));
    tell("slow", "");
    let [(one, _), (two, killed)] = tasks;
    signal(killed, Signal::SIGKILL);
    two.get().expect_err("its worker was killed");
    let pid: i32 = told("initializing");
    signal(only_zygote(), Signal::SIGKILL);
    eventually(SOON, || !alive(pid));
    tell("go", "");
    assert_eq!(one.get().ok().as_deref(), Some("one"));
    assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
    eventually(SOON, || pool.worker_pids().len() == 1);
}

/// There are fewer seats than workers then, and some have all by the socket.
fn workers_that_are_replaced_all_at_once_get_their_tasks() {
    let pool = Pool::builder().processes(6).maxtasksperchild(1);
    let pool = pool.initializer(|| initialize(3)).build();
    let pool = pool.expect("it can be made");
    for round in 0..20 {
        let squares = pool.map(square, 0..12);
        assert_eq!(squares.ok(), Some((0..12).map(square).collect()));
        assert_eq!(pool.apply(square, round).ok(), Some(round * round));
    }
}

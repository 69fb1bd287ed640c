//! Who waits for a result sleeps until a worker has it, and hears whatever else
//! there is to hear; the pool's thread is woken only where it has to.

use std::thread;
use std::time::{Duration, Instant};

use multiprocessing::{Error, Pool, Result, current_process};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::pool_tasks::{
    begun, is_complete, nap, pool, signal, sleep_as, square, wait_as,
};
use crate::procfs::{alive, session};
use crate::support::{
    SOON, at_least, eventually, is_told, joined, kills, seed, sleep_for_ever,
    spin, started, tell, told,
};
use crate::waiting::is_in;

pub(crate) const TESTS: &[Test] = list![
    who_sleeps_gets_a_long_result,
    who_sleeps_is_told_of_the_death_of_the_worker,
    who_sleeps_is_told_that_the_pool_was_terminated,
    who_sleeps_hears_for_others_too,
    a_limit_holds_for_who_sleeps,
    what_is_left_when_a_limit_is_over_is_done,
    a_waiting_task_follows_one_that_somebody_sleeps_for,
    threads_that_wait_at_any_moment_get_their_results,
    who_waits_beside_a_slow_callback_gets_his_result,
    who_waited_before_a_slow_callback_gets_his_result,
    a_death_is_told_beside_a_slow_callback,
    a_worker_that_has_changed_its_user_ends_with_the_pool,
];

/// Longer than one looks before one sleeps.
const LATER: Duration = Duration::from_millis(20);

/// Waits until the main thread sleeps for a result of `name`, a task that has
/// begun; its worker's pid.
fn once_asleep(main: i32, name: &str) -> i32 {
    let worker = told(name);
    eventually(SOON, || is_in(libc::SYS_futex, main));
    worker
}

/// Tells that it has begun, and goes on when somebody sleeps for its result.
fn late(len: usize) -> String {
    let name = format!("{len} bytes");
    tell(&name, current_process().pid());
    eventually(2 * SOON, || is_told(&format!("go, {name}")));
    "x".repeat(len)
}

fn who_sleeps_gets_a_long_result() {
    let pool = pool(2);
    let main = current_process().pid();
    for len in [10, 3000, 5000, 70_000, 5_000_000] {
        thread::scope(|scope| {
            scope.spawn(|| {
                let name = format!("{len} bytes");
                once_asleep(main, &name);
                tell(&format!("go, {name}"), "");
            });
            let text = pool.apply(late, len).expect("it is done");
            assert!(text.len() == len && text.bytes().all(|it| it == b'x'));
            let long = pool.apply(|text: String| text.len(), text);
            assert_eq!(long.ok(), Some(len));
        });
    }
}

fn who_sleeps_is_told_of_the_death_of_the_worker() {
    let pool = pool(2);
    let main = current_process().pid();
    thread::scope(|scope| {
        scope.spawn(|| signal(once_asleep(main, "task"), Signal::SIGKILL));
        let lost: Result<()> = pool.apply(sleep_as, "task".into());
        let pid: i32 = told("task");
        let Err(Error::WorkerDied {
            pid: dead,
            exitcode: -9,
        }) = lost
        else {
            panic!("{lost:?}");
        };
        assert_eq!(dead, pid);
        is_complete(&pool, 2, pid);
    });
}

fn who_sleeps_is_told_that_the_pool_was_terminated() {
    let pool = pool(2);
    let main = current_process().pid();
    thread::scope(|scope| {
        scope.spawn(|| {
            once_asleep(main, "task");
            pool.terminate();
        });
        let lost: Result<()> = pool.apply(sleep_as, "task".into());
        assert!(matches!(lost, Err(Error::PoolClosed)), "{lost:?}");
    });
}

fn who_sleeps_hears_for_others_too() {
    let pool = pool(2);
    let main = current_process().pid();
    thread::scope(|scope| {
        scope.spawn(|| {
            once_asleep(main, "long");
            for n in 0..100 {
                assert_eq!(pool.apply(square, n).ok(), Some(n * n));
                let later = pool.apply_async(square, n).expect("it is open");
                assert_eq!(later.get().ok(), Some(n * n));
            }
            // Nobody waits for it: it is done nevertheless.
            begun(&pool, |name| tell(&name, 0), "alone");
            tell("go", "");
        });
        assert_eq!(
            pool.apply(wait_as, "long".into()).ok(),
            Some("long".into())
        );
    });
}

fn a_limit_holds_for_who_sleeps() {
    let pool = pool(1);
    let (result, _) = begun(&pool, wait_as, "task");
    let late = at_least(LATER, || result.get_timeout(LATER));
    assert!(matches!(late, Err(Error::TimedOut)), "{late:?}");
    assert_eq!(result.wait_timeout(LATER).ok(), Some(false));
    tell("go", "");
    assert_eq!(result.get().ok(), Some("task".into()));
}

fn what_is_left_when_a_limit_is_over_is_done() {
    let pool = pool(1);
    for n in 0..20 {
        let naps = [LATER, Duration::ZERO];
        let naps = naps.map(|it| pool.apply_async(nap, it));
        let [first, second] = naps.map(|it| it.expect("the pool is open"));
        let late = first.wait_timeout(LATER / 20 * n);
        assert!(late.is_ok());
        // Nobody waits for the second one, or hears the first.
        eventually(SOON, || second.ready());
    }
}

fn a_waiting_task_follows_one_that_somebody_sleeps_for() {
    let pool = pool(1);
    let main = current_process().pid();
    thread::scope(|scope| {
        let second = scope.spawn(|| {
            once_asleep(main, "first");
            let second = pool.apply_async(square, 3).expect("it is open");
            assert!(!second.ready());
            tell("go", "");
            eventually(SOON, || second.ready());
        });
        assert!(pool.apply(wait_as, "first".into()).is_ok());
        second.join().expect("it was done");
    });
}

fn threads_that_wait_at_any_moment_get_their_results() {
    let (seed, each) = (seed(), 300 * kills(1));
    let pool = pool(2);
    thread::scope(|scope| {
        for thread in 0..3 {
            let pool = &pool;
            scope.spawn(move || {
                let mut random = StdRng::seed_from_u64(seed + thread);
                for n in 0..i64::try_from(each).expect("there are few") {
                    one_way_or_another(pool, &mut random, n);
                }
            });
        }
    });
}

/// A task that takes some time, or none, and somebody who waits for it so or
/// so.
fn one_way_or_another(pool: &Pool, random: &mut StdRng, n: i64) {
    let naps = [0, 0, 0, 10, 60, 200].map(Duration::from_micros);
    let time = naps[random.random_range(0..naps.len())];
    let task = |(time, n)| {
        if time > Duration::ZERO {
            thread::sleep(time);
        }
        square(n)
    };
    let done = match random.random_range(0..4) {
        0 => pool.apply(task, (time, n)),
        1 => pool.map(task, [(time, n)]).map(|all| all[0]),
        way => {
            let result = pool.apply_async(task, (time, n)).expect("it is open");
            spin(random, 10_000);
            if way == 3 {
                let _ = result.wait_timeout(time / 2);
            }
            result.get()
        }
    };
    assert_eq!(done.ok(), Some(n * n));
    spin(random, 10_000);
}

/// Lets `action` wait for what it likes, while a callback takes its time.
fn beside_a_slow_callback(pool: &Pool, action: impl FnOnce()) {
    let slow = pool.apply_async(square, 1).expect("it is open");
    slow.callback(|_| {
        tell("slow", 0);
        let start = Instant::now();
        while !is_told("go") && start.elapsed() < SOON {
            thread::yield_now();
        }
        tell("over", 0);
    });
    told::<i32>("slow");
    action();
    assert!(!is_told("over"), "it waited for the callback");
    tell("go", "");
}

fn later(n: i64) -> i64 {
    thread::sleep(Duration::from_millis(1));
    square(n)
}

fn who_waits_beside_a_slow_callback_gets_his_result() {
    let pool = pool(1);
    beside_a_slow_callback(&pool, || {
        for n in 0..20 {
            assert_eq!(pool.apply(later, n).ok(), Some(n * n));
        }
        let items = pool.imap(later, 0..5).expect("it is open");
        assert_eq!(items.count(), 5);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let squares = pool.map_in_chunks(later, 0..20, 1);
                    assert_eq!(squares.ok().map(|all| all[19]), Some(361));
                });
            }
        });
    });
}

fn who_waited_before_a_slow_callback_gets_his_result() {
    let pool = pool(2);
    thread::scope(|scope| {
        let waits = scope.spawn(|| pool.apply(late, 10));
        told::<i32>("10 bytes");
        beside_a_slow_callback(&pool, || {
            tell("go, 10 bytes", "");
            let text = waits.join().expect("it does not panic");
            assert_eq!(text.ok().map(|text| text.len()), Some(10));
        });
    });
}

fn a_death_is_told_beside_a_slow_callback() {
    let pool = pool(2);
    beside_a_slow_callback(&pool, || {
        let die = |()| signal(current_process().pid(), Signal::SIGKILL);
        let death = pool.apply(die, ());
        assert!(matches!(death, Err(Error::WorkerDied { .. })), "{death:?}");
    });
}

/// The kernel forgets then that the worker is to die with its parent.
fn a_worker_that_has_changed_its_user_ends_with_the_pool() {
    let main = started(|| {
        let pool = pool(2);
        let change = |name: String| {
            set_pdeathsig(None).expect("nothing is allowed");
            tell(&name, current_process().pid());
        };
        pool.map(change, ["one", "two"].map(String::from))
            .expect("they are done");
        tell("ready", "");
        sleep_for_ever()
    });
    told::<String>("ready");
    for worker in ["one", "two"].map(told::<i32>) {
        eventually(SOON, || is_in(libc::SYS_futex, worker));
        assert!(alive(worker));
    }
    main.kill().expect("it can be killed");
    assert_eq!(joined(&main), -9);
    let own = current_process().pid();
    eventually(Duration::from_secs(1), || session(own) == [own]);
}

//! A queue that can be waited for.

use std::time::{Duration, Instant};

use multiprocessing::{Error, JoinableQueue};

use crate::harness::{Test, list};
use crate::support::{in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b055_join_waits_for_all_that_four_workers_do,
    b056_task_done_too_often_is_an_error,
    b057_join_of_nothing_returns_at_once,
    join_has_a_time_limit,
    a_worker_killed_in_its_task_leaves_it_undone,
];

fn queue() -> JoinableQueue<u32> {
    JoinableQueue::unbounded().expect("there is shared memory")
}

fn b055_join_waits_for_all_that_four_workers_do() {
    let (queue, done) = (queue(), queue());
    let worker = || {
        started(|| -> multiprocessing::Result<()> {
            loop {
                let item = queue.get()?;
                if item == 0 {
                    return Ok(());
                }
                done.put(item)?;
                queue.task_done()?;
            }
        })
    };
    let workers = [worker(), worker(), worker(), worker()];
    for item in 1..=10 {
        queue.put(item).expect("there is room");
    }
    queue.join().expect("the lock works");
    assert_eq!(done.qsize().expect("the lock works"), 10);
    for _ in &workers {
        queue.put(0).expect("there is room");
    }
    for worker in &workers {
        assert_eq!(joined(worker), 0);
    }
}

fn b056_task_done_too_often_is_an_error() {
    let queue = queue();
    assert!(matches!(queue.task_done(), Err(Error::DoneTooOften)));
    queue.put(1).expect("there is room");
    queue.get().expect("it is there");
    queue.task_done().expect("for the one item");
    assert!(matches!(queue.task_done(), Err(Error::DoneTooOften)));
    queue.join().expect("the lock works");
}

fn b057_join_of_nothing_returns_at_once() {
    queue().join().expect("the lock works");
}

fn join_has_a_time_limit() {
    const LIMIT: Duration = Duration::from_millis(50);
    let queue = queue();
    queue.put(1).expect("there is room");
    let start = Instant::now();
    assert!(!queue.join_timeout(LIMIT).expect("the lock works"));
    assert!(start.elapsed() >= LIMIT);
    let child = in_child(|| queue.task_done());
    assert_eq!(child, 0);
    assert!(queue.join_timeout(LIMIT).expect("the lock works"));
}

fn a_worker_killed_in_its_task_leaves_it_undone() {
    let queue = queue();
    queue.put(1).expect("there is room");
    let worker = started(|| {
        queue.get().expect("it is there");
        std::process::abort();
    });
    assert_eq!(joined(&worker), -6);
    let limit = Duration::from_millis(20);
    assert!(!queue.join_timeout(limit).expect("the lock works"));
    queue.task_done().expect("somebody else does it");
    queue.join().expect("the lock works");
}

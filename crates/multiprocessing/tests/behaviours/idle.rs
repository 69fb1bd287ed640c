//! Who waits uses no processor: whatever looks for a moment before it sleeps
//! sleeps then.

use std::fs;
use std::thread;
use std::time::Duration;

use multiprocessing::{
    Event, Lock, Manager, Pipe, Process, Queue, Result, Semaphore,
};

use crate::harness::{Test, list};
use crate::pool_tasks::{begun, pool, square, wait_as};
use crate::support::{killed, started, tell};

pub(crate) const TESTS: &[Test] = list![
    who_waits_for_another_uses_no_processor,
    a_pool_without_tasks_uses_no_processor,
    a_pool_with_a_long_task_uses_no_processor,
    a_manager_without_requests_uses_no_processor,
];

/// Of these, who sleeps uses some thousandth, and who looks on uses all.
const WHILE: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_millis(50);

/// How long the threads of a process have run.
fn processor_time(pid: i32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let times = threads.expect("it runs").filter_map(|thread| {
        let path = thread.ok()?.path().join("schedstat");
        let text = fs::read_to_string(path).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(times.sum())
}

#[track_caller]
fn rest(pids: &[i32]) {
    let used = || {
        pids.iter()
            .map(|pid| processor_time(*pid))
            .sum::<Duration>()
    };
    let before = used();
    thread::sleep(WHILE);
    let used = used().saturating_sub(before);
    assert!(used < MOST, "{used:?} of {WHILE:?}");
}

fn who_waits_for_another_uses_no_processor() {
    let (reader, _writer) = Pipe::one_way().expect("two descriptors");
    let (queue, full) = (Queue::<u8>::unbounded(), Queue::bounded(1));
    let (queue, full) = (queue.expect("memory"), full.expect("memory"));
    full.put(1_u8).expect("there is room");
    let (lock, none) = (Lock::new(), Semaphore::new(0));
    let (lock, none) = (lock.expect("memory"), none.expect("memory"));
    let _guard = lock.guard().expect("it is free");
    let event = Event::new().expect("memory");
    let waits: [&dyn Fn() -> Result<()>; 6] = [
        &|| reader.recv::<u8>().map(drop),
        &|| queue.get().map(drop),
        &|| full.put(2),
        &|| lock.acquire(),
        &|| none.acquire(),
        &|| event.wait(),
    ];
    let children: Vec<Process<'_>> = waits.map(started).into();
    // Each has looked for a moment, and learned.
    thread::sleep(WHILE);
    let pids = children.iter().filter_map(|it| it.pid().ok()?);
    rest(&pids.collect::<Vec<_>>());
    children.iter().for_each(killed);
}

fn a_pool_without_tasks_uses_no_processor() {
    let pool = pool(2);
    for n in 0..100 {
        pool.apply(square, n).expect("nobody dies");
    }
    rest(&[pool.worker_pids(), vec![own_pid()]].concat());
}

fn a_pool_with_a_long_task_uses_no_processor() {
    let pool = pool(2);
    let (long, _) = begun(&pool, wait_as, "long");
    thread::scope(|scope| {
        let waiter = scope.spawn(|| long.get());
        rest(&[pool.worker_pids(), vec![own_pid()]].concat());
        assert!(!long.ready());
        tell("go", "");
        waiter.join().expect("no panic").expect("nobody dies");
    });
}

fn a_manager_without_requests_uses_no_processor() {
    let manager = Manager::new().expect("a server");
    let list = manager.list_from([1, 2]).expect("a list");
    for _ in 0..100 {
        assert_eq!(list.len().expect("the server answers"), 2);
    }
    rest(&[manager.pid(), own_pid()]);
}

fn own_pid() -> i32 {
    nix::unistd::getpid().as_raw()
}

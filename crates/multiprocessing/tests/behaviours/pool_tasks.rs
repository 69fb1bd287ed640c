//! What the tests of the pool have in common.
#![expect(
    clippy::needless_pass_by_value,
    reason = "a task takes its item by value"
)]

use std::thread;
use std::time::Duration;

use multiprocessing::{AsyncResult, Pool, current_process};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::procfs::children_named;
use crate::support::{SOON, eventually, is_told, sleep_for_ever, tell, told};

#[track_caller]
pub(crate) fn pool(processes: usize) -> Pool {
    Pool::new(processes).expect("the pool can be made")
}

/// A pool whose workers end after `tasks` tasks.
#[track_caller]
pub(crate) fn short_lived(processes: usize, tasks: usize) -> Pool {
    let pool = Pool::builder().processes(processes).maxtasksperchild(tasks);
    pool.build().expect("the pool can be made")
}

/// The process that forks new workers for the one pool that there is.
#[track_caller]
pub(crate) fn only_zygote() -> i32 {
    let named = || children_named("PoolZygote");
    // It names itself.
    eventually(SOON, || named().len() == 1);
    named()[0]
}

pub(crate) fn square(x: i64) -> i64 {
    x * x
}

pub(crate) fn nap(time: Duration) -> Duration {
    thread::sleep(time);
    time
}

pub(crate) fn fail(text: String) -> i64 {
    panic!("{text}")
}

/// Tells the worker's pid as `name` and sleeps.
pub(crate) fn sleep_as(name: String) {
    tell(&name, current_process().pid());
    sleep_for_ever()
}

/// Tells the worker's pid as `name` and sleeps until `go` is told.
pub(crate) fn wait_as(name: String) -> String {
    tell(&name, current_process().pid());
    eventually(2 * SOON, || is_told("go"));
    name
}

/// Lets a worker run `task` with `name`; it has begun, in the worker with this
/// pid.
#[track_caller]
pub(crate) fn begun<R>(
    pool: &Pool,
    task: fn(String) -> R,
    name: &str,
) -> (AsyncResult<R>, i32)
where
    R: serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    let result = pool.apply_async(task, name.to_string());
    (result.expect("the pool is open"), told(name))
}

/// Sends `signal` to a process that may have ended.
pub(crate) fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

/// Waits until the pool has `count` workers, none of them `dead`.
#[track_caller]
pub(crate) fn is_complete(pool: &Pool, count: usize, dead: i32) {
    eventually(SOON, || {
        let pids = pool.worker_pids();
        pids.len() == count && !pids.contains(&dead)
    });
}

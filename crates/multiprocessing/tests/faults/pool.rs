//! Workers that die, and what their pool does.

use std::hint::black_box;

use multiprocessing::{Pool, Result};

use crate::row::{Had, Row, row};
use crate::support::{kill, told, wait_to_be_killed};

pub(crate) const ROWS: &[Row] = &[
    row!(
        worker_killed_in_apply,
        "its worker is killed",
        "`Pool.apply`",
        "The worker of a single task gets SIGKILL; the caller waits for the \
         result."
    ),
    row!(
        worker_killed_in_map,
        "one of two workers is killed",
        "`Pool.map`",
        "One worker gets SIGKILL in the middle of an item; the caller waits \
         for all eight."
    ),
    row!(
        idle_worker_killed,
        "an idle worker is killed",
        "`Pool` of 2",
        "A worker without a task gets SIGKILL; then eight items are mapped."
    ),
    row!(
        only_worker_killed,
        "the only worker is killed, idle",
        "`Pool` of 1",
        "As before, and there is no other worker."
    ),
    row!(
        task_exits,
        "the task exits",
        "`Pool.apply`",
        "The task ends its process with exit code 3 (`os._exit`)."
    ),
    row!(
        task_aborts,
        "the task aborts",
        "`Pool.apply`",
        "The task ends its process by SIGABRT."
    ),
    row!(
        task_overflows,
        "the task overflows its stack",
        "`Pool.apply`",
        "The task calls itself without end; Python has a limit of its own."
    ),
    row!(
        callback_fails,
        "a callback panics or raises",
        "`Pool.apply_async`",
        "The callback of one task fails; then the pool gets another one."
    ),
    row!(
        initializer_fails,
        "the initializer fails",
        "`Pool.apply`",
        "Each worker's initializer fails; the pool gets a task."
    ),
];

/// Of 0 it never comes to an end.
fn halve(number: i32) -> i32 {
    if number == 0 {
        wait_to_be_killed(0);
    }
    number / 2
}

fn worker_killed_in_apply() -> Result<Had> {
    let pool = Pool::new(2)?;
    let lost = pool.apply_async(halve, 0)?;
    let worker = told(0);
    Ok(Had::after(|| kill(worker), || lost.get()))
}

fn worker_killed_in_map() -> Result<Had> {
    let pool = Pool::new(2)?;
    let lost = pool.map_async(halve, 0..8)?;
    let worker = told(0);
    Ok(Had::after(|| kill(worker), || lost.get()))
}

fn idle_worker_killed() -> Result<Had> {
    let pool = Pool::new(2)?;
    pool.map(halve, 1..9)?;
    let worker = pool.worker_pids()[0];
    Ok(Had::after(|| kill(worker), || pool.map(halve, 1..9)))
}

fn only_worker_killed() -> Result<Had> {
    let pool = Pool::new(1)?;
    pool.map(halve, 1..9)?;
    let worker = pool.worker_pids()[0];
    Ok(Had::after(|| kill(worker), || pool.map(halve, 1..9)))
}

fn exits(code: i32) {
    std::process::exit(code)
}

fn task_exits() -> Result<Had> {
    let pool = Pool::new(2)?;
    Ok(Had::after(|| (), || pool.apply(exits, 3)))
}

fn aborts((): ()) {
    std::process::abort()
}

fn task_aborts() -> Result<Had> {
    let pool = Pool::new(2)?;
    Ok(Had::after(|| (), || pool.apply(aborts, ())))
}

fn deep(depth: u64) -> u64 {
    match black_box(depth) {
        u64::MAX => 0,
        depth => 1 + black_box(deep(depth + 1)),
    }
}

fn task_overflows() -> Result<Had> {
    let pool = Pool::new(2)?;
    Ok(Had::after(|| (), || pool.apply(deep, 0)))
}

fn callback_fails() -> Result<Had> {
    let pool = Pool::new(2)?;
    let task = pool.apply_async(halve, 2)?;
    let fail = || drop(task.callback(|_| panic!("by intent")).wait());
    Ok(Had::after(fail, || pool.apply(halve, 4)))
}

fn initializer_fails() -> Result<Had> {
    let fail = || Err("by intent");
    let pool = Pool::builder().processes(2).initializer(fail).build()?;
    Ok(Had::after(|| (), || pool.apply(halve, 2)))
}

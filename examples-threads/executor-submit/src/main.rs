//! submit 提交任务, 取得结果 · Submit tasks, and get their results
//!
//! Look at: `submit` returns at once, with a future. `done` looks and does not
//! wait; `result` waits. Task 3 is not lost: where the executor is dropped, all
//! its tasks are waited for, as at the end of Python's `with`.
//!
//!     cargo run -p executor-submit
//!     cargo run -p executor-submit -- --processes
//!
//! `--processes`: the same on processes. An executor is an executor.

use concurrent::futures::{Executor, ProcessPoolExecutor, ThreadPoolExecutor};
use lesson::{python_bool, sleep};

fn spider(page: i32) -> i32 {
    sleep(page);
    println!("crawl task{page} finished");
    page
}

fn run_on(t: &impl Executor) -> lesson::Result {
    let task1 = t.submit(spider, 1)?;
    let task2 = t.submit(spider, 2)?;
    let task3 = t.submit(spider, 3)?;

    println!("task1: {}", python_bool(task1.done()));
    println!("task2: {}", python_bool(task2.done()));
    println!("task3: {}", python_bool(task3.done()));

    sleep(2.5);
    println!("task1: {}", python_bool(task1.done()));
    println!("task2: {}", python_bool(task2.done()));
    println!("task3: {}", python_bool(task3.done()));
    println!("{}", task1.result()?);
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Take processes instead of threads
    #[arg(long)]
    processes: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.processes {
        return run_on(&ProcessPoolExecutor::new(5)?);
    }
    run_on(&ThreadPoolExecutor::new(5)?)
}

//! Pool(结果) 提取返回的结果 · Results: of many tasks, or in time
//!
//! Look at: `map` has more tasks than workers, and each worker takes the next
//! one when it is free; the results are in the order of the tasks
//! nevertheless.
//!
//!     cargo run -p pool-results
//!     cargo run -p pool-results -- --timeout
//!
//! `--timeout`: `get` with a time limit gives up waiting, not the task.
//! Python's `TimeoutError` is `Error::TimedOut` here.

use std::collections::BTreeSet;
use std::process;
use std::time::Instant;

use lesson::{elapsed, python_bool, seconds, sleep};
use multiprocessing::{Error, Pool};

fn number_and_worker(x: u32) -> (u32, u32) {
    sleep(0.2);
    (x, process::id())
}

fn map_tasks() -> lesson::Result {
    let parent = process::id();
    let pool = Pool::new(3)?;
    let start = Instant::now();
    let results = pool.map(number_and_worker, 0..12)?;
    let time = elapsed(start);

    let (numbers, workers): (Vec<_>, BTreeSet<_>) = results.into_iter().unzip();
    let [few, others] = [workers.len() <= 3, !workers.contains(&parent)];
    println!("{numbers:?}");
    println!("distinct workers <= 3: {}", python_bool(few));
    println!("parent not among them: {}", python_bool(others));
    println!("{time:.2}");
    Ok(())
}

fn slow_cube(x: i64) -> i64 {
    sleep(2);
    x * x * x
}

fn get_timeout() -> lesson::Result {
    let pool = Pool::new(1)?;
    let start = Instant::now();
    let result = pool.apply_async(slow_cube, 3)?;
    if let Err(Error::TimedOut) = result.get_timeout(seconds(0.5)) {
        let (time, ready) = (elapsed(start), python_bool(result.ready()));
        println!("TimeoutError after {time:.2} s, ready={ready}");
    }
    println!("get() -> {}", result.get()?);
    let (time, ready) = (elapsed(start), python_bool(result.ready()));
    let successful = python_bool(result.successful()?);
    println!("{time:.2} s, ready={ready}, successful={successful}");
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Wait half a second for a task that takes two
    #[arg(long)]
    timeout: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    match flags.timeout {
        false => map_tasks(),
        true => get_timeout(),
    }
}

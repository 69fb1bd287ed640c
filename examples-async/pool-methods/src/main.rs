//! Pool(方法) 同步与异步的调用 · Calls that wait, and calls that do not
//!
//! Look at: `apply` and `map` return results; `apply_async` and `map_async`
//! return at once, with an object whose `get` waits for the result. Python
//! calls its types `ApplyResult` and `MapResult`; here both are `AsyncResult`.
//!
//!     cargo run -p pool-methods
//!     cargo run -p pool-methods -- --default
//!
//! Python's `Pool()`, without a number, is `Pool::new(cpu_count())` here.

use multiprocessing::{Pool, cpu_count};

fn func(x: i64) -> i64 {
    x * x * x
}

fn methods() -> lesson::Result {
    let iterable = [1, 2, 3, 4, 5];
    let pool = Pool::new(4)?;

    // 一次一个任务: 异步, 同步
    let result = pool.apply_async(func, 3)?;
    println!("apply_async ApplyResult {}", result.get()?);
    println!("apply {}", pool.apply(func, 3)?);

    // 一次多个任务: 异步, 同步
    let result = pool.map_async(func, iterable)?;
    println!("map_async MapResult {:?}", result.get()?);
    println!("map {:?}", pool.map(func, iterable)?);

    pool.close();
    pool.join()?;
    println!("joined");
    Ok(())
}

fn default_size() -> lesson::Result {
    let workers = Pool::new(cpu_count())?.worker_pids().len();
    let cpus = cpu_count();
    println!("Pool() has {workers} workers, os.cpu_count() is {cpus}");
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// How many workers a pool has by default
    #[arg(long)]
    default: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.default {
        return default_size();
    }
    methods()
}

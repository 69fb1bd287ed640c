//! Pool(回调) 回调函数 · Callbacks run in a thread of the pool
//!
//! Look at: a task runs in a worker, its callback in the parent: in the
//! thread that takes all results, one after the other. While a callback
//! sleeps, nobody gets a later result.
//!
//!     cargo run -p pool-callbacks
//!     cargo run -p pool-callbacks -- --where
//!
//! `--where`: in which process, and in which thread of it.

use std::process;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use lesson::{elapsed, python_bool, sleep};
use multiprocessing::Pool;

fn cube(x: i64) -> i64 {
    x * x * x
}

fn callback(result: i64) {
    println!("callback begins {result}");
    sleep(1);
    println!("callback ends {result}");
}

fn slow_callback() -> lesson::Result {
    let pool = Pool::new(2)?;
    let start = Instant::now();
    pool.apply_async(cube, 3)?.callback(callback);
    let result = pool.apply_async(cube, 4)?;
    println!("get {}", result.get()?);
    let delayed = python_bool(elapsed(start) >= 1.0);
    println!("get was delayed by the callback: {delayed}");
    pool.close();
    pool.join()?;
    Ok(())
}

fn cube_and_worker(x: i64) -> (i64, u32) {
    (cube(x), process::id())
}

fn callback_where() -> lesson::Result {
    let pool = Pool::new(1)?;
    let (tell, told) = mpsc::channel();
    pool.apply_async(cube_and_worker, 3)?
        .callback(move |(value, worker)| {
            let place = (process::id(), thread::current().id());
            tell.send((value, worker, place)).expect("it is received");
        });
    let (value, worker, (process, thread)) = told.recv()?;
    let parent = process::id();
    let main = thread::current().id();
    println!("value {value}");
    println!(
        "computed in another process: {}",
        python_bool(worker != parent)
    );
    println!(
        "callback in the parent process: {}",
        python_bool(process == parent)
    );
    println!(
        "callback in the main thread: {}",
        python_bool(thread == main)
    );
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Tell where the task and where the callback runs
    #[arg(long = "where")]
    place: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    match flags.place {
        false => slow_callback(),
        true => callback_where(),
    }
}

//! map 按输入的顺序取得结果 · Results in the order of the input
//!
//! Look at: task 3 is done first, and is told third. With a time limit, which
//! counts from the call of `map`, there is an error in place of what is not
//! done by then. Tasks that run go on: dropping the executor waits for them.
//!
//!     cargo run -p executor-map
//!     cargo run -p executor-map -- --timeout 2.5

use concurrent::futures::{Error, ThreadPoolExecutor};
use lesson::{seconds, sleep};

fn spider(page: i32) -> i32 {
    sleep(page);
    page
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Wait for so many seconds at most
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<f64>,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let executor = ThreadPoolExecutor::new(4)?;
    let pages = [2, 3, 1, 4];
    let results = match flags.timeout {
        None => executor.map(spider, pages)?,
        Some(limit) => executor.map_timeout(spider, pages, seconds(limit))?,
    };

    for (i, result) in (1..).zip(results) {
        match result {
            Ok(result) => println!("task{i}:{result}"),
            Err(Error::TimedOut) => println!("TimeoutError"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

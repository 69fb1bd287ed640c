//! as_completed 按完成的顺序取得结果 · Results as they are completed
//!
//! Look at: the loop waits for whichever is done next, not for one after the
//! other. With a time limit, which counts from the call, it ends with an error;
//! the tasks do not: dropping the executor waits for them.
//!
//!     cargo run -p executor-as-completed
//!     cargo run -p executor-as-completed -- --timeout 2.5

use concurrent::futures::{self, ThreadPoolExecutor};
use lesson::{seconds, sleep};

fn spider(page: i32) -> i32 {
    sleep(page);
    println!("crawl task{page} finished");
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
    let t = ThreadPoolExecutor::new(5)?;
    let mut obj_list = Vec::new();
    for page in 1..5 {
        obj_list.push(t.submit(spider, page)?);
    }
    let completed = match flags.timeout {
        None => futures::as_completed(obj_list),
        Some(limit) => futures::as_completed_timeout(obj_list, seconds(limit)),
    };
    for future in completed {
        match future {
            Ok(future) => println!("main: {}", future.result()?),
            Err(error) => println!("TimeoutError: {error}"),
        }
    }
    Ok(())
}

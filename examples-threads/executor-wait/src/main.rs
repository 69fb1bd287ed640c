//! wait 等待第一个完成, 或全部完成 · Wait for the first, or for all
//!
//! Look at: `wait` gives two lists, what is done and what is not. When its time
//! is over that is no error, and task 4 goes on. Python has two sets, whose
//! order means nothing; and it says `int` where Rust says `i32`.
//!
//!     cargo run -p executor-wait
//!     cargo run -p executor-wait -- --all
//!
//! `--all`: wait until all are done.

use concurrent::futures::ReturnWhen::{AllCompleted, FirstCompleted};
use concurrent::futures::{ThreadPoolExecutor, wait, wait_timeout};
use lesson::{seconds, sleep};

fn spider(page: i32) -> i32 {
    sleep(page);
    println!("crawl task{page} finished");
    page
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Wait until all are done
    #[arg(long)]
    all: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let t = ThreadPoolExecutor::new(5)?;
    let all_task = (1..5).map(|page| t.submit(spider, page));
    let all_task = all_task.collect::<Result<Vec<_>, _>>()?;
    if flags.all {
        let both = wait(&all_task, AllCompleted);
        println!("finished");
        println!("{} {}", both.done.len(), both.not_done.len());
        return Ok(());
    }
    wait(&all_task, FirstCompleted);
    println!("finished");
    println!("{:?}", wait_timeout(&all_task, seconds(2.5), AllCompleted));
    Ok(())
}

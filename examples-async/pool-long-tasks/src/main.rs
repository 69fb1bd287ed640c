//! Pool(4) 批量创建子进程 · Five tasks on four workers
//!
//! Look at: tasks 0 to 3 run at once, and task 4 begins when one of them has
//! ended. The main process goes on meanwhile: `Waiting for all subprocesses
//! done...` may come before any task's line.
//!
//!     cargo run -p pool-long-tasks

use std::process;
use std::time::Instant;

use lesson::{elapsed, random, sleep};
use multiprocessing::Pool;

fn long_time_task(name: u32) {
    println!("Run task {name} ({})...", process::id());
    let start = Instant::now();
    sleep(random() * 3.0);
    println!("Task {name} runs {:.2} seconds.", elapsed(start));
}

fn main() -> lesson::Result {
    lesson::begin!();
    println!("Parent process {}.", process::id());
    let p = Pool::new(4)?;
    for i in 0..5 {
        p.apply_async(long_time_task, i)?;
    }
    println!("Waiting for all subprocesses done...");
    p.close();
    p.join()?;
    println!("All subprocesses done.");
    Ok(())
}

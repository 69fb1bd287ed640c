//! Pool(同步) 一个任务接一个任务 · Ten tasks, one after the other
//!
//! Look at: `apply` waits for the result, so one task runs at a time, and five
//! workers are no faster than one. Which of them runs a task is the pool's
//! choice.
//!
//!     cargo run -p pool-apply

use std::process;
use std::time::Instant;

use lesson::{elapsed, random, sleep};
use multiprocessing::Pool;

fn fun1(name: u32) {
    println!("Run task {name} ({})...", process::id());
    let start = Instant::now();
    sleep(random() * 3.0);
    println!("Task {name} runs {:.2} seconds.", elapsed(start));
}

fn main() -> lesson::Result {
    lesson::begin!();
    let pool = Pool::new(5)?; // 池中有五个进程

    for i in 0..10 {
        pool.apply(fun1, i)?;
    }

    pool.close();
    pool.join()?;
    println!("结束测试");
    Ok(())
}

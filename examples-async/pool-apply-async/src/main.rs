//! Pool(异步) 五个进程, 十个任务 · Ten tasks on five workers
//!
//! Look at: `apply_async` does not wait. All ten tasks are in the pool's queue
//! at once; five run, and the sixth begins when one of them has ended, in the
//! process that has become free: the same pids come again.
//!
//!     cargo run -p pool-apply-async

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
        pool.apply_async(fun1, i)?;
    }

    pool.close();
    pool.join()?;
    println!("结束测试");
    Ok(())
}

//! 例 3-2 创建多个进程 · Create several processes
//!
//! Look at: five children run at once, so their lines come in any order, and
//! `wait joining...` stands anywhere among them; the text has it first, which
//! is likely only where a process starts slowly. The last line is last: it
//! comes after five times `join`.
//!
//!     cargo run -p ex3-2

use lesson::{randint, sleep};
use multiprocessing::Process;

/// process/thread worker function
fn worker(num: u32) {
    println!("Worker: {num}");
    sleep(randint(1, 2));
}

fn some_procs() -> lesson::Result {
    let mut jobs = Vec::new();
    for i in 0..5 {
        let p = Process::new(move || worker(i));
        p.start()?;
        jobs.push(p);
    }
    println!("wait joining...");
    for j in &jobs {
        j.join()?;
    }
    println!("程序结束!");
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    some_procs()
}

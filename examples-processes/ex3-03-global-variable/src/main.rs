//! 例 3-3 全局变量与多进程 · A global variable and several processes
//!
//! Look at: each child changes its own copy of the variable, the one that it
//! had at its start; the parent's stays 0. Compare 例 3-12, the same with
//! threads.
//!
//!     cargo run -p ex3-3
//!
//! A global variable that can be changed is an atomic in Rust. Here nobody
//! shares it: a process has its memory to itself.

use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use multiprocessing::Process;

static SHARE_NUM: AtomicI32 = AtomicI32::new(0); // 全局变量

fn worker_1() {
    SHARE_NUM.fetch_add(20, Relaxed);
    println!("worker_1,share_num={}", SHARE_NUM.load(Relaxed));
}

fn worker_2() {
    SHARE_NUM.fetch_add(100, Relaxed);
    println!("worker_2,share_num={}", SHARE_NUM.load(Relaxed));
}

fn test_sharedata() -> lesson::Result {
    let p1 = Process::new(worker_1);
    let p2 = Process::new(worker_2);
    p1.start()?;
    p1.join()?;
    println!("p1启动后,主进程里 share_num={}", SHARE_NUM.load(Relaxed));
    p2.start()?;
    p2.join()?;
    println!("p2 启动后,主进程里 share_num={}", SHARE_NUM.load(Relaxed));
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    test_sharedata()
}

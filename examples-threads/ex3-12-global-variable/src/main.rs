//! 例 3-12 利用全局变量通信 · Communication through a global variable
//!
//! Look at: threads share the memory of their process, so what one adds, all
//! see. Compare 例 3-3, the same with processes.
//!
//!     cargo run -p ex3-12
//!
//! Rust lets no two threads change a plain variable; an atomic may be changed
//! by all, and no addition is lost.

use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::thread;

static SHARE_NUM: AtomicI32 = AtomicI32::new(0); // 全局变量

fn worker_1() {
    SHARE_NUM.fetch_add(20, Relaxed);
    println!("worker_1,share_num={}", SHARE_NUM.load(Relaxed));
}

fn worker_2() {
    SHARE_NUM.fetch_add(100, Relaxed);
    println!("worker_2,share_num={}", SHARE_NUM.load(Relaxed));
}

fn thread_sharedata() {
    let t1 = thread::spawn(worker_1);
    t1.join().expect("worker_1 does not panic");
    println!("t1 启动后,主进程 share_num={}", SHARE_NUM.load(Relaxed));
    let t2 = thread::spawn(worker_2);
    t2.join().expect("worker_2 does not panic");
    println!("t2 启动后,主进程 share_num={}", SHARE_NUM.load(Relaxed));
}

fn main() {
    lesson::begin!();
    thread_sharedata();
}

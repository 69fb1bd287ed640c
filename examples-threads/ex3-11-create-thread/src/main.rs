//! 例 3-11 线程创建 · Create a thread
//!
//! Look at: a thread is made like a process, from a function; `join` waits
//! for it. `spawn` makes and starts it in one step.
//!
//!     cargo run -p ex3-11

use std::thread;

fn counter(n: u32) {
    let mut cnt = 0;
    for i in 0..=n {
        cnt += i;
    }
    println!("{cnt}");
}

fn one_thread() {
    // 初始化一个线程对象,传入函数的 counter 参数
    let th = thread::spawn(|| counter(100));
    // 主线程阻塞,等待子线程结束
    th.join().expect("counter does not panic");
}

fn main() {
    lesson::begin!();
    one_thread();
}

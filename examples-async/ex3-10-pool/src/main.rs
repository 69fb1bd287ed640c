//! 例 3-10 进程异步与结果返回 · A pool, asynchronous calls and their results
//!
//! Look at: `apply_async` and `map_async` return at once. A result comes by a
//! callback, which a thread of this process calls, or by `get`, which waits.
//! 线程计算... is printed by the workers, which are processes.
//!
//!     cargo run -p ex3-10
//!     cargo run -p ex3-10 -- --no-get
//!     cargo run -p ex3-10 -- --no-join
//!
//! Without `get` nobody waits, and `map_async:` may come before any task has
//! begun. Without `join` the pool is terminated, and results may be lost.
//!
//! Within one process a Rust programmer would take the crate rayon: its
//! `par_iter().map(…)` does the same on threads.

use std::fmt::Debug;

use lesson::seconds;
use multiprocessing::Pool;

fn calculator(x: i64) -> i64 {
    println!("线程计算...");
    x * x * x
}

fn callback_print(result: impl Debug) {
    // callback 函数效率要高, 否则线程会被阻塞
    println!("回调函数, 输出运行结果: {result:?}");
}

fn async_pool(flags: &Flags) -> lesson::Result {
    let tasks = [1, 2, 3];
    let pool = Pool::new(4)?;
    println!("apply_async:");
    pool.apply_async(calculator, tasks[0])?
        .callback(callback_print);
    pool.apply_async(calculator, tasks[1])?
        .callback(callback_print);
    let result = pool.apply_async(calculator, tasks[2])?;
    if !flags.no_get {
        let result = result.get_timeout(seconds(1))?; // get() 可阻塞进程
        println!("不用回调函数打印, result= {result}");
    }
    println!("map_async:");
    pool.map_async(calculator, tasks)?.callback(callback_print);
    pool.close(); // 关闭进程池, 关闭后, 不再接收新的请求
    if !flags.no_join {
        pool.join()?; // 必须调用, 否则主进程先行结束退出, 子进程无法回调
    }
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Do not wait for the third result
    #[arg(long)]
    no_get: bool,
    /// Do not wait for the pool
    #[arg(long)]
    no_join: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    async_pool(&flags)
}

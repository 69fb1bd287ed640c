//! 例 3-7 信号量 · Semaphore
//!
//! Look at: a process is inside while it holds a unit, of which there is one
//! (or `--permits`). 释放 is printed after the release: the next 获得 may come
//! before it. The text's code starts 2 processes, its output shows 4.
//!
//!     cargo run -p ex3-7
//!     cargo run -p ex3-7 -- --processes 2
//!     cargo run -p ex3-7 -- --permits 3 --processes 6
//!     cargo run -p ex3-7 -- --leak
//!
//! `--leak`: a process ends and has not released; the unit is lost.

use std::time::Instant;

use lesson::{elapsed, python_bool, randint, seconds, sleep};
use multiprocessing::{Process, Semaphore, active_children};

fn test_semaphore(i: i64, sem: &Semaphore) -> lesson::Result {
    // 临界区开始
    sem.acquire()?; // 申请信号量
    println!("{i} 获得信号量");
    sleep(randint(1, 5));
    sem.release()?;
    // 临界区结束
    println!("{i} 释放信号量");
    Ok(())
}

fn semaphore_demo(flags: &Flags) -> lesson::Result {
    // 信号量可用来控制对共享资源的访问数量
    let sem = Semaphore::new(flags.permits.try_into()?)?;
    for i in 0..flags.processes {
        let p = Process::new(|| test_semaphore(i, &sem));
        p.start()?;
    }
    Ok(())
}

fn bad(sem: &Semaphore) -> lesson::Result<i32> {
    sem.acquire()?;
    println!("bad 获得信号量");
    Ok(3) // 没有释放信号量就退出
}

fn leak() -> lesson::Result {
    let sem = Semaphore::new(1)?;
    let bad = Process::new(|| bad(&sem));
    bad.start()?;
    bad.join()?;
    println!("bad exitcode {}", bad.exitcode()?.unwrap_or_default());
    let start = Instant::now();
    let acquired = python_bool(sem.acquire_timeout(seconds(2))?);
    println!("good acquire -> {acquired} after {:.3} s", elapsed(start));
    Ok(())
}

#[derive(clap::Parser)]
#[command(about, allow_negative_numbers = true)]
struct Flags {
    /// How many processes may be inside at a time
    #[arg(long, default_value_t = 1, value_parser = 1..=1_000_000)]
    permits: i64,
    /// How many processes there are
    #[arg(long, default_value_t = 4, value_parser = 1..=1_000_000)]
    processes: i64,
    /// Let a process end without releasing
    #[arg(long, conflicts_with_all = ["permits", "processes"])]
    leak: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.leak {
        return leak();
    }
    semaphore_demo(&flags).inspect_err(|_| {
        // Those that were started would otherwise be waited for.
        for p in active_children() {
            let _ = p.terminate();
        }
    })
}

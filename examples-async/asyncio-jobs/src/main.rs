//! asyncio 原生协程 · Two sleeps: at once, in turn, and blocked
//!
//! Look at: two tasks sleep one second and two, at once: two seconds. One after
//! the other they take three; and so they do if they block the loop.
//!
//!     cargo run -p asyncio-jobs
//!     cargo run -p asyncio-jobs -- --sync
//!     cargo run -p asyncio-jobs -- --blocking
//!
//! `--blocking`: who sleeps without `await` keeps the only thread, and nobody
//! else can run. With a `LESSON_PACE` other than 1 the clock of the tasks is
//! tokio's own, which jumps to the end of each sleep: two seconds are two.

use std::future::Future;

use lesson::elapsed;
use tokio::runtime::Builder;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Duration, Instant, sleep};

fn sync_job(t: u32) {
    lesson::sleep(t);
    println!("用了{t}");
}

fn sync_main() {
    (1..3).for_each(sync_job);
}

async fn job(t: u32) {
    sleep(Duration::from_secs(t.into())).await; // 等待, 期间切换执行其他任务
    println!("用了{t}秒");
}

async fn blocking_job(t: u32) {
    lesson::sleep(t); // nobody else runs meanwhile
    println!("用了{t}秒");
}

/// 执行并等待所有任务完成
async fn wait<Job: Future<Output = ()> + 'static>(job: fn(u32) -> Job) {
    let mut tasks = JoinSet::new();
    for t in 1..3 {
        tasks.spawn_local(job(t)); // 创建任务, 不立即执行
    }
    tasks.join_all().await;
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Sleep one after the other, without a loop
    #[arg(long, conflicts_with = "blocking")]
    sync: bool,
    /// Sleep without giving way to the loop
    #[arg(long)]
    blocking: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let start = std::time::Instant::now();
    if flags.sync {
        sync_main();
        println!("{}", elapsed(start));
        return Ok(());
    }
    let mut builder = Builder::new_current_thread();
    let virtual_time = lesson::is_paced();
    let runtime = builder.enable_time().start_paused(virtual_time).build()?;
    let tasks = LocalSet::new();
    if flags.blocking {
        tasks.block_on(&runtime, wait(blocking_job));
        println!("{}", elapsed(start));
        return Ok(());
    }
    let time = tasks.block_on(&runtime, async {
        let start = Instant::now();
        wait(job).await;
        start.elapsed().as_secs_f64()
    });
    println!("{time:?}");
    Ok(())
}

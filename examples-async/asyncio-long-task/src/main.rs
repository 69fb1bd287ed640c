//! await python中的协程 · A sleeping task lets another one run
//!
//! Look at: at `sleep(…).await` the long task gives way, and the other one runs
//! meanwhile; all in one thread.
//!
//!     cargo run -p asyncio-long-task
//!     cargo run -p asyncio-long-task -- --generator
//!
//! `--generator`: a coroutine made of a generator, and a native one. Python has
//! `types.coroutine` for the former; `asyncio.coroutine` is gone since 3.11.
//! With a `LESSON_PACE` other than 1 the clock is tokio's own: it jumps to the
//! end of each sleep.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use generator::Generator;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio::time::sleep;

async fn long_task() {
    println!("long task started");
    sleep(Duration::from_secs(1)).await;
    println!("long task finished");
}

#[expect(clippy::unused_async, reason = "it is awaited all the same")]
async fn hello_world() {
    println!("hello world");
}

async fn job1() {
    println!("job1 started...");
    println!("job1 paused");
    hello_world().await;
    println!("job1 resumed");
    println!("job1 finished");
}

/// Each time the loop polls it, the generator goes on, until it has ended.
async fn generator_based() {
    let mut body = Generator::<()>::new(|co| {
        co.yield_(())?;
        println!("generator-based");
        Ok(())
    });
    poll_fn(|context| {
        if body.next().is_err() {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn event_loop() -> lesson::Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    let virtual_time = lesson::is_paced();
    Ok(builder.enable_time().start_paused(virtual_time).build()?)
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Await a coroutine made of a generator, and a native one
    #[arg(long)]
    generator: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.generator {
        event_loop()?.block_on(async {
            generator_based().await;
            async { println!("native") }.await;
        });
        return Ok(());
    }
    let r#loop = LocalSet::new();
    r#loop.spawn_local(long_task());
    r#loop.spawn_local(job1());
    event_loop()?.block_on(r#loop); // until all tasks have ended
    Ok(())
}

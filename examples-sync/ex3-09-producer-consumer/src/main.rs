//! 例 3-9 生产者-消费者模型 · Producers and consumers
//!
//! Look at: the queue has room for two. Who finds it full waits in `put`, who
//! finds it empty waits in `get`. 生产 is printed after the `put`, so a bun
//! may be eaten before the line that says it was made.
//!
//!     cargo run -p ex3-9
//!     cargo run -p ex3-9 -- --capacity 10
//!     cargo run -p ex3-9 -- --consumers 2
//!     cargo run -p ex3-9 -- --threads
//!
//! One consumer eats five of ten buns, and two fit into the queue: the
//! producers wait for ever, as in the text. Ctrl-C ends them all.

use std::num::NonZeroUsize;
use std::thread;

use lesson::{randint, sleep};
use multiprocessing::{Process, Queue};

fn consumer(name: &str, q: &Queue<String>) -> lesson::Result {
    for _ in 0..5 {
        let res = q.get()?; // 从队列中提取一个元素,若队列为空则阻塞
        println!("消费者{name}吃{res}。");
        sleep(randint(1, 3));
    }
    println!("{name}吃饱了。");
    Ok(())
}

fn producer(name: &str, q: &Queue<String>) -> lesson::Result {
    for i in 0..5 {
        sleep(randint(1, 2));
        let res = format!("包子{i}");
        q.put(format!("{name}{res}"))?; // 把 res 插入队列
        println!("生产者{name} 生产了{res}.");
    }
    println!("生产者{name} 任务完成了。");
    Ok(())
}

/// 生产者-消费者模型
fn consumer_producer(flags: &Flags) -> lesson::Result {
    let queue = Queue::bounded(flags.capacity.get())?; // 一个队列,长度为 2
    let p1 = Process::new(|| producer("Tom", &queue));
    let p2 = Process::new(|| producer("Jerry", &queue));
    let c1 = Process::new(|| consumer("小明", &queue));
    let c2 = Process::new(|| consumer("小红", &queue));

    p1.start()?;
    p2.start()?;
    c1.start()?;
    if flags.consumers == 2 {
        c2.start()?;
    }
    Ok(())
}

/// The same by threads, which use the same queue.
fn consumer_producer_threads(flags: &Flags) -> lesson::Result {
    let queue = Queue::bounded(flags.capacity.get())?;
    thread::scope(|scope| {
        let p1 = scope.spawn(|| producer("Tom", &queue));
        let p2 = scope.spawn(|| producer("Jerry", &queue));
        let c1 = scope.spawn(|| consumer("小明", &queue));
        if flags.consumers == 2 {
            consumer("小红", &queue)?;
        }
        for thread in [p1, p2, c1] {
            thread.join().expect("no thread panics")?;
        }
        Ok(())
    })
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// How many buns the queue holds
    #[arg(long, default_value = "2", value_name = "N")]
    capacity: NonZeroUsize,
    /// How many consumers there are, 1 or 2
    #[arg(long, default_value_t = 1, value_name = "N",
          value_parser = clap::value_parser!(u8).range(1..=2))]
    consumers: u8,
    /// Use threads instead of processes
    #[arg(long)]
    threads: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.threads {
        consumer_producer_threads(&flags)
    } else {
        consumer_producer(&flags)
    }
}

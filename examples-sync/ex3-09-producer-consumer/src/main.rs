//! 例 3-9 生产者-消费者模型 · Producers and consumers
//!
//! Look at: the queue has room for two; who finds it full or empty waits, in
//! the end for ever (Ctrl-C). 生产 is printed after the `put`, so a bun may be
//! eaten before its line.
//!
//!     cargo run -p ex3-9
//!     cargo run -p ex3-9 -- --capacity 10
//!     cargo run -p ex3-9 -- --consumers 2
//!     cargo run -p ex3-9 -- --threads

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
    let queue = Queue::bounded(flags.capacity.try_into()?)?; // 默认长度为 2
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
    let queue = Queue::bounded(flags.capacity.try_into()?)?;
    thread::scope(|scope| {
        let p1 = scope.spawn(|| producer("Tom", &queue));
        let p2 = scope.spawn(|| producer("Jerry", &queue));
        let c1 = scope.spawn(|| consumer("小明", &queue));
        if flags.consumers == 2 {
            consumer("小红", &queue)?;
        }
        let mut threads = [p1, p2, c1].into_iter();
        threads.try_for_each(|thread| thread.join().expect("no panic"))
    })
}

#[derive(clap::Parser)]
#[command(about, allow_negative_numbers = true)]
struct Flags {
    /// How many buns the queue holds
    #[arg(long, default_value_t = 2, value_parser = 1..=1_000_000)]
    capacity: i64,
    /// How many consumers there are, 1 or 2
    #[arg(long, default_value_t = 1, value_parser = 1..=2)]
    consumers: i64,
    /// Use threads instead of processes
    #[arg(long)]
    threads: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    match flags.threads {
        false => consumer_producer(&flags),
        true => consumer_producer_threads(&flags),
    }
}

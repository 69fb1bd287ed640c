//! Manager(队列) 进程池中的通信 · A queue between two tasks of a pool
//!
//! Look at: the queue lives in the manager's process, and goes with it; a task
//! is given a proxy. The reader asks once how many messages there are, and
//! takes so many: that it finds all six is the work of the sleep. The parent of
//! both tasks is the main process (`getppid`).
//!
//!     cargo run -p pool-manager-queue

use std::os::unix::process::parent_id as getppid;
use std::process::id as getpid;

use lesson::sleep;
use multiprocessing::{Manager, Pool, QueueProxy, cpu_count};

fn reader((q,): (QueueProxy<char>,)) {
    println!("reader 启动({}),父进程为（{})", getpid(), getppid());
    for _ in 0..q.qsize().expect(ALIVE) {
        println!("reader 从Queue获取到消息:{}", q.get().expect(ALIVE));
    }
}

fn writer((q,): (QueueProxy<char>,)) {
    println!("writer 启动（{}),父进程为({})", getpid(), getppid());
    for i in "itcast".chars() {
        q.put(i).expect(ALIVE);
    }
}

const ALIVE: &str = "the manager outlives the pool";

fn main() -> lesson::Result {
    lesson::begin!();
    println!("({})start", getpid());
    let manager = Manager::new()?;
    let q = manager.queue(0)?; // 管理器中的队列
    let po = Pool::new(cpu_count())?;
    po.apply_async(writer, (q.clone(),))?;
    sleep(1);
    po.apply_async(reader, (q,))?;
    po.close();
    po.join()?;
    println!("({})End", getpid());
    Ok(())
}

//! 例 3-6 利用队列,实现多进程间通信 · Communication through a queue
//!
//! Look at: `get` waits until the child has `put`. After that both go on, and
//! which prints first, the parent what it got or the child that it sleeps
//! again, is open.
//!
//!     cargo run -p ex3-6
//!
//! A list of a number and two strings is a tuple in Rust, and the queue knows
//! the type of its items.

use lesson::sleep;
use multiprocessing::{Process, Queue};

type Item = (i32, String, String);

fn subproc_queue(queue: &Queue<Item>) -> lesson::Result {
    println!("子进程 sleeping...");
    sleep(5);
    println!("子进程醒了,开始干活。");
    queue.put((42, "20209528".into(), "郝雪生".into()))?;
    println!("子进程又 sleeping...");
    sleep(2);
    Ok(())
}

fn procs_queue() -> lesson::Result {
    let queue = Queue::unbounded()?;
    let p = Process::new(|| subproc_queue(&queue));
    p.start()?;
    println!("主进程从队列取数据,若没有数据则等待...");
    let (number, id, name) = queue.get()?;
    println!("主进程获得数据: [{number}, '{id}', '{name}']");
    p.join()?;
    println!("OVER!");
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    procs_queue()
}

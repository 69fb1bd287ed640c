//! Queue.join 等待任务完成 · Wait until the queue's tasks are done
//!
//! Look at: `join` of the queue waits until each item that was put has been
//! dealt with, which `task_done` tells. So Producer done is the last line.
//!
//!     cargo run -p queue-task-done
//!
//! Python's `queue.Queue` has `task_done`; in Rust a thread uses the same
//! `JoinableQueue` as a process.

use std::thread::scope;

use multiprocessing::JoinableQueue;

fn consumer(in_queue: &JoinableQueue<()>) -> lesson::Result {
    println!("Consumer waiting");
    in_queue.get()?; // Runs 2nd
    println!("Consumer working");
    println!("Consumer done");
    in_queue.task_done()?; // Runs 3rd
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    let in_queue = JoinableQueue::unbounded()?;
    scope(|scope| {
        let thread = scope.spawn(|| consumer(&in_queue));

        println!("Producer putting");
        in_queue.put(())?; // Runs 1st
        println!("Producer waiting");
        in_queue.join()?; // Runs 4th
        println!("Producer done");
        thread.join().expect("consumer does not panic")
    })
}

//! Queue(1) 线程队列: 缓冲区为 1 · Producer and consumer over a queue of one
//!
//! Look at: the queue orders the operations, 1st to 4th; it does not order the
//! lines, each of which is printed after its operation. Between the threads
//! only `put 1` before `got 2` is certain.
//!
//!     cargo run -p queue-of-one
//!
//! Python's `queue.Queue(1)` is a bounded channel: its two ends are separate
//! values, and `send` and `recv` wait as `put` and `get` do.

use std::thread;

use crossbeam::channel::{Receiver, bounded};
use lesson::sleep;

fn consumer(receiver: &Receiver<()>) -> lesson::Result {
    sleep(0.1); // Wait
    receiver.recv()?; // Runs 2nd
    println!("Consumer got 1");
    receiver.recv()?; // Runs 4th
    println!("Consumer got 2");
    println!("Consumer done");
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    let (sender, receiver) = bounded(1); // Buffer size of 1
    let thread = thread::spawn(move || consumer(&receiver));

    sender.send(())?; // Runs 1st
    println!("Producer put 1");
    sender.send(())?; // Runs 3rd
    println!("Producer put 2");
    println!("Producer done");
    thread.join().expect("consumer does not panic")
}

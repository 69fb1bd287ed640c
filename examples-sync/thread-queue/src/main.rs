//! queue.Queue 线程间的传递 · Four producers, three consumers
//!
//! Look at: whoever takes an item from the queue, each is taken once: 4000
//! items, 4000 different ones. `get` waits while the queue is empty.
//!
//!     cargo run -p thread-queue
//!
//! Python's `queue.Queue` is a channel here, of which each thread has an end;
//! when the last producer has ended, there is nothing more to receive.

use std::collections::HashSet;
use std::thread;

use crossbeam::channel::{Receiver, Sender, unbounded};

fn producer(num: u32, q: &Sender<u32>) -> lesson::Result {
    for item in num * 1000..(num + 1) * 1000 {
        q.send(item)?;
    }
    Ok(())
}

fn consumer(q: &Receiver<u32>) -> Vec<u32> {
    q.iter().collect()
}

fn main() -> lesson::Result {
    lesson::begin!();
    let (sender, receiver) = unbounded();
    let producers = [0, 1, 2, 3].map(|num| {
        let q = sender.clone();
        thread::spawn(move || producer(num, &q))
    });
    let consumers = [0, 1, 2].map(|_| {
        let q = receiver.clone();
        thread::spawn(move || consumer(&q))
    });
    drop(sender); // who is left are the producers
    for thread in producers {
        thread.join().expect("producer does not panic")?;
    }
    let mut items = Vec::new();
    for thread in consumers {
        items.extend(thread.join().expect("consumer does not panic"));
    }
    let different: HashSet<_> = items.iter().collect();
    let sum: u32 = items.iter().sum();
    println!("{} {} {sum}", items.len(), different.len());
    Ok(())
}

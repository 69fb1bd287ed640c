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

fn producer(num: u32, q: &Sender<u32>) {
    for item in num * 1000..(num + 1) * 1000 {
        q.send(item).expect("the consumers are there");
    }
}

fn consumer(q: &Receiver<u32>) -> Vec<u32> {
    q.iter().collect()
}

fn main() {
    lesson::begin!();
    let (sender, receiver) = unbounded();
    let items = thread::scope(|scope| {
        for num in 0..4 {
            let q = sender.clone();
            scope.spawn(move || producer(num, &q));
        }
        drop(sender); // only the producers have one now
        let start = |_| scope.spawn(|| consumer(&receiver));
        let consumers = [0, 1, 2].map(start);
        consumers.map(|it| it.join().expect("no panic")).concat()
    });
    let different: HashSet<_> = items.iter().collect();
    let sum: u32 = items.iter().sum();
    println!("{} {} {sum}", items.len(), different.len());
}

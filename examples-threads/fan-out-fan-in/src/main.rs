//! fan-out 扇出与扇入 · Fan out, and fan in
//!
//! Look at: a thread for each item, which is the fan out; then one sum of all
//! their results, which is the fan in: `iter` ends when the last sender is
//! gone, that is when the last result has been sent.
//!
//!     cargo run -p fan-out-fan-in
//!
//! Threads cost; for many items take a pool instead. With the crate rayon it is
//! `items.into_par_iter().map(process).sum()`.

use std::thread;
use std::time::Instant;

use crossbeam::channel::unbounded;
use lesson::{elapsed, sleep};

fn process(item: i32) -> i32 {
    sleep(0.2);
    item * item
}

fn main() {
    lesson::begin!();
    let start = Instant::now();
    let (sender, results) = unbounded();
    for item in 0..5 {
        let sender = sender.clone();
        thread::spawn(move || sender.send(process(item)));
    }
    drop(sender);
    let total: i32 = results.iter().sum();
    println!("next phase {total} {:.1}", elapsed(start));
}

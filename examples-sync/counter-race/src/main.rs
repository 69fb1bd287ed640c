//! Counter 竞争与加锁的计数器 · An unlocked and a locked counter
//!
//! Look at: to add is to load, to add and to store. What others store between
//! the two is lost, unless a lock keeps them out.
//!
//!     cargo run -p counter-race
//!     cargo run -p counter-race -- --unforced
//!
//! `--unforced`: the addition is one step, as it is in CPython since 3.10, and
//! nothing is lost. A plain `+=` of two threads does not compile in Rust; the
//! counter is an atomic number, of which each load and store is whole.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::{scope, yield_now};

const HOW_MANY: u32 = 100_000;

fn worker(increment: impl Fn(u32)) {
    for _ in 0..HOW_MANY {
        // Read from the sensor
        increment(1);
    }
}

fn thread_run(increment: impl Fn(u32) + Copy + Send, count: impl Fn() -> u32) {
    scope(|scope| {
        for _ in 0..5 {
            scope.spawn(move || worker(increment));
        }
    });
    let expected = HOW_MANY * 5;
    let found = count();
    println!("Counter should be {expected}, got {found}");
}

#[derive(Default)]
struct Counter {
    count: AtomicU32,
}

impl Counter {
    fn increment(&self, offset: u32) {
        let count = self.count.load(Relaxed);
        if count.is_multiple_of(10_000) {
            yield_now(); // now and then, somebody else's turn comes here
        }
        self.count.store(count + offset, Relaxed);
    }

    fn increment_in_one_step(&self, offset: u32) {
        self.count.fetch_add(offset, Relaxed);
    }
}

#[derive(Default)]
struct LockingCounter {
    count: Mutex<u32>,
}

impl LockingCounter {
    fn increment(&self, offset: u32) {
        let mut count = self.count.lock().expect("nobody panics");
        *count += offset;
    }
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Add in one step
    #[arg(long)]
    unforced: bool,
}

fn main() {
    let flags = lesson::begin!(Flags);
    let counter = Counter::default();
    let count = || counter.count.load(Relaxed);
    match flags.unforced {
        false => thread_run(|n| counter.increment(n), count),
        true => thread_run(|n| counter.increment_in_one_step(n), count),
    }
    let counter = LockingCounter::default();
    let count = || *counter.count.lock().expect("nobody panics");
    thread_run(|n| counter.increment(n), count);
}

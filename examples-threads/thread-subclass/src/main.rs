//! Mythead 自己的线程类 · A thread type with its own run
//!
//! Look at: the three threads speak in rounds, as each sleeps a second before
//! each line. Within a round anyone may be first, and the rounds themselves
//! rest on sleep: only the order of each thread's own lines is certain.
//!
//!     cargo run -p thread-subclass
//!
//! Rust has no classes to derive from: `start` makes a thread that calls `run`.
//! Python names its threads Thread-1, Thread-2, …, and joins them at the end.

use std::thread::{Builder, JoinHandle};

use lesson::sleep;

struct Mythead {
    name: String,
}

impl Mythead {
    fn run(&self) {
        for i in 0..3 {
            sleep(1); // 挂起1s
            println!("线程:{},索引{i}", self.name);
        }
    }

    fn start(self) -> lesson::Result<JoinHandle<()>> {
        let thread = Builder::new().name(self.name.clone());
        Ok(thread.spawn(move || self.run())?)
    }
}

fn main() -> lesson::Result {
    lesson::begin!();
    let mut threads = Vec::new();
    for number in 1..=3 {
        let name = format!("Thread-{number}");
        threads.push(Mythead { name }.start()?);
    }
    for t in threads {
        t.join().expect("run does not panic");
    }
    Ok(())
}

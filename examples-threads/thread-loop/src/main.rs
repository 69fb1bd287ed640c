//! LoopThread 有名字的线程 · A thread with a name
//!
//! Look at: `current` is the thread that asks, so the same words tell another
//! name in another thread. `join` orders all: the main thread speaks before
//! the start and after the end.
//!
//!     cargo run -p thread-loop
//!     cargo run -p thread-loop -- --current
//!
//! Python calls the first thread `MainThread`, Rust calls it `main`.

use std::sync::mpsc;
use std::thread::{self, ThreadId, current};

use lesson::{python_bool, sleep};

fn name() -> String {
    match current().name() {
        Some("main") => "MainThread".into(),
        name => name.unwrap_or_default().into(),
    }
}

// 新线程执行的代码:
fn run_loop() {
    println!("thread {} is running...", name());
    for n in 1..=5 {
        println!("thread {} >>> {n}", name());
        sleep(1);
    }
    println!("thread {} ended.", name());
}

fn looping() -> lesson::Result {
    println!("thread {} is running...", name());
    let t = thread::Builder::new().name("LoopThread".into());
    let t = t.spawn(run_loop)?;
    t.join().expect("run_loop does not panic");
    println!("thread {} ended.", name());
    Ok(())
}

fn is_current(thread: ThreadId) -> &'static str {
    python_bool(current().id() == thread)
}

fn who_is_current() -> lesson::Result {
    let main = current().id();
    println!("main: {} {}", is_current(main), name());
    let (sender, receiver) = mpsc::channel();
    let t = thread::spawn(move || -> lesson::Result {
        let (it, main) = (is_current(receiver.recv()?), is_current(main));
        println!("in the new thread: {it} {main}");
        Ok(())
    });
    sender.send(t.thread().id())?;
    t.join().expect("the new thread does not panic")
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Ask in two threads which thread is the current one
    #[arg(long)]
    current: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    match flags.current {
        false => looping(),
        true => who_is_current(),
    }
}

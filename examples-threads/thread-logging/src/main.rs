//! logging 带线程名的日志 · Log records with the thread's name
//!
//! Look at: `foo` does not say who it is, and each record says which thread
//! wrote it. A record is written at once, so two never mix within a line.
//!
//!     cargo run -p thread-logging
//!
//! Python calls a thread without a name `Thread-1 (foo)`; so it is named here.

use std::io::Write;
use std::thread::{self, current};

use env_logger::{Builder, Target};
use lesson::sleep;
use log::{LevelFilter, debug};

fn basic_config() {
    Builder::new()
        .filter_level(LevelFilter::Debug)
        .target(Target::Stdout) // Python's go to stderr
        .format(|line, record| {
            let thread = current();
            let name = thread.name().unwrap_or_default();
            let (level, message) = (record.level(), record.args());
            writeln!(line, "[{level}]({name:<10}) {message}")
        })
        .init();
}

fn foo() {
    debug!("Starting...");
    sleep(2);
    debug!("Exiting...");
}

fn main() -> lesson::Result {
    lesson::begin!();
    basic_config();
    let named = |name: &str| thread::Builder::new().name(name.into());
    let t1 = named("mythread").spawn(foo)?;
    let t2 = named("Thread-1 (foo)").spawn(foo)?;
    t1.join().expect("foo does not panic");
    t2.join().expect("foo does not panic");
    Ok(())
}

//! MyProcess 类继承方式 · A type with a run of its own
//!
//! Look at: `MyProcess` says what is to run; others only start and join it.
//! Rust has no inheritance: a `MyProcess` has a `Process`, and `Deref` lends it
//! `start`, `join` and all the others.
//!
//!     cargo run -p process-subclass
//!
//! The name is the process's own, as in Python, where `self.name` is no new
//! attribute: all five processes are called Python.

use std::ops::Deref;

use multiprocessing::{Process, current_process};

struct MyProcess {
    process: Process<'static>,
}

impl MyProcess {
    fn new(name: &str) -> Self {
        let process = Process::new(Self::run).with_name(name);
        Self { process }
    }

    fn run() {
        println!("测试{}多进程", current_process().name());
    }
}

impl Deref for MyProcess {
    type Target = Process<'static>;

    fn deref(&self) -> &Self::Target {
        &self.process
    }
}

fn main() -> lesson::Result {
    lesson::begin!();
    let mut process_list = Vec::new();
    for _ in 0..5 {
        let p = MyProcess::new("Python");
        p.start()?;
        process_list.push(p);
    }

    for i in &process_list {
        i.join()?;
    }

    println!("结束测试");
    Ok(())
}

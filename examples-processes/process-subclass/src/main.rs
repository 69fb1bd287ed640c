//! MyProcess 类继承方式 · A type with a run of its own
//!
//! Look at: `MyProcess` says what is to run; others only start and join it.
//! Rust has no inheritance: a `MyProcess` has a `Process`, and `Deref` lends it
//! `start`, `join` and the others. Its name is the process's, as in Python.
//!
//!     cargo run -p process-subclass

use std::ops::Deref;

use multiprocessing::{Process, current_process};

struct MyProcess(Process<'static>);

impl MyProcess {
    fn new(name: &str) -> Self {
        Self(Process::new(Self::run).with_name(name))
    }

    fn run() {
        println!("测试{}多进程", current_process().name());
    }
}

impl Deref for MyProcess {
    type Target = Process<'static>;
    fn deref(&self) -> &Self::Target {
        &self.0
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

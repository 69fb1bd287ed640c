//! run-proc 启动进程并等待 · Start a process and wait for it
//!
//! Look at: all lines come in one order. The child prints after its start, and
//! the parent's last line waits for the child. Two processes, two pids.
//!
//!     cargo run -p run-proc

use std::process;

use multiprocessing::Process;

fn run_proc(name: &str) {
    println!("Run child process {name} ({})...", process::id());
}

fn main() -> lesson::Result {
    lesson::begin!();
    println!("Parent process {}.", process::id());
    let p = Process::new(|| run_proc("test"));
    println!("Child process will start.");
    p.start()?;
    p.join()?;
    println!("Child process end.");
    Ok(())
}

//! 例 3-1 创建一个子进程 · Create one child process
//!
//! Look at: after `start` both run, in no certain order; `join` makes the
//! parent wait. Without it, the parent waits at its very end, as Python does.
//!
//!     cargo run -p ex3-1
//!     cargo run -p ex3-1 -- --no-join

use std::process;

use lesson::sleep;
use multiprocessing::Process;

fn sleeper(name: &str, seconds: u32) {
    println!("Process ID#{}", process::id());
    println!("{name} will sleep for {seconds} seconds");
    sleep(seconds);
    println!("子进程{}结束。", process::id());
}

fn one_proc(flags: &Flags) -> lesson::Result {
    let child_proc = Process::new(|| sleeper("Python", 5));
    child_proc.start()?;
    println!("子进程 start 之后!");
    if !flags.no_join {
        println!("主进程将 join");
        child_proc.join()?;
        println!("join 之后!");
    }
    println!("主进程的 ID 是: {}", process::id());
    println!("主进程结束!");
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Do not wait for the child
    #[arg(long)]
    no_join: bool,
}

fn main() -> lesson::Result {
    one_proc(&lesson::begin!(Flags))
}

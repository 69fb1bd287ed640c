//! Process×5 五个子进程 · Five processes of one function
//!
//! Look at: all are started first, and then all are joined, so they run at the
//! same time, and the end waits for each of them.
//!
//!     cargo run -p five-processes
//!     cargo run -p five-processes -- --join-last
//!
//! `--join-last`, an easy slip: the last process is joined five times.

use multiprocessing::Process;

fn fun1(name: &str) {
    println!("测试{name}多进程");
}

fn five_processes(flags: &Flags) -> lesson::Result {
    let mut process_list = Vec::new();
    for _ in 0..5 {
        let p = Process::new(|| fun1("Python"));
        p.start()?;
        process_list.push(p);
    }

    for i in &process_list {
        let joined = if flags.join_last { &process_list[4] } else { i };
        joined.join()?;
    }

    println!("结束测试");
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Join the last process five times, and the others not
    #[arg(long)]
    join_last: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    five_processes(&flags)
}

//! 例 3-8 锁机制 · Lock
//!
//! Look at: one process prints at a time; which comes first, the lock does not
//! say. The guard releases the lock at the end of its scope, also when the
//! process panics there: it is Rust's `try … finally`.
//!
//!     cargo run -p ex3-8
//!     cargo run -p ex3-8 -- --no-lock
//!     cargo run -p ex3-8 -- --fail 2
//!
//! Without the lock the lines are whole nevertheless: `println!` writes a line
//! at once. So does Python on a terminal; `python -u` writes it in pieces.

use lesson::python_bool;
use multiprocessing::{Lock, Process};

fn print_info(lock: Option<&Lock>, id: i64, fail: bool) -> lesson::Result {
    let _guard = lock.map(Lock::guard).transpose()?;
    assert!(!fail, "进程 {id} 在持有锁时出错");
    println!("{id}说: Hello Python ...");
    Ok(())
}

fn lock_demo(flags: &Flags) -> lesson::Result {
    // 加锁
    let lock = Lock::new()?;
    let used = (!flags.no_lock).then_some(&lock);
    let mut processes = Vec::new();
    for num in 0..5 {
        let fail = flags.fail == Some(num);
        let process = Process::new(move || print_info(used, num, fail));
        process.start()?;
        processes.push(process);
    }
    if flags.fail.is_some() {
        let mut exitcodes = Vec::new();
        for process in &processes {
            process.join()?;
            exitcodes.extend(process.exitcode()?);
        }
        println!("exitcodes {exitcodes:?}");
        println!("lock free: {}", python_bool(lock.try_acquire()?));
    }
    Ok(())
}

#[derive(clap::Parser)]
#[command(about, allow_negative_numbers = true)]
struct Flags {
    /// Print without the lock
    #[arg(long)]
    no_lock: bool,
    /// Let process N, from 0 to 4, panic while it holds the lock
    #[arg(long, value_name = "N", value_parser = 0..5)]
    #[arg(conflicts_with = "no_lock")]
    fail: Option<i64>,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    lock_demo(&flags)
}

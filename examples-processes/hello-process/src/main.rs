//! Process 进程的创建与启动 · The smallest process
//!
//! Look at: `Process::new` only says what is to run; `start` makes the process,
//! and `join` waits until it has ended.
//!
//!     cargo run -p hello-process
//!
//! Python passes the arguments beside the function, in a tuple, and one alone
//! needs a comma. Here a closure holds them, and the compiler counts.

use multiprocessing::Process;

fn worker(name: &str) {
    println!("你好 {name}");
}

fn main() -> lesson::Result {
    lesson::begin!();
    let p = Process::new(|| worker("Python"));
    p.start()?;
    p.join()?;
    Ok(())
}

//! daemon 守护进程 · A daemon ends with its parent
//!
//! Look at: the daemon would run for ever, and the parent does not wait for it:
//! at its own end it terminates it. It would wait for a child that is none.
//!
//!     cargo run -p daemon

use lesson::{python_bool, sleep};
use multiprocessing::Process;

fn background() {
    println!("daemon started");
    loop {
        sleep(1);
    }
}

fn main() -> lesson::Result {
    lesson::begin!();
    let p = Process::new(background).with_daemon(true);
    p.start()?;
    sleep(0.5);
    println!("daemon alive: {}", python_bool(p.is_alive()?));
    println!("parent end");
    Ok(())
}

//! GIL 没有 GIL 的倒数 · No GIL: a countdown that is shared out
//!
//! Look at: two threads, or two processes, take about half the time where two
//! processors are free. Python's threads take as long as one alone, as they
//! count in turn: whoever counts has the GIL. Rust has no such lock.
//!
//!     cargo run -p gil-countdown
//!     cargo run -p gil-countdown -- --threads
//!     cargo run -p gil-countdown -- --processes
//!
//! It is built with optimisation in every profile; `black_box` keeps the
//! compiler from leaving the loop out.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use multiprocessing::Process;

fn decrement(mut n: u64) {
    while n > 0 {
        n = black_box(n - 1);
    }
}

fn two_threads(n: u64) {
    let t1 = thread::spawn(move || decrement(n / 2));
    let t2 = thread::spawn(move || decrement(n / 2));
    t1.join().expect("decrement does not panic");
    t2.join().expect("decrement does not panic");
}

fn two_processes(n: u64) -> lesson::Result {
    let p1 = Process::new(|| decrement(n / 2));
    let p2 = Process::new(|| decrement(n / 2));
    p1.start()?;
    p2.start()?;
    p1.join()?;
    p2.join()?;
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Let two threads count, each half as far
    #[arg(long)]
    threads: bool,
    /// Let two processes count, each half as far
    #[arg(long, conflicts_with = "threads")]
    processes: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let n = 100000000;

    let start = Instant::now();
    match (flags.threads, flags.processes) {
        (true, _) => two_threads(n),
        (_, true) => two_processes(n)?,
        _ => decrement(n),
    }
    let cost = start.elapsed().as_secs_f64();
    println!("{cost}");
    Ok(())
}

//! gevent.sleep 交替运行的协程 · Three greenlets that give way
//!
//! Look at: a sleep of 0 gives way to the others, and comes back when each has
//! had its turn. All run in one thread, also when there are many switches.
//!
//!     cargo run -p greenlets-alternate
//!     cargo run -p greenlets-alternate -- --rounds 500000
//!
//! `--rounds`: nothing is printed but how many threads the system sees, and how
//! long a switch takes (build it with `--release`).

use std::fs;
use std::time::{Duration, Instant};

use generator::gevent::{Here, Hub};

fn f(here: &Here<'_>, n: u32) -> generator::Result {
    for i in 0..n {
        println!("{} {i}", here.greenlet());
        here.sleep(Duration::ZERO)?;
    }
    Ok(())
}

fn f_silent(here: &Here<'_>, n: u32) -> generator::Result {
    for i in 0..n {
        if i == n / 2 {
            println!("threads in the middle: {}", threads()?);
        }
        here.sleep(Duration::ZERO)?;
    }
    Ok(())
}

fn threads() -> generator::Result<usize> {
    let tasks = fs::read_dir("/proc/self/task");
    Ok(tasks.map_err(generator::Error::raise)?.count())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// How often each gives way, silently
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let mut hub = Hub::new();
    let Some(rounds) = flags.rounds else {
        let g1 = hub.spawn("f(5)", |here| f(here, 5));
        let g2 = hub.spawn("f(5)", |here| f(here, 5));
        let g3 = hub.spawn("f(5)", |here| f(here, 5));
        hub.join(&g1);
        hub.join(&g2);
        hub.join(&g3);
        return Ok(());
    };
    println!("threads at start: {}", threads()?);
    let start = Instant::now();
    for _ in 0..3 {
        hub.spawn("f_silent", move |here| f_silent(here, rounds));
    }
    hub.run();
    let switch =
        start.elapsed().as_secs_f64() * 1e9 / (3.0 * f64::from(rounds));
    println!("threads at end: {}", threads()?);
    println!("a switch takes {switch:.0} ns");
    Ok(())
}

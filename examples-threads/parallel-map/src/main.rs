//! for 将 for 循环使用多线程处理 · A for loop that becomes a parallel map
//!
//! Look at: the order of the results is that of the items, whoever is done
//! first. With two threads it takes half the time. Python's `map` belongs to a
//! pool; in Rust it belongs to the list, by the crate rayon: `par_iter`.
//!
//!     cargo run -p parallel-map
//!     cargo run -p parallel-map -- --serial

use std::time::Instant;

use lesson::{elapsed, sleep};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

fn process(item: i32) -> i32 {
    sleep(0.25);
    item * item
}

fn serial(item_list: &[i32]) -> Vec<i32> {
    let mut results = Vec::new();
    for &item in item_list {
        let result = process(item);
        results.push(result);
    }
    results
}

fn parallel(item_list: &[i32]) -> lesson::Result<Vec<i32>> {
    let pool = ThreadPoolBuilder::new().num_threads(2).build()?;
    let results = || item_list.par_iter().copied().map(process).collect();
    Ok(pool.install(results))
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Take the for loop
    #[arg(long)]
    serial: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let start = Instant::now();
    let item_list: Vec<i32> = (0..8).collect();
    let results = match flags.serial {
        true => serial(&item_list),
        false => parallel(&item_list)?,
    };
    println!("{results:?}");
    println!("{:.2}", elapsed(start));
    Ok(())
}

//! 线程池 用线程池获取网页 · Fetch pages, one by one and by threads
//!
//! Look at: who fetches one page after the other waits three times; threads
//! wait all at once. The pages are on a server of the example's own, which
//! takes half a second for each; `http://…` URLs are fetched instead if given.
//! Python's `map` is lazy, and needs a `list(…)` around it; Rust's a `collect`.
//!
//!     cargo run -p fetch-pages

use std::time::Instant;

use lesson::elapsed;
use lesson::pages::{Page, serve, url_argument, urlopen};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

const PAGES: &[Page] = &[("www", 9, 0.5), ("home", 9, 0.5), ("tieba", 9, 0.5)];

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// What to fetch instead of the example's own pages
    #[arg(value_parser = url_argument)]
    urls: Vec<String>,
}

fn main() -> lesson::Result {
    let mut urls = lesson::begin!(Flags).urls;
    if urls.is_empty() {
        urls = serve(PAGES)?;
    }
    let start = Instant::now();
    let results: Result<Vec<_>, _> =
        urls.iter().map(|url| urlopen(url)).collect();
    results?;
    println!("Normal: {}", elapsed(start));

    let start2 = Instant::now();
    let pool = ThreadPoolBuilder::new().num_threads(8).build()?; // 八个线程
    let results2: Result<Vec<_>, _> =
        pool.install(|| urls.par_iter().map(|url| urlopen(url)).collect());
    results2?;
    println!("Thread Pool: {}", elapsed(start2));
    Ok(())
}

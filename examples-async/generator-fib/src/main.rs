//! yield 生成器 · A generator
//!
//! Look at: `fib` stops at each `yield_` and goes on there at the next call; it
//! never returns, and never counts further than it is asked to.
//!
//!     cargo run -p generator-fib
//!
//! Stable Rust has no `yield`: here a generator runs on a stack of its own, and
//! yields by `co`. `next` is an error when the generator has ended.

use generator::Generator;

fn fib() -> Generator<u64> {
    Generator::new(|co| {
        let (mut prev, mut curr) = (0, 1);
        loop {
            co.yield_(curr)?;
            (curr, prev) = (prev + curr, curr);
        }
    })
}

fn main() -> lesson::Result {
    lesson::begin!();
    let mut f = fib();
    for _ in 0..10 {
        println!("{}", f.next()?);
    }
    Ok(())
}

//! Semaphore(3) 计数器 · A count that is never negative
//!
//! Look at: `acquire` counts down and `release` counts up. The counter is never
//! negative: at 0 an `acquire` waits, or fails if it is not to wait. A plain
//! semaphore may rise above its first value; a `BoundedSemaphore` may not.
//!
//!     cargo run -p semaphore-counter

use lesson::{python_bool, seconds};
use multiprocessing::Semaphore;

fn main() -> lesson::Result {
    lesson::begin!();
    let s = Semaphore::new(3)?;
    println!("{}", s.value());
    for _ in 0..4 {
        let acquired = s.try_acquire()?;
        println!("{} {}", python_bool(acquired), s.value());
    }
    let acquired = s.acquire_timeout(seconds(0.2))?; // 计数器为 0, 阻塞
    println!("{} {}", python_bool(acquired), s.value());

    s.release()?;
    println!("{}", s.value());
    for _ in 0..3 {
        s.release()?;
    }
    println!("{}", s.value());
    Ok(())
}

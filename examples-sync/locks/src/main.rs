//! Reentrant 可重入锁 · Who holds it may take it again
//!
//! Look at: an `RLock` may be acquired again by the thread that holds it, and
//! is free when it has been released as often; a `Lock` may not.
//!
//!     cargo run -p locks
//!     cargo run -p locks -- --counter
//!
//! `--counter`: between acquire and release one thread acts at a time, so no
//! addition is lost. A Rust `Mutex` holds the number that it guards, and gives
//! it to who has acquired it.

use std::sync::{Mutex, MutexGuard};
use std::thread::scope;

use lesson::{python_bool, seconds};
use multiprocessing::{Error, Lock, RLock};

/// What another thread gets within 0.3 seconds.
fn other_thread(lock: &RLock, when: &str) -> lesson::Result {
    let acquired = scope(|scope| {
        let other = scope.spawn(|| -> lesson::Result<bool> {
            let acquired = lock.acquire_timeout(seconds(0.3))?;
            if acquired {
                lock.release()?;
            }
            Ok(acquired)
        });
        other.join().expect("it does not panic")
    })?;
    println!("other thread {when} {}", python_bool(acquired));
    Ok(())
}

fn reentrant() -> lesson::Result {
    let rlock = RLock::new()?;
    let first = python_bool(rlock.try_acquire()?);
    let second = python_bool(rlock.try_acquire()?);
    println!("RLock first {first} second {second}");
    other_thread(&rlock, "while held twice")?;
    rlock.release()?;
    other_thread(&rlock, "while held once")?;
    rlock.release()?;
    other_thread(&rlock, "after both releases")?;
    if let Err(Error::NotOwner) = rlock.release() {
        println!("RuntimeError: cannot release un-acquired lock");
    }

    let lock = Lock::new()?;
    let first = python_bool(lock.try_acquire()?);
    let second = python_bool(lock.try_acquire()?);
    println!("Lock first {first} second {second}");
    Ok(lock.release()?)
}

fn counter() {
    let num = Mutex::new(0);
    let add = || {
        for _ in 0..10_000 {
            let mut num: MutexGuard<'_, i32> = num.lock().expect("no panic");
            *num += 1;
        }
    };
    scope(|scope| {
        for _ in 0..8 {
            scope.spawn(add);
        }
    });
    println!("{}", num.lock().expect("no panic"));
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Count with eight threads
    #[arg(long)]
    counter: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.counter {
        counter();
        return Ok(());
    }
    reentrant()
}

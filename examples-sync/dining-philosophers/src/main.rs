//! Philosophers 哲学家就餐 · The dining philosophers
//!
//! Look at: five philosophers, five forks, and who eats needs the two beside
//! him. All take the fork with the lower number first: so there is always one
//! who gets both.
//!
//!     cargo run -p dining-philosophers
//!     cargo run -p dining-philosophers -- --deadlock
//!
//! `--deadlock`: each takes his left fork first, and reaches for the right one
//! when his neighbour has taken that. All wait for each other, for ever
//! (Ctrl-C).

use lesson::sleep;
use multiprocessing::{Lock, Process, Semaphore};

const PHILOSOPHERS: usize = 5;

struct Fork {
    lock: Lock,
    taken: Semaphore,
}

fn philosopher(i: usize, forks: &[Fork], deadlock: bool) -> lesson::Result {
    let (left, right) = (i, (i + 1) % PHILOSOPHERS);
    let (first, second) = match deadlock {
        false => (left.min(right), left.max(right)),
        true => (left, right),
    };
    forks[first].lock.acquire()?;
    println!("哲学家{i} 拿起叉子{first}");
    sleep(1);
    if deadlock {
        forks[first].taken.release()?;
        forks[second].taken.acquire()?;
    }
    forks[second].lock.acquire()?;
    println!("哲学家{i} 拿起叉子{second}");
    println!("哲学家{i} 进餐");
    sleep(1);
    println!("哲学家{i} 放下叉子{second}");
    forks[second].lock.release()?;
    println!("哲学家{i} 放下叉子{first}");
    forks[first].lock.release()?;
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Let each take his left fork first
    #[arg(long)]
    deadlock: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let mut forks = Vec::new();
    for _ in 0..PHILOSOPHERS {
        let (lock, taken) = (Lock::new()?, Semaphore::new(0)?);
        forks.push(Fork { lock, taken });
    }
    let mut processes = Vec::new();
    for i in 0..PHILOSOPHERS {
        let forks = &forks;
        let process =
            Process::new(move || philosopher(i, forks, flags.deadlock));
        process.start()?;
        processes.push(process);
    }
    processes.iter().try_for_each(|process| process.join())?;
    println!("都吃饱了");
    Ok(())
}

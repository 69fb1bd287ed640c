//! greenlet 协程的切换 · Explicit switches between stacks
//!
//! Look at: a switch leaves a function in its middle, and goes on in another
//! one, in its middle. A loop over generators (`--scheduler`) does the same.
//!
//!     cargo run -p greenlet-switch
//!     cargo run -p greenlet-switch -- --coroutine
//!     cargo run -p greenlet-switch -- --scheduler

use std::{collections::VecDeque, fs::read_dir};

use generator::Generator;
use generator::greenlet::Greenlets;
use lesson::python_bool;

fn switch() -> lesson::Result {
    let mut greenlets = Greenlets::new();
    greenlets.add("a", |here, _| {
        println!("a1");
        println!("a2 {}", here.switch("b", "to b")?);
        here.switch("b", "again")
    });
    greenlets.add("b", |here, handed| {
        println!("b1 {handed}");
        println!("b2 {}", here.switch("a", "to a")?);
        Ok("result of b")
    });
    println!("{}", greenlets.switch("a", "")?);
    let [a, b] = ["a", "b"].map(|name| greenlets.is_dead(name));
    println!("{} {}", python_bool(a), python_bool(b));
    Ok(())
}

fn coroutine() -> lesson::Result {
    let mut greenlets = Greenlets::new();
    for (name, other, laps) in [("A", "B", 3), ("B", "A", 2)] {
        greenlets.add(name, move |here, ()| {
            (1..=laps).try_for_each(|lap| {
                println!("{name}{lap}");
                here.switch(other, ())
            })
        });
    }
    greenlets.switch("A", ())?;
    println!("threads {}", read_dir("/proc/self/task")?.count());
    Ok(())
}

fn countdown(n: u32) -> Generator<()> {
    Generator::new(move |co| {
        for left in (1..=n).rev() {
            println!("T-minus {left}");
            co.yield_(())?;
        }
        println!("Blastoff!");
        Ok(())
    })
}

fn scheduler() {
    let up = (0..4).map(|x| println!("Counting up {x}"));
    let up = Generator::expression(up);
    let mut tasks: VecDeque<_> = [countdown(3), countdown(2), up].into();
    while let Some(mut task) = tasks.pop_front() {
        match task.next() {
            Ok(()) => tasks.push_back(task),
            Err(_) => println!("Task done"), // a StopIteration
        }
    }
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Let A and B switch to each other
    #[arg(long, conflicts_with = "scheduler")]
    coroutine: bool,
    /// Let a loop resume generators in turn
    #[arg(long)]
    scheduler: bool,
}

fn main() -> lesson::Result {
    match lesson::begin!(Flags) {
        flags if flags.coroutine => coroutine()?,
        flags if flags.scheduler => scheduler(),
        _ => switch()?,
    }
    Ok(())
}

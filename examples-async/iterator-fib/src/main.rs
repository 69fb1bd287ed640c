//! Iterator 迭代器 · An iterator type, and a for loop over it
//!
//! Look at: an iterator computes a number when it is asked for one, and not
//! before; so it may be endless.
//!
//!     cargo run -p iterator-fib
//!     cargo run -p iterator-fib -- --for
//!     cargo run -p iterator-fib -- --protocol
//!
//! `--for`: nothing is computed too early. `--protocol`: who can do what. Rust
//! knows that by traits, `IntoIterator` and `Iterator`, when it compiles. A
//! tuple cannot be iterated in Rust, an array can.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use generator::Generator;

struct Fib {
    prev: u64,
    curr: u64,
}

impl Fib {
    fn new() -> Self {
        Self { prev: 0, curr: 1 }
    }
}

impl Iterator for Fib {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        (self.curr, self.prev) = (self.prev + self.curr, self.curr);
        Some(self.curr)
    }
}

fn lazy() {
    let computed = Cell::new(0);
    let fib = Fib::new().inspect(|_| computed.update(|count| count + 1));
    println!("computed {}", computed.get());
    for number in fib.take_while(|number| *number <= 55) {
        println!("{number}");
    }
    println!("computed {}", computed.get());
}

fn iterable(name: &str, _: impl IntoIterator) {
    println!("{name} into_iter");
}

fn iterator(name: &str, _: impl Iterator) {
    println!("{name} into_iter next");
}

fn protocol() {
    println!("str chars bytes"); // a str has to be told which of them
    iterable("Vec", vec![1, 2]);
    iterable("BTreeMap", BTreeMap::from([(1, 2)]));
    iterable("array", [1, 2]);
    iterable("VecDeque", VecDeque::from([1, 2]));
    iterator("iterator", Fib::new());
    let _: Generator<u64> = Generator::expression(Fib::new());
    println!("generator items next send throw close state");
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Loop over the iterator, and tell how often it has computed
    #[arg(long, conflicts_with = "protocol")]
    r#for: bool,
    /// Tell which methods each kind of thing has
    #[arg(long)]
    protocol: bool,
}

fn main() {
    match lesson::begin!(Flags) {
        Flags { r#for: true, .. } => lazy(),
        Flags { protocol: true, .. } => protocol(),
        _ => Fib::new().take(10).for_each(|number| println!("{number}")),
    }
}

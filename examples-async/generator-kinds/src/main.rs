//! Generator 如何创建一个生成器 · Two ways to make a generator
//!
//! Look at: a generator is made of an expression, or of a function that yields;
//! either is a `Generator`, which computes nothing yet.
//!
//!     cargo run -p generator-kinds
//!     cargo run -p generator-kinds -- --function
//!     cargo run -p generator-kinds -- --exhaust
//!
//! `--exhaust`: one of an expression raises `StopIteration` by itself. In Rust
//! an iterator serves for an expression: `(0..10).map(|x| x * x)` is as lazy.

use std::any::Any;

use generator::{Error, Generator};
use lesson::python_bool;

fn isinstance<T: Any>(object: &dyn Any) -> bool {
    object.is::<T>()
}

fn expression() {
    let l = Generator::<i32>::expression((0..10).map(|x| x * x));
    println!("{}", python_bool(isinstance::<Generator<i32>>(&l)));
}

fn mygen(n: i32) -> Generator<i32> {
    Generator::new(move |co| {
        let mut now = 0;
        while now < n {
            co.yield_(now)?;
            now += 1;
        }
        Ok(())
    })
}

fn function() {
    let generator = mygen(10);
    println!("{}", python_bool(isinstance::<Generator<i32>>(&generator)));
}

fn exhaust() -> lesson::Result {
    let mut l = Generator::<i32>::expression(0..2);
    loop {
        match l.next() {
            Ok(item) => println!("{item}"),
            Err(Error::StopIteration) => break,
            Err(error) => return Err(error.into()),
        }
    }
    println!("StopIteration: ");
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Make it of a function that yields
    #[arg(long, conflicts_with = "exhaust")]
    function: bool,
    /// Ask one of an expression until it has ended
    #[arg(long)]
    exhaust: bool,
}

fn main() -> lesson::Result {
    match lesson::begin!(Flags) {
        Flags { function: true, .. } => function(),
        Flags { exhaust: true, .. } => exhaust()?,
        _ => expression(),
    }
    Ok(())
}

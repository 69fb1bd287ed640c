//! Exhaustion 生成器的异常处理 · What exhaustion looks like
//!
//! Look at: a generator ends by returning, and `next` tells that by a
//! `StopIteration`. A body never raises it itself.
//!
//!     cargo run -p generator-stop
//!     cargo run -p generator-stop -- --explicit
//!
//! `--explicit`: one that does is wrong since Python 3.7 (PEP 479): who calls
//! `next` gets a `RuntimeError`, and its cause. In Rust an iterator cannot get
//! that wrong: its end is `None`, which is no error.

use std::error::Error as _;

use generator::{Error, Generator};

fn mygen(n: i32, explicit: bool) -> Generator<i32> {
    Generator::new(move |co| {
        let mut now = 0;
        while now < n {
            co.yield_(now)?;
            now += 1;
        }
        if explicit {
            return Err(Error::StopIteration);
        }
        Ok(())
    })
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Raise `StopIteration` at the end of the body
    #[arg(long)]
    explicit: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let mut generator = mygen(2, flags.explicit);
    generator.next()?;
    generator.next()?;
    if let Err(error) = generator.next() {
        match error {
            Error::StopIteration => println!("StopIteration: "), // no message
            _ => println!("{error}"),
        }
        match error.source() {
            None => println!("cause: NoneType"),
            Some(cause) => println!("cause: {cause}"),
        }
    }
    Ok(())
}

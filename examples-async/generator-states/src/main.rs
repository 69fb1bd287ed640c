//! States 生成器的执行状态 · The four states of a generator
//!
//! Look at: a generator waits to begin, runs, waits where it has yielded, and
//! has ended. Only the generator itself can see that it runs, and it needs no
//! thread for that. In Rust the types say so: who runs it has borrowed it.
//!
//!     cargo run -p generator-states
//!     cargo run -p generator-states -- --close-throw
//!
//! `--close-throw`: nothing can be sent to one that waits to begin; what is
//! thrown into a generator, or its end, comes out of `yield_` as an `Err`.

use generator::{Error, Generator};

fn mygen(n: i32) -> Generator<i32> {
    Generator::new(move |co| {
        for now in 0..n {
            println!("inside {}", co.state());
            co.yield_(now)?;
        }
        Ok(())
    })
}

fn states() {
    let mut generator = mygen(2);
    println!("{}", generator.state());
    while let Ok(item) = generator.next() {
        println!("{item}");
        println!("{}", generator.state());
    }
    println!("exhausted");
    println!("{}", generator.state());
}

fn listener() -> Generator<(), i32> {
    Generator::new(|co| {
        loop {
            println!("waiting");
            match co.yield_(()) {
                Ok(Some(value)) => println!("got {value}"),
                Ok(None) => {}
                Err(Error::Raised(error)) => println!("caught {error}"),
                Err(exit) => {
                    println!("cleanup");
                    return Err(exit);
                }
            }
        }
    })
}

fn close_throw() -> lesson::Result {
    let mut generator = listener();
    if let Err(error) = generator.send(7) {
        println!("{error}");
    }
    generator.next()?;
    generator.send(7)?;
    generator.throw("bad")?;
    generator.close()?;
    if let Err(error) = generator.next() {
        println!("{error}");
    }
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Throw an error into a generator, and close it
    #[arg(long)]
    close_throw: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.close_throw {
        return close_throw();
    }
    states();
    Ok(())
}

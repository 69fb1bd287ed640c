//! send 如何运行生成器 · next and send are one
//!
//! Look at: `next` is `send(None)`. What is sent is what the waiting `yield_`
//! returns, so caller and generator talk to each other.
//!
//!     cargo run -p generator-send
//!     cargo run -p generator-send -- --jump
//!
//! `--jump`: the caller sends by how much the generator is to jump. A type
//! tells what can be sent: a `Generator<i32, i32>` yields numbers, and is sent
//! some.

use generator::Generator;

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

fn jumping_range(n: i32) -> Generator<i32, i32> {
    Generator::new(move |co| {
        let mut index = 0;
        while index < n {
            // 通过 send() 发送的信息将赋值给 jump
            let jump = co.yield_(index)?;
            index += jump.unwrap_or(1);
        }
        Ok(())
    })
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Send the generator by how much to jump
    #[arg(long)]
    jump: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    if flags.jump {
        let mut itr = jumping_range(5);
        println!("{}", itr.next()?);
        println!("{}", itr.send(2)?);
        println!("{}", itr.next()?);
        println!("{}", itr.send(-1)?);
        return Ok(());
    }
    let mut generator = mygen(4);
    println!("{}", generator.send(None)?);
    println!("{}", generator.next()?);
    println!("{}", generator.send(None)?);
    println!("{}", generator.next()?);
    Ok(())
}

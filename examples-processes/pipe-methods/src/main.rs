//! Pipe(False) 管道的常用方法 · What the ends of a pipe can do
//!
//! Look at: of a one-way pipe the left end receives and the right end sends.
//! `recv` waits, and fails when nothing can come. Errors have Python's names.
//!
//!     cargo run -p pipe-methods
//!     cargo run -p pipe-methods -- swapped
//!     cargo run -p pipe-methods -- recv-blocks
//!     cargo run -p pipe-methods -- eof

use std::time::Instant;

use lesson::{elapsed, python_bool, seconds, sleep};
use multiprocessing::{Error, Pipe, Process};

fn refused<T>(call: &str, result: &Result<T, Error>) {
    if let Err(Error::WrongDirection { only }) = result {
        println!("{call}: OSError: connection is {only}");
    } else if let Err(Error::Disconnected) = result {
        println!("{call}");
    }
}

fn one_way() -> lesson::Result {
    let (left, right) = Pipe::one_way()?;
    for (name, end) in [("left ", &left), ("right", &right)] {
        let can = [end.readable(), end.writable()].map(python_bool);
        println!("{name} readable {} writable {}", can[0], can[1]);
    }
    right.send("hello world")?;
    println!("{}", left.recv::<String>()?);
    refused("left.send", &left.send(""));
    refused("right.recv", &right.recv::<String>());
    Ok(())
}

fn swapped() -> lesson::Result {
    let (conn1, conn2) = Pipe::one_way()?;
    let p = Process::new(move || refused("child", &conn1.send("")));
    p.start()?;
    p.join()?;
    refused("parent", &conn2.recv::<String>());
    Ok(())
}

fn recv_blocks() -> lesson::Result {
    let (conn1, conn2) = Pipe::duplex()?;
    let p = Process::new(move || -> lesson::Result {
        conn1.recv::<()>()?;
        sleep(1);
        println!("child sends");
        Ok(conn1.send("[1, 'two', {'three': 3}]")?)
    });
    p.start()?;
    println!("poll {}", python_bool(conn2.poll(seconds(0))?));
    println!("poll(0.2) {}", python_bool(conn2.poll(seconds(0.2))?));
    let start = Instant::now();
    conn2.send(&())?; // now the child may send
    println!("{}", conn2.recv::<String>()?);
    println!("blocked about {:.1} s", elapsed(start));
    Ok(())
}

fn eof() -> lesson::Result {
    let (conn1, conn2) = Pipe::duplex()?;
    let p = Process::new(move || conn1.send("last words"));
    p.start()?; // conn1 is closed here, and in the child when it ends
    println!("{}", conn2.recv::<String>()?);
    refused("EOFError", &conn2.recv::<String>());
    refused("BrokenPipeError", &conn2.send("hi son"));
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// What is tried
    #[arg(default_value = "one-way")]
    #[arg(value_parser = ["one-way", "swapped", "recv-blocks", "eof"])]
    case: String,
}

fn main() -> lesson::Result {
    match lesson::begin!(Flags).case.as_str() {
        "swapped" => swapped(),
        "recv-blocks" => recv_blocks(),
        "eof" => eof(),
        _ => one_way(),
    }
}

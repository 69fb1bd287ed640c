//! Queue.put/get 队列的方法 · Put and get, with a limit and without waiting
//!
//! Look at: who may not wait for ever is told that the queue is full or empty.
//! `empty` sees at once what was put; Python's is late, by the feeder thread.
//!
//!     cargo run -p queue-methods
//!     cargo run -p queue-methods -- put-room
//!     cargo run -p queue-methods -- put-nowait
//!     cargo run -p queue-methods -- get-timeout
//!     cargo run -p queue-methods -- get-nowait
//!     cargo run -p queue-methods -- status

use lesson::{seconds, sleep};
use multiprocessing::{Error, Process, Queue, Result};

fn fill(q: &Queue<char>) -> Result<()> {
    q.put('a')?;
    q.put('b')
}

fn put_timeout(q: &Queue<char>) -> Result<()> {
    fill(q)?;
    println!("put(c, timeout=1): {:?}", q.put_timeout('c', seconds(1)));
    Ok(())
}

fn put_room(q: &Queue<char>) -> Result<()> {
    fill(q)?;
    let getter = Process::new(|| {
        sleep(0.5);
        q.get().map(|item| println!("getter got {item}"))
    });
    getter.start()?;
    // However long the limit is, the getter may be slower.
    while let Err(Error::Full) = q.put_timeout('c', seconds(4)) {}
    getter.join()?;
    println!("put returned when there was room");
    Ok(())
}

fn put_nowait(q: &Queue<char>) {
    for item in ['a', 'b', 'c'] {
        println!("put_nowait({item}): {:?}", q.try_put(item));
    }
}

fn get_timeout(q: &Queue<char>) -> Result<()> {
    println!("get(timeout=1): {:?}", q.get_timeout(seconds(1)));
    fill(q)
}

fn get_nowait(q: &Queue<char>) -> Result<()> {
    println!("get_nowait(): {:?}", q.try_get());
    fill(q)
}

fn status(q: &Queue<char>) -> Result<()> {
    for item in ['a', 'b', 'c'] {
        println!("{:?}", (q.empty()?, q.full()?, q.qsize()?));
        let _ = q.try_put(item);
    }
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// What is tried
    #[arg(default_value = "put-timeout", value_parser = [
        "put-timeout", "put-room", "put-nowait", "get-timeout", "get-nowait",
        "status"])]
    case: String,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let q = Queue::bounded(2)?;
    match flags.case.as_str() {
        "put-room" => put_room(&q)?,
        "put-nowait" => put_nowait(&q),
        "get-timeout" => get_timeout(&q)?,
        "get-nowait" => get_nowait(&q)?,
        "status" => status(&q)?,
        _ => put_timeout(&q)?,
    }
    while let Ok(item) = q.try_get() {
        println!("{item}");
    }
    Ok(())
}

//! write/read 写进程与读进程 · A writer, and a reader that is terminated
//!
//! Look at: the reader loops for ever, so the parent cannot join it, and ends
//! it when the writer has ended. What was put last need not have been read by
//! then: `Get C` is likely, not certain.
//!
//!     cargo run -p queue-write-read

use std::process;

use lesson::{random, sleep};
use multiprocessing::{Process, Queue};

fn write(q: &Queue<char>) -> lesson::Result {
    println!("Process to write: {}", process::id());
    for value in ['A', 'B', 'C'] {
        println!("Put {value} to queue...");
        q.put(value)?;
        sleep(random());
    }
    Ok(())
}

fn read(q: &Queue<char>) -> lesson::Result {
    println!("Process to read: {}", process::id());
    loop {
        let value = q.get()?;
        println!("Get {value} from queue.");
    }
}

fn main() -> lesson::Result {
    lesson::begin!();
    let q = Queue::unbounded()?;
    let pw = Process::new(|| write(&q));
    let pr = Process::new(|| read(&q));
    pw.start()?;
    pr.start()?;
    pw.join()?;
    // The queue outlives the reader, wherever that is struck.
    pr.terminate()?;
    Ok(())
}

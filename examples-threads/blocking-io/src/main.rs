//! 阻塞 I/O 阻塞的系统调用 · Blocking calls, one by one and in threads
//!
//! Look at: five calls of 0.1 s take 0.5 s one after the other, and in five
//! threads 0.1 s, for a thread that waits needs no processor. In Python a
//! waiting call leaves the GIL to others; Rust has none.
//!
//!     cargo run -p blocking-io
//!
//! The text waits for a socket that is not connected, and Linux says of that
//! at once that it is ready. Here it is one end of a pair: nobody sends.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Instant;

use lesson::{elapsed, seconds};
use nix::sys::select::{FdSet, pselect};
use nix::sys::time::TimeSpec;

fn slow_systemcall() -> lesson::Result {
    let (socket, _other_end) = UnixStream::pair()?;
    let mut read = FdSet::new();
    read.insert(socket.as_fd());
    let limit = TimeSpec::from_duration(seconds(0.1));
    pselect(None, &mut read, None, None, &limit, None)?;
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    let start = Instant::now();
    for _ in 0..5 {
        slow_systemcall()?;
    }
    println!("Took {:.3} seconds", elapsed(start));

    let start = Instant::now();
    let threads = [(); 5].map(|()| thread::spawn(slow_systemcall));
    for thread in threads {
        thread.join().expect("slow_systemcall does not panic")?;
    }
    println!("Took {:.3} seconds", elapsed(start));
    Ok(())
}

//! start/join start 与 join 的规则 · What start and join allow
//!
//! Look at: what is not allowed is an error, which says what to do; nothing
//! waits for ever, not even a process that joins itself.
//!
//!     cargo run -p process-lifecycle
//!     cargo run -p process-lifecycle -- join-twice
//!     cargo run -p process-lifecycle -- join-self
//!     cargo run -p process-lifecycle -- join-timeout
//!     cargo run -p process-lifecycle -- join-before-start

use std::cell::OnceCell;

use lesson::{python_bool, seconds, sleep};
use multiprocessing::{Child, Process};

fn start_twice() -> lesson::Result {
    let p = Process::new(|| println!("你好 Python"));
    p.start()?;
    p.join()?;
    if let Err(error) = p.start() {
        println!("{error}");
    }
    Ok(())
}

fn join_twice(p: &Process<'_>) -> lesson::Result {
    p.start()?;
    (0..3).try_for_each(|_| p.join())?;
    let exitcode = p.exitcode()?.unwrap_or_default();
    println!("joined 3 times, exitcode {exitcode}");
    Ok(())
}

fn join_self() -> lesson::Result {
    let own = OnceCell::<Child>::new();
    let p = Process::new(|| {
        if let Some(Err(error)) = own.get().map(Child::join) {
            println!("{error}");
        }
    });
    own.get_or_init(|| Child::clone(&p));
    p.start()?;
    Ok(p.join()?)
}

fn join_timeout() -> lesson::Result {
    let p = Process::new(|| {
        sleep(2);
        println!("child ends");
    });
    p.start()?;
    let ended = p.join_timeout(seconds(0.5))?;
    println!("join(0.5) returned {}", python_bool(ended));
    p.join()?;
    let exitcode = p.exitcode()?.unwrap_or_default();
    println!("join() returned, exitcode {exitcode}");
    Ok(())
}

fn join_before_start() -> lesson::Result {
    let p = Process::new(|| println!("你好 Python"));
    if let Err(error) = p.join() {
        println!("{error}");
    }
    join_twice(&p)
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// What is tried
    #[arg(default_value = "start-twice", value_parser = [
        "start-twice", "join-twice", "join-self", "join-timeout",
        "join-before-start"])]
    case: String,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    match flags.case.as_str() {
        "join-twice" => join_twice(&Process::new(|| println!("你好 Python"))),
        "join-self" => join_self(),
        "join-timeout" => join_timeout(),
        "join-before-start" => join_before_start(),
        _ => start_twice(),
    }
}

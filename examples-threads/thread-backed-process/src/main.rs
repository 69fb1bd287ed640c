//! dummy 用线程实现的进程接口 · The interface of processes, backed by threads
//!
//! Look at: what is started and joined like a process is a thread: it has the
//! same process id, and what it appends, the main thread finds in its own list.
//! With `multiprocessing::Process` there would be another pid, and `[1, 2]`.
//! The pool of threads is that of the crate rayon.
//!
//!     cargo run -p thread-backed-process

use std::any::type_name;
use std::process;
use std::sync::{Arc, Mutex};
use std::thread;

use lesson::python_bool;
use multiprocessing::dummy::Process;
use rayon::{ThreadPool as Pool, ThreadPoolBuilder};

fn main() -> lesson::Result {
    lesson::begin!();
    let main_thread = thread::current().id();
    let shared = Arc::new(Mutex::new(vec![1, 2]));
    let list = Arc::clone(&shared);
    let p = Process::new(move || {
        let is_thread = thread::current().id() != main_thread;
        println!("Process is a Thread: {}", python_bool(is_thread));
        list.lock().expect("nobody panics").push(3);
    });
    p.start()?;
    p.join()?;

    let pool: Pool = ThreadPoolBuilder::new().num_threads(2).build()?;
    let name = type_name::<Pool>().rsplit("::").next();
    println!("Pool is {}", name.unwrap_or_default());
    let pid = pool.install(process::id);
    println!("same pid: {}", python_bool(pid == process::id()));
    println!("shared {:?}", shared.lock().expect("nobody panics"));
    Ok(())
}

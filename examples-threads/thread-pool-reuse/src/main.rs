//! 线程池 六个任务, 两个线程 · Six tasks on two threads
//!
//! Look at: a thread that has done its task takes the next one. So six tasks
//! need no more than two threads, no more than two run at a time, and together
//! they take three times as long as one.
//!
//!     cargo run -p thread-pool-reuse

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread::{self, ThreadId};
use std::time::Instant;

use concurrent::futures::ThreadPoolExecutor;
use lesson::{elapsed, sleep};

static THREADS: LazyLock<Mutex<HashSet<ThreadId>>> =
    LazyLock::new(Mutex::default);
static RUNNING: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn task(_: i32) {
    let running = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
    PEAK.fetch_max(running, Ordering::SeqCst);
    let thread = thread::current().id();
    THREADS.lock().expect("nobody panics").insert(thread);
    sleep(0.1);
    RUNNING.fetch_sub(1, Ordering::SeqCst);
}

fn main() -> lesson::Result {
    lesson::begin!();
    let start = Instant::now();
    let pool = ThreadPoolExecutor::new(2)?;
    let done = pool.map(task, 0..6)?.flatten().count();
    println!(
        "{done} tasks, distinct threads {} peak {} about {:.1} s",
        THREADS.lock().expect("nobody panics").len(),
        PEAK.load(Ordering::SeqCst),
        elapsed(start),
    );
    Ok(())
}

//! Running on one processor.

use std::io;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// While it is there, this thread and whomever it starts share one processor:
/// of all tasks only one runs at a time.
#[derive(Debug)]
pub struct Pinned {
    everywhere: CpuSet,
    /// The number of the processor.
    pub processor: usize,
}

impl Pinned {
    /// Pins this thread to the first processor on which it may run.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn here() -> io::Result<Self> {
        let everywhere = sched_getaffinity(ME)?;
        let processors = processors_of(&everywhere);
        let processor = *processors.first().ok_or(io::ErrorKind::NotFound)?;
        keep_to(processor)?;
        Ok(Self {
            everywhere,
            processor,
        })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let _ = sched_setaffinity(ME, &self.everywhere);
    }
}

/// A pool with a thread for each processor on which this one may run, kept
/// there: for work that keeps its processor busy and does not move.
///
/// # Errors
/// If the kernel refuses.
pub fn one_thread_each() -> io::Result<ThreadPool> {
    let processors = processors_of(&sched_getaffinity(ME)?);
    ThreadPoolBuilder::new()
        .num_threads(processors.len())
        .start_handler(move |number| {
            // Where that is refused, it only takes longer.
            let _ = keep_to(processors[number]);
        })
        .build()
        .map_err(io::Error::other)
}

/// Their numbers.
fn processors_of(set: &CpuSet) -> Vec<usize> {
    let all = 0..CpuSet::count();
    all.filter(|&number| set.is_set(number) == Ok(true))
        .collect()
}

fn keep_to(processor: usize) -> nix::Result<()> {
    let mut one = CpuSet::new();
    one.set(processor)?;
    sched_setaffinity(ME, &one)
}

const ME: Pid = Pid::from_raw(0);

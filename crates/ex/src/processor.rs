//! Running on one processor.

use std::io;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

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
        let mut processors = 0..CpuSet::count();
        let processor = processors
            .find(|&processor| everywhere.is_set(processor) == Ok(true))
            .ok_or(io::ErrorKind::NotFound)?;
        let mut one = CpuSet::new();
        one.set(processor)?;
        sched_setaffinity(ME, &one)?;
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

const ME: Pid = Pid::from_raw(0);

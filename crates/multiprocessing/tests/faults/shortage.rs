//! What there is too little of.

#![expect(clippy::unnecessary_wraps, reason = "rows have one type")]

use std::fs::File;
use std::os::fd::AsRawFd;

use multiprocessing::{Array, Lock, Pool, Process, Queue, Result};
use nix::fcntl::posix_fallocate;
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Uid, getuid, setresuid};

use crate::mounts::{self, tmpfs};
use crate::row::{Had, Row, row};

pub(crate) const ROWS: &[Row] = &[
    Row {
        lacks: mounts::lacks,
        ..row!(
            lock_without_memory,
            "/dev/shm is full",
            "`Lock()`",
            "A lock is made, and the file system for shared memory has no room."
        )
    },
    Row {
        lacks: mounts::lacks,
        ..row!(
            array_without_memory,
            "/dev/shm is too small",
            "`Array()`",
            "An array of 2 MiB is made, and there is 1 MiB; CPython \
             takes a file on the disk."
        )
    },
    Row {
        lacks: mounts::lacks,
        ..row!(
            queue_without_memory,
            "/dev/shm is too small",
            "`Queue.put`",
            "An item of 2 MiB is put, and there is 1 MiB; CPython's queue is a \
             pipe with a thread before it."
        )
    },
    row!(
        process_without_processes,
        "no more processes (RLIMIT_NPROC)",
        "`Process.start`",
        "The user may not have another process."
    ),
    row!(
        process_without_descriptors,
        "no more descriptors (RLIMIT_NOFILE)",
        "`Process.start`",
        "The process may not open another descriptor."
    ),
    row!(
        pool_without_descriptors,
        "few descriptors (RLIMIT_NOFILE)",
        "`Pool()`",
        "The process may open eight descriptors, which are too few for a pool \
         of 4."
    ),
];

fn lock_without_memory() -> Result<Had> {
    const SIZE: i64 = 1 << 20;
    tmpfs("/dev/shm", "size=1m");
    let filler = File::create("/dev/shm/filler").expect("it is empty");
    posix_fallocate(filler, 0, SIZE).expect("there is as much");
    Ok(Had::after(|| (), Lock::new))
}

fn array_without_memory() -> Result<Had> {
    tmpfs("/dev/shm", "size=1m");
    Ok(Had::after(|| (), || Array::<u8>::zeroed(2 << 20)))
}

fn queue_without_memory() -> Result<Had> {
    tmpfs("/dev/shm", "size=1m");
    let queue = Queue::unbounded()?;
    Ok(Had::after(|| (), || queue.put("1".repeat(2 << 20))))
}

fn limited(resource: Resource, limit: u64) {
    let (_, hard) = getrlimit(resource).expect("it has a limit");
    setrlimit(resource, limit, hard).expect("it can be lowered");
}

fn process_without_processes() -> Result<Had> {
    if getuid().is_root() {
        // For root the limit does not hold.
        let user = 2_100_000_000 + std::process::id() % 1_000_000;
        let user = Uid::from_raw(user);
        setresuid(user, user, user).expect("root may");
        set_dumpable(true).expect("it is our own memory");
    }
    limited(Resource::RLIMIT_NPROC, 1);
    let child = Process::new(|| ());
    Ok(Had::after(|| (), || child.start()))
}

/// The lowest number that is free.
fn next_descriptor() -> u64 {
    let null = File::open("/dev/null").expect("there is room");
    u64::try_from(null.as_raw_fd()).expect("it is open")
}

fn process_without_descriptors() -> Result<Had> {
    limited(Resource::RLIMIT_NOFILE, next_descriptor());
    let child = Process::new(|| ());
    Ok(Had::after(|| (), || child.start()))
}

fn pool_without_descriptors() -> Result<Had> {
    limited(Resource::RLIMIT_NOFILE, next_descriptor() + 8);
    Ok(Had::after(|| (), || Pool::new(4)))
}

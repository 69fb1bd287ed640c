//! Where a user may have few processes and threads (`RLIMIT_NPROC`).

use std::fs;
use std::os::unix::fs::MetadataExt;

use nix::sys::resource::Resource::RLIMIT_NPROC;
use nix::unistd::getuid;

use crate::harness::{Test, list};
use crate::shortage::with_limit;
use crate::shortage_calls::{STARTING, THREADS};
use crate::support::in_child_of_a_user;

pub(crate) const TESTS: &[Test] =
    list![what_starts_processes_is_made_or_names_the_limit_of_them];

/// How many processes and threads the caller's user has.
fn tasks_of_this_user() -> u64 {
    let entries = fs::read_dir("/proc").expect("it is mounted");
    let tasks = entries.filter_map(|entry| {
        let path = entry.ok()?.path().join("task");
        let ours = fs::metadata(&path).ok()?.uid() == getuid().as_raw();
        ours.then(|| fs::read_dir(path).map_or(0, Iterator::count))
    });
    tasks.sum::<usize>() as u64
}

fn what_starts_processes_is_made_or_names_the_limit_of_them() {
    let exitcode = in_child_of_a_user(|| {
        // The first is the child in which it is tried.
        let base = || tasks_of_this_user().saturating_sub(1);
        let rooms: Vec<_> = (0..30).collect();
        let words = ["RLIMIT_NPROC", "ulimit -u"];
        with_limit(RLIMIT_NPROC, base, &words, &rooms, |scarce| {
            scarce.try_each(STARTING);
            scarce.try_each(THREADS);
        });
    });
    assert_eq!(exitcode, 0);
}

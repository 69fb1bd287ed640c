//! The shared memory under locks, values and queues.

use std::fs;

use multiprocessing::{Array, Lock, Queue};
use nix::sys::signal::{Signal, raise};

use crate::harness::{Test, list};
use crate::procfs::regions_of;
use crate::support::{in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b214_a_name_that_exists_already_is_passed_over,
    b217_no_region_has_a_name,
    a_name_left_by_a_killed_child_is_swept_away,
    a_name_left_by_a_killed_program_is_swept_away,
];

fn b217_no_region_has_a_name() {
    let _lock = Lock::new().expect("a lock");
    let _array = Array::new(0..1000).expect("an array");
    let queue = Queue::unbounded().expect("a queue");
    queue.put(vec![0_u8; 1_000_000]).expect("there is room");
    assert!(regions_of(std::process::id()).is_empty());
}

/// What a process leaves that is killed while a region has its name.
fn leave_a_name() {
    let own = std::process::id();
    fs::write(format!("/dev/shm/multiprocessing-{own}-7"), "x")
        .expect("/dev/shm has room");
}

fn a_name_left_by_a_killed_child_is_swept_away() {
    let child = started(|| {
        leave_a_name();
        raise(Signal::SIGKILL).expect("one may kill oneself");
    });
    let pid = child.pid().expect("open").expect("started");
    assert_eq!(joined(&child), -9);
    assert!(regions_of(pid.unsigned_abs()).is_empty());
}

fn a_name_left_by_a_killed_program_is_swept_away() {
    let child = started(leave_a_name);
    let pid = child.pid().expect("open").expect("started").unsigned_abs();
    assert_eq!(joined(&child), 0);
    let first = in_child(|| {
        let _lock = Lock::new().expect("a lock");
        assert!(regions_of(pid).is_empty());
    });
    assert_eq!(first, 0);
}

fn b214_a_name_that_exists_already_is_passed_over() {
    let own = std::process::id();
    let name = |number| format!("/dev/shm/multiprocessing-{own}-{number}");
    for number in 0..3 {
        fs::write(name(number), "").expect("/dev/shm has room");
    }
    let lock = Lock::new();
    for number in 0..3 {
        fs::remove_file(name(number)).expect("nobody has taken it");
    }
    lock.expect("there are other names");
    assert!(!fs::exists(name(3)).expect("it can be looked for"));
}

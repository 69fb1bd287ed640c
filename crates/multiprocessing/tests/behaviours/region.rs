//! The shared memory under locks, values and queues.

use std::fs;

use multiprocessing::Lock;

use crate::harness::{Test, list};

pub(crate) const TESTS: &[Test] =
    list![b214_a_name_that_exists_already_is_passed_over];

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

//! Threads that are started and joined as processes are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use multiprocessing::Error;
use multiprocessing::dummy::Process;

use crate::harness::{Test, list};

pub(crate) const TESTS: &[Test] = list![
    a_thread_backed_process_shares_memory_and_join_waits_for_it,
    a_thread_backed_process_starts_once_and_is_joined_after_that,
];

fn a_thread_backed_process_shares_memory_and_join_waits_for_it() {
    let done = Arc::new(AtomicBool::new(false));
    let its = Arc::clone(&done);
    let process = Process::new(move || {
        thread::sleep(Duration::from_millis(20));
        its.store(true, Ordering::SeqCst);
    });
    process.start().expect("there is room for a thread");
    process.join().expect("it was started");
    assert!(done.load(Ordering::SeqCst));
}

fn a_thread_backed_process_starts_once_and_is_joined_after_that() {
    let process = Process::new(|| ());
    let early = process.join();
    assert!(matches!(early, Err(Error::NotStarted { .. })), "{early:?}");
    process.start().expect("there is room for a thread");
    for _ in 0..2 {
        let again = process.start();
        let refused = matches!(again, Err(Error::AlreadyStarted { .. }));
        assert!(refused, "{again:?}");
        process.join().expect("it was started");
    }
}

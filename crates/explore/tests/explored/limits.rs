//! Programs that run on and on.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use crate::harness::{Test, list};
use crate::support::{fair, lines, program, run_well};

pub(crate) const TESTS: &[Test] = list![who_computes_is_preempted];
pub(crate) const PROGRAMS: &[Test] = list![waits_by_looking];

fn waits_by_looking() {
    let set = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            println!("other");
            set.store(true, SeqCst);
        });
        while !set.load(SeqCst) {
            std::hint::spin_loop();
        }
    });
    println!("end");
}

fn who_computes_is_preempted() {
    let program = program("waits_by_looking", &[]);
    let preempted = (0..4).map(|seed| {
        let trace = run_well(&program, &fair(seed));
        assert_eq!(lines(&trace), ["other", "end"]);
        trace.preempted
    });
    // In some runs the other is chosen before one looks.
    assert!(preempted.sum::<u64>() > 0);
}

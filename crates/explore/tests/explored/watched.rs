//! A program that is watched as it is, in real time.

use std::time::{Duration, Instant};

use explore::{Ending, Program, Trace, Wait, What, watch};

use crate::harness::{Test, list};
use crate::support::{
    assert_nobody_is_left, command, exited, lines, program, shell, signaled,
};

pub(crate) const TESTS: &[Test] = list![
    the_same_things_are_noted,
    real_time_passes,
    sleeps_until_a_moment_are_noted,
    a_deadlock_lasts_until_the_deadline,
    whoever_is_left_lasts_until_the_deadline,
    a_megabyte_may_be_printed_while_watched,
    a_program_that_is_not_there_cannot_be_watched,
];
pub(crate) const PROGRAMS: &[Test] = list![sleeps_until];

/// More than any of these programs needs.
const LONG: Duration = Duration::from_mins(1);
/// The deadline of those who come to no end.
const SHORT: Duration = Duration::from_millis(300);

#[track_caller]
fn watched(program: &Program, deadline: Duration) -> Trace {
    let trace = watch(program, deadline).expect("it can be watched");
    assert_nobody_is_left(&trace);
    trace
}

fn waits(trace: &Trace, task: usize) -> Vec<Wait> {
    let events = trace.events.iter().filter(|event| event.task == task);
    let waits = events.filter_map(|event| match &event.what {
        What::Waits(wait) => Some(wait.clone()),
        _ => None,
    });
    waits.collect()
}

fn the_same_things_are_noted() {
    let script = "(sleep 0.05; echo child; exit 3); echo main; kill -9 $$";
    let trace = watched(&shell(script), LONG);
    assert_eq!(lines(&trace), ["child", "main"]);
    assert_eq!(trace.ending, signaled(9));
    let is_there = |what: &What| trace.events.iter().any(|it| it.what == *what);
    assert!(is_there(&What::Started(1)));
    assert!(is_there(&What::Joined(1)));
    assert!(is_there(&What::Waits(Wait::Child)));
    let sleep = Wait::Sleep(Duration::from_millis(50));
    assert!(is_there(&What::Waits(sleep)));
    assert!(!is_there(&What::Chosen));
    assert!(trace.events.is_sorted_by_key(|event| event.at));
    assert_eq!(trace.choices, 0);
}

fn real_time_passes() {
    let start = Instant::now();
    let trace = watched(&shell("sleep 0.1; echo end"), LONG);
    assert!(trace.elapsed >= Duration::from_millis(100));
    assert!(trace.elapsed <= start.elapsed());
    let end = trace
        .events
        .iter()
        .find(|it| it.what == What::Printed("end".into()));
    assert!(end.expect("it is printed").at >= Duration::from_millis(100));
}

fn sleeps_until() {
    use rustix::thread::clock_nanosleep_absolute;
    use rustix::time::{ClockId, Timespec, clock_gettime};

    let tenth = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    let moment = clock_gettime(ClockId::Monotonic) + tenth;
    let slept = clock_nanosleep_absolute(ClockId::Monotonic, &moment);
    assert_eq!(slept, Ok(()));
}

fn sleeps_until_a_moment_are_noted() {
    let trace = watched(&program("sleeps_until", &[]), LONG);
    let waits = waits(&trace, 0);
    let slept = waits.iter().find_map(|wait| match wait {
        Wait::Sleep(time) => Some(*time),
        _ => None,
    });
    let slept = slept.expect("it sleeps");
    assert!(slept > Duration::ZERO);
    assert!(slept <= Duration::from_millis(100), "{slept:?}");
}

fn a_deadlock_lasts_until_the_deadline() {
    let trace = watched(&program("opposite_locks", &[]), 4 * SHORT);
    assert_eq!(trace.ending, Ending::TooLong);
    assert!(trace.elapsed >= 4 * SHORT);
    let last = |task| waits(&trace, task).pop();
    assert_eq!(last(0), Some(Wait::Thread(1)));
    assert_eq!(last(1), Some(Wait::Lock));
    assert_eq!(last(2), Some(Wait::Lock));
}

fn whoever_is_left_lasts_until_the_deadline() {
    let scripts = ["sleep 1000 & exit 3", "setsid sleep 1000 & exit 3"];
    for script in scripts {
        let trace = watched(&shell(script), SHORT);
        assert_eq!(trace.ending, Ending::TooLong);
        assert!(trace.elapsed >= SHORT);
    }
    let trace = watched(&shell("sleep 0.1 & exit 3"), LONG);
    assert_eq!(trace.ending, exited(3));
}

fn a_megabyte_may_be_printed_while_watched() {
    let trace = watched(&program("a_megabyte", &[]), LONG);
    assert_eq!(trace.ending, exited(0));
    let lengths: Vec<_> = lines(&trace).iter().map(String::len).collect();
    assert_eq!(lengths, [999_999, 1]);
}

fn a_program_that_is_not_there_cannot_be_watched() {
    let missing = watch(&command(&["/does/not/exist"]), LONG);
    missing.expect_err("it is not there");
}

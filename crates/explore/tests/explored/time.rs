//! Time is virtual: waiting costs nothing, and what is measured is exact.

use std::thread;
use std::time::{Duration, Instant};

use explore::{Program, Schedule, Strategy, Wait, What};

use crate::harness::{Test, list};
use crate::support::{fair, hours, lines, program, run_well, shell};

pub(crate) const TESTS: &[Test] = list![
    every_wait_takes_its_time,
    an_interrupted_sleep_tells_its_rest,
    an_ignored_signal_ends_no_wait,
    a_sleep_of_another_program_costs_nothing,
    a_sleeper_wakes_when_nobody_else_can_go_on,
    with_chaos_a_sleeper_may_wake_among_others,
    sleepers_wake_in_order,
    whoever_looks_at_the_clock_comes_to_an_end,
    whoever_looks_at_the_clock_lets_others_go_on,
    a_sleep_is_noted,
];
pub(crate) const PROGRAMS: &[Test] = list![
    a_sleeper_and_others,
    three_sleepers,
    looks_at_the_clock,
    looks_at_the_clock_for_another,
    an_hour,
];

/// Of a run's end, for what the program looks at the clock besides.
const LOOKS: Duration = Duration::from_millis(1);

/// A program that waits prints whole milliseconds, none of which is lost.
#[track_caller]
fn assert_prints(program: &Program, expected: &[&str]) {
    let start = Instant::now();
    let trace = run_well(program, &fair(1));
    assert_eq!(lines(&trace), expected);
    // Nobody has really waited.
    assert!(start.elapsed() < Duration::from_mins(10));
}

fn every_wait_takes_its_time() {
    let expected = [
        "sleep 3600000",
        "system time 3600000",
        "condvar 3600000",
        "recv_timeout 3600000",
        "park_timeout 3600000",
        "poll 3600000",
        "ppoll 3600000",
        "select 3600000",
        "pselect 3600000",
        "epoll 3600000",
        "futex for a time 3600000",
        "futex until a moment 3600000",
        "sleep until a moment 3600000",
        "a moment in the past 0",
        "a child 3600000",
        "a thread 3600000",
    ];
    assert_prints(&program("all_waits", &[]), &expected);
}

fn an_interrupted_sleep_tells_its_rest() {
    let expected = ["rest 2400000", "slept 1200000"];
    assert_prints(&program("an_interrupted_sleep", &[]), &expected);
}

fn an_ignored_signal_ends_no_wait() {
    let expected = [
        "sleep 3600000",
        "poll 3600000",
        "select 3600000",
        "epoll 3600000",
        "futex 3600000",
        "epoll without a limit 7200000",
    ];
    assert_prints(&program("ignored_signals", &[]), &expected);
}

fn a_sleep_of_another_program_costs_nothing() {
    let trace = run_well(&shell("sleep 7200; date +%T"), &fair(1));
    // The date is that of the start of all runs: 22:13:20.
    assert_eq!(lines(&trace), ["00:13:20"]);
    assert!(trace.elapsed >= hours(2), "{:?}", trace.elapsed);
    assert!(trace.elapsed < hours(2) + LOOKS, "{:?}", trace.elapsed);
}

fn a_sleeper_and_others() {
    thread::scope(|scope| {
        scope.spawn(|| {
            let start = Instant::now();
            thread::sleep(Duration::from_millis(1));
            let slept = start.elapsed();
            assert!(slept >= Duration::from_millis(1), "{slept:?} only");
            println!("awake");
        });
        scope.spawn(|| {
            for number in 0..20 {
                println!("{number}");
            }
        });
    });
}

/// How many lines come after that of the sleeper.
fn after_the_sleeper(schedule: &Schedule) -> usize {
    let program = program("a_sleeper_and_others", &[]);
    let lines = lines(&run_well(&program, schedule));
    let place = lines.iter().position(|line| line == "awake");
    lines.len() - 1 - place.expect("it wakes")
}

fn a_sleeper_wakes_when_nobody_else_can_go_on() {
    for seed in 0..30 {
        let chaos = false;
        let schedule = Schedule::mixed(seed);
        let schedule = Schedule { chaos, ..schedule };
        assert_eq!(after_the_sleeper(&schedule), 0, "{schedule:?}");
    }
}

fn with_chaos_a_sleeper_may_wake_among_others() {
    let chaotic = (0..60).map(Schedule::mixed).filter(|it| it.chaos);
    let early = chaotic.filter(|it| after_the_sleeper(it) > 0).count();
    assert!(early > 3, "in {early} of 30 runs");
}

fn three_sleepers() {
    thread::scope(|scope| {
        for hours in [3, 1, 2] {
            scope.spawn(move || {
                thread::sleep(Duration::from_secs(hours * 3600));
                println!("{hours}");
            });
        }
    });
}

fn sleepers_wake_in_order() {
    for seed in 0..10 {
        let trace = run_well(&program("three_sleepers", &[]), &fair(seed));
        assert_eq!(lines(&trace), ["1", "2", "3"]);
        assert!(trace.elapsed < hours(3) + LOOKS, "{:?}", trace.elapsed);
    }
}

fn looks_at_the_clock() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(10) {}
    println!("it has passed");
}

fn whoever_looks_at_the_clock_comes_to_an_end() {
    let trace = run_well(&program("looks_at_the_clock", &[]), &fair(1));
    assert_eq!(lines(&trace), ["it has passed"]);
}

fn looks_at_the_clock_for_another() {
    thread::scope(|scope| {
        let other = scope.spawn(|| thread::sleep(hours(1)));
        while !other.is_finished() {
            let _ = Instant::now();
        }
    });
    println!("the other has ended");
}

fn whoever_looks_at_the_clock_lets_others_go_on() {
    let program = program("looks_at_the_clock_for_another", &[]);
    for strategy in [Strategy::Random, Strategy::Sticky, Strategy::Priorities] {
        let schedule = Schedule {
            strategy,
            ..fair(1)
        };
        let trace = run_well(&program, &schedule);
        assert_eq!(lines(&trace), ["the other has ended"]);
    }
}

fn an_hour() {
    thread::sleep(hours(1));
}

fn a_sleep_is_noted() {
    let trace = run_well(&program("an_hour", &[]), &fair(1));
    let sleeps = What::Waits(Wait::Sleep(hours(1)));
    let place = trace.events.iter().position(|it| it.what == sleeps);
    let [sleeps, after @ ..] = &trace.events[place.expect("it sleeps")..]
    else {
        unreachable!("it has just been found")
    };
    let wakes = after.iter().find(|it| it.task == sleeps.task);
    let wakes = wakes.map(|it| (it.at.saturating_sub(sleeps.at), &it.what));
    assert_eq!(wakes, Some((hours(1), &What::Woke)));
}

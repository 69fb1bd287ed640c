//! Threads, signals and random numbers around a fork.

use std::collections::HashSet;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use multiprocessing::{Error, Process, active_children, current_process};
use nix::sys::signal::{SigHandler, Signal, kill};
use nix::unistd::Pid;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::support::{
    in_child, joined, on_signal, seed, sleep_for_ever, started, stderr_of,
    tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    a_start_beside_another_thread_is_refused_with_advice,
    a_start_from_another_thread_is_refused,
    a_start_after_a_joined_thread_works,
    a_child_may_have_threads,
    two_children_draw_different_random_numbers,
    fifty_children_draw_different_random_numbers,
    signals_do_not_disturb_starts_and_joins,
    an_ignored_sigchld_is_an_error_and_no_hang,
    children_killed_at_any_moment_are_told_as_killed,
];

fn a_start_beside_another_thread_is_refused_with_advice() {
    let child = Process::new(|| 5).with_name("Otto");
    let (end, wait) = mpsc::channel::<()>();
    let other = thread::spawn(move || wait.recv());
    let refused = child.start().expect_err("there is another thread");
    let Error::MultiThreaded { name, others } = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!((name.as_str(), *others), ("Otto", 1));
    let text = refused.to_string();
    assert!(text.contains("start processes first"), "{text}");

    drop(end);
    let ended = other.join().expect("it does not panic");
    assert!(ended.is_err(), "nothing was sent");
    child.start().expect("the thread has ended");
    assert_eq!(joined(&child), 5);
}

fn a_start_from_another_thread_is_refused() {
    thread::scope(|scope| {
        let start = || Process::new(|| ()).start();
        let refused = scope.spawn(start).join().expect("it does not panic");
        assert!(matches!(refused, Err(Error::MultiThreaded { .. })));
    });
}

fn a_start_after_a_joined_thread_works() {
    for _ in 0..200 {
        let threads = [(); 3].map(|()| thread::spawn(|| ()));
        for thread in threads {
            thread.join().expect("it does not panic");
        }
        assert_eq!(in_child(|| ()), 0);
    }
}

fn a_child_may_have_threads() {
    let exitcode = in_child(|| {
        let (end, wait) = mpsc::channel::<()>();
        let sum: i32 = thread::scope(|scope| {
            let threads = [1, 2, 3].map(|n| scope.spawn(move || n));
            threads
                .map(|thread| thread.join().unwrap_or(0))
                .iter()
                .sum()
        });
        // A thread that goes on does not keep the process.
        thread::spawn(move || wait.recv());
        std::mem::forget(end);
        sum
    });
    assert_eq!(exitcode, 6);
}

/// The parent draws first, so that the children inherit its generator.
fn draw_different_numbers(count: usize) {
    let mut numbers = HashSet::from([rand::random::<u64>()]);
    let names: Vec<_> = (0..count).map(|n| format!("number {n}")).collect();
    let draw = |name| move || tell(name, rand::random::<u64>());
    let children: Vec<_> =
        names.iter().map(|name| started(draw(name))).collect();
    assert!(children.iter().all(|child| joined(child) == 0));
    numbers.extend(names.iter().map(|name| told::<u64>(name)));
    numbers.insert(rand::random());
    assert_eq!(numbers.len(), count + 2);
}

fn two_children_draw_different_random_numbers() {
    draw_different_numbers(2);
}

fn fifty_children_draw_different_random_numbers() {
    draw_different_numbers(50);
}

extern "C" fn do_nothing(_signal: i32) {}

fn signals_do_not_disturb_starts_and_joins() {
    on_signal(Signal::SIGUSR1, SigHandler::Handler(do_nothing));
    let parent = Pid::from_raw(current_process().pid());
    let pest = started(|| {
        loop {
            kill(parent, Signal::SIGUSR1).expect("the parent is there");
            thread::sleep(Duration::from_micros(50));
        }
    });
    for code in 0..200 {
        assert_eq!(in_child(|| code), code);
    }
    let limit = Duration::from_millis(50);
    let start = Instant::now();
    assert_eq!(pest.join_timeout(limit).ok(), Some(false));
    assert!(start.elapsed() >= limit);
    pest.kill().expect("it can be killed");
    assert_eq!(joined(&pest), -9);
}

fn an_ignored_sigchld_is_an_error_and_no_hang() {
    let early = started(|| sleep_for_ever());
    on_signal(Signal::SIGCHLD, SigHandler::SigIgn);
    let late = Process::new(|| ());
    early.kill().expect("it can be killed");
    for refused in [early.join(), late.start()] {
        let refused = refused.expect_err("the system throws the code away");
        assert!(refused.to_string().contains("SIGCHLD"), "{refused}");
    }
    assert!(active_children().is_empty());

    on_signal(Signal::SIGCHLD, SigHandler::SigDfl);
    late.start().expect("nothing was used up");
    assert_eq!(joined(&late), 0);
}

fn children_killed_at_any_moment_are_told_as_killed() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..300 {
        let (text, exitcode) = stderr_of(|| {
            let child = started(|| sleep_for_ever());
            for _ in 0..random.random_range(0..30_000) {
                std::hint::spin_loop();
            }
            child.kill().expect("it can be killed");
            assert_eq!(joined(&child), -9);
        });
        assert_eq!((text.as_str(), exitcode), ("", 0));
    }
}

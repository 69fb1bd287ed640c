//! Programs with a mistake each, and how soon it is found.

use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use explore::{Schedule, Trace};
use multiprocessing::{Lock, Process, Queue, RawValue, Value};

use crate::harness::{Test, list};
use crate::support::{exited, lines, program, run};

pub(crate) const TESTS: &[Test] = list![every_mistake_is_found];
pub(crate) const TABLES: &[Test] = list![how_soon_mistakes_are_found];
pub(crate) const PROGRAMS: &[Test] = list![
    order_by_luck,
    order_by_sleep,
    processes_in_order_by_sleep,
    lost_wakeup,
    opposite_order,
    opposite_order_of_processes,
    not_atomic,
    not_atomic_between_processes,
    not_atomic_in_a_file,
    end_before_the_last_item,
];

/// The program, and what it prints unless it makes its mistake.
const MISTAKES: &[(&str, &[&str])] = &[
    ("order_by_luck", &["0", "1", "2"]),
    ("order_by_sleep", &["work", "result"]),
    ("processes_in_order_by_sleep", &["work", "result"]),
    ("lost_wakeup", &["woken"]),
    ("opposite_order", &["well"]),
    ("opposite_order_of_processes", &["well"]),
    ("not_atomic", &["2"]),
    ("not_atomic_between_processes", &["2"]),
    ("not_atomic_in_a_file", &["2"]),
    ("end_before_the_last_item", &["3"]),
];

/// Every mistake is to be found in so many runs, wherever one begins.
const BOUND: u64 = 100;
const TRIES: u64 = 5;

fn is_well(trace: &Trace, expected: &[&str]) -> bool {
    trace.ending == exited(0) && lines(trace) == expected
}

/// In which run the mistake is found for the first time.
fn found(name: &str, expected: &[&str], first: u64) -> Option<u64> {
    let program = program(name, &[]);
    let is_bad = |number: &u64| {
        let schedule = Schedule::mixed(first + number - 1);
        !is_well(&run(&program, &schedule), expected)
    };
    (1..=BOUND).find(is_bad)
}

fn every_mistake_is_found() {
    for (name, expected) in MISTAKES {
        for first in (0..TRIES).map(|number| number * 1000) {
            assert_ne!(found(name, expected, first), None, "{name} {first}");
        }
    }
}

fn how_soon_mistakes_are_found() {
    for (name, expected) in MISTAKES {
        let tries = (0..TRIES).map(|number| 7 + number * 10_000);
        let mut tries: Vec<_> = tries
            .map(|first| found(name, expected, first).unwrap_or(BOUND + 1))
            .collect();
        tries.sort_unstable();
        println!("{name:30} {tries:?}");
    }
}

fn order_by_luck() {
    thread::scope(|scope| {
        for number in 0..3 {
            scope.spawn(move || println!("{number}"));
        }
    });
}

fn order_by_sleep() {
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(10));
            println!("work");
        });
        // Instead of a join.
        thread::sleep(Duration::from_millis(100));
        println!("result");
    });
}

fn processes_in_order_by_sleep() {
    let child = Process::new(|| println!("work"));
    child.start().expect("it can be started");
    thread::sleep(Duration::from_secs(1));
    println!("result");
    child.join().expect("it ends");
}

/// The worker looks for work, finds none, and goes to sleep a moment later.
fn lost_wakeup() {
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let worker = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (items, changed) = &*shared;
            let is_empty = *items.lock().expect("nobody panics") == 0;
            thread::yield_now();
            if is_empty {
                let items = items.lock().expect("nobody panics");
                drop(changed.wait(items));
            }
            println!("woken");
        })
    };
    thread::yield_now();
    *shared.0.lock().expect("nobody panics") = 1;
    shared.1.notify_one();
    worker.join().expect("it does not panic");
}

fn opposite_order() {
    let locks = [Mutex::new(()), Mutex::new(())];
    let work = |first: usize, second: usize| {
        let _first = locks[first].lock();
        thread::yield_now();
        let _second = locks[second].lock();
    };
    thread::scope(|scope| {
        scope.spawn(|| work(0, 1));
        scope.spawn(|| work(1, 0));
    });
    println!("well");
}

fn opposite_order_of_processes() {
    let make = || Lock::new().expect("there is room");
    let locks = [make(), make()];
    let work = |first: usize, second: usize| -> multiprocessing::Result<()> {
        let _first = locks[first].guard()?;
        let _second = locks[second].guard()?;
        Ok(())
    };
    let children =
        [(0, 1), (1, 0)].map(|(one, two)| Process::new(move || work(one, two)));
    for child in &children {
        child.start().expect("it can be started");
    }
    for child in &children {
        child.join().expect("it ends");
    }
    println!("well");
}

fn not_atomic() {
    let sum = AtomicU32::new(0);
    let add = || {
        let before = sum.load(SeqCst);
        thread::yield_now();
        sum.store(before + 1, SeqCst);
    };
    thread::scope(|scope| {
        scope.spawn(add);
        scope.spawn(add);
    });
    println!("{}", sum.into_inner());
}

fn not_atomic_between_processes() {
    let sum = Value::new(0).expect("there is room");
    let add = || -> multiprocessing::Result<()> { sum.set(sum.get()? + 1) };
    let children = [(); 2].map(|()| Process::new(add));
    for child in &children {
        child.start().expect("it can be started");
    }
    for child in &children {
        child.join().expect("it ends");
    }
    println!("{}", sum.get().expect("nobody has died with it"));
}

fn not_atomic_in_a_file() {
    let script = "f=$(mktemp); echo 0 > $f
        (read x < $f; echo $((x + 1)) > $f) & (read x < $f; echo $((x + 1)) > $f)
        wait; cat $f; rm $f";
    let output = Command::new("sh").args(["-c", script]).output();
    let output = output.expect("it can be started").stdout;
    std::io::stdout()
        .write_all(&output)
        .expect("somebody reads");
}

/// Tells the end by a flag, and not through the queue.
fn end_before_the_last_item() {
    let queue = Queue::bounded(1).expect("there is room");
    let end = RawValue::new(0_u8).expect("there is room");
    let consumer = Process::new(|| {
        let mut count = 0;
        while end.get() == 0 {
            let second = Duration::from_secs(1);
            count += u32::from(queue.get_timeout(second).is_ok());
        }
        println!("{count}");
    });
    consumer.start().expect("it can be started");
    for number in 0..3 {
        queue.put(number).expect("somebody gets");
    }
    end.set(1);
    consumer.join().expect("it ends");
}

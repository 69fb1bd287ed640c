//! The same schedule gives the same run.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use explore::{Program, Schedule, Trace};
use multiprocessing::{Lock, Pipe, Process, Queue, Semaphore, Value};

use crate::harness::{Test, list};
use crate::support::{lines, program, run, without_pids};

pub(crate) const TESTS: &[Test] = list![
    pipes_are_repeated,
    shared_objects_are_repeated,
    threads_are_repeated,
    a_killed_child_is_repeated,
    timeouts_are_repeated,
    tokio_in_one_thread_is_repeated,
    tokio_in_threads_is_repeated,
    seeds_differ,
];
pub(crate) const PROGRAMS: &[Test] = list![
    pipes,
    shared_objects,
    threads,
    a_killed_child,
    timeouts,
    tokio_in_one_thread,
    tokio_in_threads,
];

/// Runs each of some schedules several times, 100 times in all.
#[track_caller]
pub(crate) fn assert_repeated(program: &Program) {
    for seed in 0..20 {
        let schedule = Schedule::mixed(seed);
        let first = without_pids(run(program, &schedule));
        assert_eq!(first.stderr, "");
        assert_eq!(first.preempted, 0);
        for _ in 0..4 {
            let again = without_pids(run(program, &schedule));
            assert_same(&first, &again, &schedule);
        }
    }
}

#[track_caller]
fn assert_same(first: &Trace, again: &Trace, schedule: &Schedule) {
    let pairs = first.events.iter().zip(&again.events);
    for (place, (one, other)) in pairs.enumerate() {
        assert_eq!(one, other, "event {place} of {schedule:?}");
    }
    assert_eq!(first, again, "{schedule:?}");
}

fn pipes_are_repeated() {
    assert_repeated(&program("pipes", &[]));
}

fn pipes() {
    let (ours, theirs) = Pipe::duplex().expect("there is room");
    let echo = Process::new(|| -> multiprocessing::Result<()> {
        while let Ok(number) = theirs.recv::<u32>() {
            println!("child {number}");
            theirs.send(&(number + 1))?;
            if number > 4 {
                break;
            }
        }
        Ok(())
    });
    echo.start().expect("it can be started");
    for number in 1..=5 {
        ours.send(&number).expect("the child reads");
        println!("sent {number}");
        let answer: u32 = ours.recv().expect("the child answers");
        println!("got {answer}");
    }
    echo.join().expect("it ends");
}

fn shared_objects_are_repeated() {
    assert_repeated(&program("shared_objects", &[]));
}

fn shared_objects() {
    let free = Semaphore::new(2).expect("there is room");
    let lock = Lock::new().expect("there is room");
    let sum = Value::new(0_i32).expect("there is room");
    let queue = Queue::bounded(1).expect("there is room");
    let work = |number: i32| -> multiprocessing::Result<()> {
        free.acquire()?;
        let guard = lock.guard()?;
        sum.set(sum.get()? + number)?;
        drop(guard);
        free.release()?;
        queue.put(number)
    };
    let children: Vec<_> = (0..3)
        .map(|number| Process::new(move || work(number)))
        .collect();
    for child in &children {
        child.start().expect("it can be started");
    }
    for _ in &children {
        println!("got {}", queue.get().expect("somebody puts"));
    }
    for child in &children {
        child.join().expect("it ends");
    }
    println!("sum {}", sum.get().expect("nobody has died with it"));
}

fn threads_are_repeated() {
    assert_repeated(&program("threads", &[]));
}

fn threads() {
    let shared = (Mutex::new(0), Condvar::new());
    thread::scope(|scope| {
        for number in 0..3 {
            let (turn, changed) = &shared;
            scope.spawn(move || {
                let turn = turn.lock().expect("nobody panics");
                println!("{number} has come");
                let mut turn = changed
                    .wait_while(turn, |turn| *turn != number)
                    .expect("nobody panics");
                println!("it is the turn of {number}");
                *turn += 1;
                changed.notify_all();
            });
        }
    });
}

fn a_killed_child_is_repeated() {
    assert_repeated(&program("a_killed_child", &[]));
}

fn a_killed_child() {
    let (reader, writer) = Pipe::one_way().expect("there is room");
    let child = Process::new(|| -> multiprocessing::Result<()> {
        for number in 0_u32.. {
            println!("child {number}");
            writer.send(&number)?;
            if number == 3 {
                thread::sleep(Duration::from_secs(1));
            }
        }
        Ok(())
    });
    child.start().expect("it can be started");
    for _ in 0..5 {
        let number: u32 = reader.recv().expect("the child sends");
        println!("got {number}");
    }
    child.kill().expect("it can be killed");
    child.join().expect("it has ended");
    println!("{:?}", child.exitcode());
}

fn timeouts_are_repeated() {
    assert_repeated(&program("timeouts", &[]));
}

fn timeouts() {
    let (sender, receiver) = mpsc::channel();
    let start = Instant::now();
    thread::scope(|scope| {
        for number in 0..3 {
            let sender = sender.clone();
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(700 * number));
                sender.send(number)
            });
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(Duration::from_millis(300)) {
                Ok(number) => println!("{number} {:?}", start.elapsed()),
                Err(mpsc::RecvTimeoutError::Timeout) => println!("nobody"),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
}

fn tokio_in_one_thread_is_repeated() {
    assert_repeated(&program("tokio_in_one_thread", &[]));
}

fn tokio_in_one_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("there is room").block_on(ping_pong());
}

fn tokio_in_threads_is_repeated() {
    assert_repeated(&program("tokio_in_threads", &[]));
}

fn tokio_in_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build();
    runtime.expect("there is room").block_on(ping_pong());
}

async fn ping_pong() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let done = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for number in 0..3_u64 {
        let sender = sender.clone();
        let done = Arc::clone(&done);
        tasks.push(tokio::spawn(async move {
            for turn in 0..2 {
                tokio::time::sleep(Duration::from_secs(number + 1)).await;
                let sent = sender.send((number, turn)).await;
                sent.expect("somebody receives");
            }
            done.store(true, SeqCst);
        }));
    }
    drop(sender);
    while let Some((number, turn)) = receiver.recv().await {
        println!("{number} {turn}");
    }
    for task in tasks {
        task.await.expect("nobody panics");
    }
    println!("{}", done.load(SeqCst));
}

fn seeds_differ() {
    let mut outputs: Vec<_> = (0..20)
        .map(|seed| {
            let schedule = Schedule::mixed(seed);
            lines(&run(&program("shared_objects", &[]), &schedule))
        })
        .collect();
    outputs.sort();
    outputs.dedup();
    assert!(outputs.len() > 3, "{outputs:?}");
}

//! Master-Worker 主进程与工作进程 · A master and two workers
//!
//! Look at: which worker takes which task is open. Workers are processes, each
//! with a pid of its own, or threads, which all have the master's.
//!
//!     cargo run -p master-worker
//!     cargo run -p master-worker -- --threads
//!     cargo run -p master-worker -- --mixed

use std::{collections::BTreeSet, process, thread};

use multiprocessing::{Process, Queue};

type Queues = (Queue<Option<i32>>, Queue<(i32, i32, String, u32)>);

fn worker(name: &str, (tasks, results): &Queues) -> lesson::Result {
    while let Some(task) = tasks.get()? {
        results.put((task, task * task, name.into(), process::id()))?;
    }
    Ok(())
}

fn master((tasks, results): &Queues) -> lesson::Result {
    let mut handed_out = (0..6).map(Some).chain([None, None]);
    handed_out.try_for_each(|task| tasks.put(task))?;
    let sorted: Result<BTreeSet<_>, _> =
        (0..6).map(|_| results.get()).collect();
    for (task, result, name, pid) in sorted? {
        println!("task {task} -> {result} by {name} ({pid})");
    }
    Ok(())
}

fn processes(queues: &Queues) -> lesson::Result {
    let w1 = Process::new(|| worker("Worker1", queues));
    let w2 = Process::new(|| worker("Worker2", queues));
    w1.start()?;
    w2.start()?;
    master(queues)?;
    println!("Master done");
    Ok(())
}

fn threads(queues: &Queues) -> lesson::Result {
    thread::scope(|scope| {
        scope.spawn(|| worker("Worker1", queues));
        scope.spawn(|| worker("Worker2", queues));
        master(queues)?;
        println!("Master done ({})", process::id());
        Ok(())
    })
}

fn two_threads(name: &str) {
    let id = process::id();
    thread::scope(|scope| {
        scope.spawn(|| println!("process {id} thread {name}-T1"));
        scope.spawn(|| println!("process {id} thread {name}-T2"));
    });
    println!("process {id} done");
}

fn mixed() -> lesson::Result {
    let processes = ["P1", "P2"].map(|p| Process::new(move || two_threads(p)));
    processes.iter().try_for_each(Process::start)?;
    processes.iter().try_for_each(|p| p.join())?;
    println!("all done");
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Use threads instead of processes
    #[arg(long)]
    threads: bool,
    /// Start two processes of two threads each
    #[arg(long, conflicts_with = "threads")]
    mixed: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    let queues = (Queue::unbounded()?, Queue::unbounded()?);
    match flags {
        Flags { threads: true, .. } => threads(&queues),
        Flags { mixed: true, .. } => mixed(),
        _ => processes(&queues),
    }
}

//! What a sleeper costs in memory.

use std::error::Error;
use std::fs;

use multiprocessing::{Process, Semaphore};

use crate::item::{
    Cost, Item, Place, Target, Unit, Who, floor, ours, peer, python,
};
use crate::raw::Child;

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "memory-child",
        what: "a sleeping child: its share of memory (PSS)",
        unit: Unit::Bytes,
        place: Place::Anywhere,
        target: Target::AtMost(80.0 * 1024.0),
        sides: &[
            ours("Process", child),
            python("memory_child"),
            floor("fork", forked),
        ],
    },
    Item {
        name: "memory-task",
        what: "a sleeping task of asyncio",
        unit: Unit::Bytes,
        place: Place::Anywhere,
        target: Target::Times(1.05, Who::Peer),
        sides: &[
            ours("tokio, as in the examples", task),
            python("memory_task"),
            peer("tokio", task),
        ],
    },
];

/// What `pid` has of the memory, its part of what it shares.
fn share(pid: u32) -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let number = line.ok_or("no Pss")?.trim().trim_end_matches(" kB");
    Ok(number.parse::<u64>()? * 1024)
}

const CHILDREN: usize = 16;

/// What each of many children adds to the memory of all.
fn each(pids: &[u32]) -> Cost {
    let shares = pids.iter().map(|pid| share(*pid));
    let shares: Vec<_> = shares.collect::<Result<_, _>>()?;
    Ok(shares.iter().sum::<u64>() as f64 / shares.len() as f64)
}

fn child() -> Cost {
    let (ready, end) = (Semaphore::new(0)?, Semaphore::new(0)?);
    let sleep = || {
        ready.release()?;
        end.acquire()
    };
    let children: Vec<_> = (0..CHILDREN).map(|_| Process::new(sleep)).collect();
    let mut pids = Vec::new();
    for child in &children {
        child.start()?;
        ready.acquire()?;
        pids.push(child.pid()?.unwrap_or_default().cast_unsigned());
    }
    let cost = each(&pids);
    children.iter().try_for_each(|_| end.release())?;
    children.iter().try_for_each(|child| child.join())?;
    cost
}

fn forked() -> Cost {
    let children: Vec<_> = (0..CHILDREN)
        .map(|_| {
            Child::new(|| {
                nix::unistd::pause();
            })
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(50));
    let pids: Vec<_> = children.iter().map(Child::pid).collect();
    let cost = each(&pids);
    super::pipe::end_children();
    cost
}

fn task() -> Cost {
    const TASKS: u32 = 100_000;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let before = resident()?;
        let sleep = || tokio::time::sleep(std::time::Duration::from_secs(100));
        let tasks = (0..TASKS).map(|_| {
            tokio::spawn(async move {
                sleep().await;
            })
        });
        let _tasks: Vec<_> = tasks.collect();
        // Each begins.
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        let after = resident()?;
        Ok((after - before) as f64 / f64::from(TASKS))
    })
}

fn resident() -> Result<u64, Box<dyn Error>> {
    share(std::process::id())
}

//! How costs grow: with the number of parties, and with the size of messages.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use multiprocessing::{Manager, Process, Semaphore};

use crate::chart;
use crate::item::{Cost, Who, nanoseconds};
use crate::items;
use crate::rounds::median;

const PARTIES: &[usize] = &[1, 2, 4, 8, 16];
const SIZES: &[usize] =
    &[8, 64, 512, 4 << 10, 32 << 10, 256 << 10, 2 << 20, 16 << 20];

struct Curve {
    name: &'static str,
    title: &'static str,
    x_label: &'static str,
    points: &'static [usize],
    run: fn(usize) -> Cost,
}

const CURVES: &[Curve] = &[
    Curve {
        name: "processes",
        title: "so many processes, started and joined: a process",
        x_label: "processes",
        points: PARTIES,
        run: processes,
    },
    Curve {
        name: "queue-parties",
        title: "Queue, so many producers, one consumer: an item",
        x_label: "producers",
        points: PARTIES,
        run: |parties| items::queue::stream(parties as u64, 1, 7_u64),
    },
    Curve {
        name: "pool-parties",
        title: "Pool.map, chunks of one: a task",
        x_label: "workers",
        points: PARTIES,
        run: items::pool::map_one_of,
    },
    Curve {
        name: "manager-parties",
        title: "Manager, so many clients: a call",
        x_label: "clients",
        points: PARTIES,
        run: clients,
    },
    Curve {
        name: "pipe-sizes",
        title: "Pipe, round trip",
        x_label: "bytes",
        points: SIZES,
        run: items::pipe::ours_of,
    },
    Curve {
        name: "queue-sizes",
        title: "Queue, 1 and 1: an item",
        x_label: "bytes",
        points: SIZES,
        run: |size| items::queue::stream(1, 1, "7".repeat(size)),
    },
    Curve {
        name: "manager-sizes",
        title: "Manager, set of a dict",
        x_label: "bytes",
        points: SIZES,
        run: manager_size,
    },
];

/// Measures all curves, ours beside CPython's, and draws them into `folder`.
pub(crate) fn measure(
    rounds: usize,
    folder: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    for curve in CURVES {
        println!("\n{} ({})", curve.title, curve.x_label);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for &x in curve.points {
            let (mut here, mut there) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                here.extend(apart(&mut ours_of(curve, x)?)?);
                there.extend(apart(&mut python_of(curve, x))?);
            }
            let (here, there) = (median(&here), median(&there));
            let text = |it: Option<f64>| {
                it.map_or("absent".into(), |it| format!("{it:.0} ns"))
            };
            println!("{x:>9}: {} | {}", text(here), text(there));
            ours.extend(here.map(|y| (x as f64, y)));
            theirs.extend(there.map(|y| (x as f64, y)));
        }
        if let Some(folder) = folder {
            fs::create_dir_all(folder)?;
            let sides = [(Who::Ours, ours), (Who::CPython, theirs)];
            let sides: Vec<_> =
                sides.into_iter().filter(|(_, it)| !it.is_empty()).collect();
            let path = folder.join(format!("{}.svg", curve.name));
            chart::curves(&path, curve.title, curve.x_label, &sides)?;
        }
    }
    Ok(())
}

/// The cost at one point, in this process.
pub(crate) fn run_point(curve: &str, x: usize) -> Cost {
    let curve = CURVES.iter().find(|it| it.name == curve);
    (curve.ok_or("no such curve")?.run)(x)
}

fn ours_of(curve: &Curve, x: usize) -> Result<Command, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--point", curve.name, &x.to_string()]);
    Ok(command)
}

fn python_of(curve: &Curve, x: usize) -> Command {
    let mut command = crate::rounds::python();
    command.args([&curve.name.replace('-', "_"), &x.to_string()]);
    command
}

/// What a process of its own tells; none if it cannot.
fn apart(command: &mut Command) -> Result<Option<f64>, Box<dyn Error>> {
    let Ok(output) = command.output() else {
        return Ok(None);
    };
    let text = String::from_utf8(output.stdout)?;
    Ok(text.trim().parse().ok())
}

fn processes(parties: usize) -> Cost {
    let one = nanoseconds(|count| {
        let start = Instant::now();
        for _ in 0..count {
            let children: Vec<_> =
                (0..parties).map(|_| Process::new(|| ())).collect();
            children.iter().try_for_each(Process::start)?;
            children.iter().try_for_each(|child| child.join())?;
        }
        Ok(start.elapsed())
    });
    Ok(one? / parties as f64)
}

fn clients(parties: usize) -> Cost {
    let manager = Manager::new()?;
    let dict = manager.dict::<u32, u32>()?;
    nanoseconds(|count| {
        let (ready, go) = (Semaphore::new(0)?, Semaphore::new(0)?);
        let each = count.div_ceil(parties as u64);
        let work = || {
            dict.set(7, 49)?;
            ready.release()?;
            go.acquire()?;
            (0..each).try_for_each(|_| dict.get(&7).map(drop))
        };
        let children: Vec<_> =
            (0..parties).map(|_| Process::new(work)).collect();
        children.iter().try_for_each(Process::start)?;
        children.iter().try_for_each(|_| ready.acquire())?;
        let start = Instant::now();
        children.iter().try_for_each(|_| go.release())?;
        children.iter().try_for_each(|child| child.join())?;
        let took = start.elapsed().mul_f64(count as f64);
        Ok(took.div_f64((each * parties as u64) as f64))
    })
}

fn manager_size(size: usize) -> Cost {
    let manager = Manager::new()?;
    let dict = manager.dict::<u32, String>()?;
    let item = "7".repeat(size);
    nanoseconds(|count| {
        let mut took = Duration::ZERO;
        for _ in 0..count {
            // Who sets an item has it already.
            let item = item.clone();
            let start = Instant::now();
            dict.set(7, item)?;
            took += start.elapsed();
        }
        Ok(took)
    })
}

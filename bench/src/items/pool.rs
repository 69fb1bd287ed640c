//! Tasks for a pool of two workers.

use std::error::Error;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use multiprocessing::Pool;
use rayon::prelude::*;

use crate::item::{
    Cost, Item, Place, Target, Unit, floor, nanoseconds,
    nanoseconds_after_pauses, nanoseconds_each, ours, peer, python,
};
use crate::raw::doorbell::Doorbell;
use crate::raw::ring::Several;
use crate::raw::{Child, shared};

const TASKS: u32 = 100_000;

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "pool-map",
        what: "Pool.map of 100,000 trivial tasks, default chunks: a task",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(5.0),
        sides: &[
            ours("Pool", map),
            python("pool_map"),
            peer("rayon", rayon_map),
            floor("8 chunks, shared counter", raw_map),
        ],
    },
    Item {
        name: "pool-map-1",
        what: "Pool.map with chunksize=1: a task",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(300.0),
        sides: &[
            ours("Pool", map_one),
            python("pool_map_1"),
            peer("procspawn", spawn_map),
            floor("lock-free rings", raw_map_one),
        ],
    },
    Item {
        name: "pool-apply",
        what: "Pool.apply, one after the other",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(1_000.0),
        sides: &[
            ours("Pool", apply),
            python("pool_apply"),
            peer("procspawn", spawn_apply),
            floor("shared line", raw_apply),
        ],
    },
    Item {
        name: "pool-apply-one-cpu",
        what: "Pool.apply, on one CPU",
        unit: Unit::Nanoseconds,
        place: Place::OneProcessor,
        target: Target::AtMost(4_000.0),
        sides: &[
            ours("Pool", apply),
            python("pool_apply"),
            floor("futex", asleep),
        ],
    },
    Item {
        name: "pool-apply-asleep",
        what: "Pool.apply, after a pause of 2 ms",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.3, crate::item::Who::Floor),
        sides: &[
            ours("Pool", apply_asleep),
            python("pool_apply_asleep"),
            floor("futex", asleep_with_pauses),
        ],
    },
];

fn square(n: u32) -> u32 {
    n.wrapping_mul(n)
}

fn per_task(mut all: impl FnMut() -> Result<(), Box<dyn Error>>) -> Cost {
    all()?;
    let cost = nanoseconds(|count| {
        let start = Instant::now();
        (0..count).try_for_each(|_| all())?;
        Ok(start.elapsed())
    });
    Ok(cost? / f64::from(TASKS))
}

fn map() -> Cost {
    let pool = Pool::new(2)?;
    per_task(|| Ok(pool.map(square, 0..TASKS).map(drop)?))
}

/// The cost of a task of a map in chunks of one.
pub(crate) fn map_one_of(workers: usize) -> Cost {
    let pool = Pool::new(workers)?;
    per_task(|| Ok(pool.map_in_chunks(square, 0..TASKS, 1).map(drop)?))
}

fn map_one() -> Cost {
    map_one_of(2)
}

fn apply() -> Cost {
    let pool = Pool::new(2)?;
    nanoseconds_each(|| pool.apply(square, 7).map(drop))
}

fn apply_asleep() -> Cost {
    let pool = Pool::new(2)?;
    nanoseconds_after_pauses(|| Ok(pool.apply(square, 7).map(drop)?))
}

fn rayon_map() -> Cost {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    per_task(|| {
        let map = || (0..TASKS).into_par_iter().map(square).collect();
        let results: Vec<_> = pool.install(map);
        std::hint::black_box(results);
        Ok(())
    })
}

fn spawn_map() -> Cost {
    let pool = procspawn::Pool::new(2)?;
    nanoseconds(|count| {
        let start = Instant::now();
        let tasks = (0..count).map(|_| pool.spawn(7_u32, square));
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            task.join()?;
        }
        Ok(start.elapsed())
    })
}

fn spawn_apply() -> Cost {
    let pool = procspawn::Pool::new(2)?;
    nanoseconds_each(|| pool.spawn(7_u32, square).join().map(drop))
}

fn raw_map() -> Cost {
    let taken = shared::<AtomicU32>();
    let line = shared::<Doorbell>();
    let mut turn = 0;
    let chunk = TASKS / 8;
    let squares = multiprocessing::RawArray::<u32>::zeroed(100_000)?;
    let work = || loop {
        let begin = taken.fetch_add(chunk, Relaxed);
        if begin >= TASKS {
            return;
        }
        let results: Vec<_> = (begin..begin + chunk).map(square).collect();
        let put = squares.set_slice(begin.try_into().unwrap_or(0), &results);
        put.expect("in range");
    };
    let cost = nanoseconds(|count| {
        let (first, end) = (turn + 1, turn + u32::try_from(count)?);
        turn = end;
        let child = Child::new(|| {
            (first..=end).for_each(|n| line.answer_with(n, work));
        });
        let start = Instant::now();
        for number in first..=end {
            taken.store(0, Relaxed);
            line.ask_while(number, work);
            drop(squares.slice(..)?);
        }
        let took = start.elapsed();
        child.wait();
        Ok(took)
    });
    Ok(cost? / f64::from(TASKS))
}

fn raw_map_one() -> Cost {
    let (tasks, results) = (shared::<Several>(), shared::<Several>());
    nanoseconds(|count| {
        let each = count.div_ceil(2);
        let work = || {
            for _ in 0..each {
                results.put(tasks.get().wrapping_mul(7));
            }
        };
        let start = Instant::now();
        let children = [(); 2].map(|()| Child::new(work));
        let mut got = 0;
        for put in 0..each * 2 {
            tasks.put(put);
            // So many that both always have some, and neither ring is full.
            if put > got + 256 {
                results.get();
                got += 1;
            }
        }
        for _ in got..each * 2 {
            results.get();
        }
        let took = start.elapsed();
        children.into_iter().for_each(Child::wait);
        Ok(took)
    })
}

fn raw_apply() -> Cost {
    let line = shared::<Doorbell>();
    trips(line, true)
}

fn asleep() -> Cost {
    let line = shared::<Doorbell>();
    trips(line, false)
}

fn trips(line: &Doorbell, looks: bool) -> Cost {
    let mut last = 0;
    nanoseconds(|count| {
        let (first, end) = (last + 1, last + u32::try_from(count)?);
        last = end;
        let child =
            Child::new(|| (first..=end).for_each(|n| line.answer(n, looks)));
        line.ask(first, false);
        let start = Instant::now();
        (first + 1..=end).for_each(|n| line.ask(n, looks));
        let took = start.elapsed();
        child.wait();
        Ok(took)
    })
}

fn asleep_with_pauses() -> Cost {
    let line = shared::<Doorbell>();
    let child = Child::new(|| (1..=100).for_each(|n| line.answer(n, false)));
    let mut last = 0;
    let cost = nanoseconds_after_pauses(|| {
        last += 1;
        line.ask(last, false);
        Ok(())
    });
    child.wait();
    cost
}

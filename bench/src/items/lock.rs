//! Locks and semaphores.

use std::convert::Infallible;
use std::error::Error;
use std::time::Instant;

use multiprocessing::{Lock, Process, Semaphore};

use crate::item::{
    Cost, Item, Place, Target, Unit, Who, floor, nanoseconds, nanoseconds_each,
    ours, peer, python,
};
use crate::raw::{self, Child, shared};

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "lock-alone",
        what: "Lock acquire + release, alone",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.2, Who::Floor),
        sides: &[
            ours("Lock", lock),
            python("lock_alone"),
            peer("std::sync::Mutex", std_mutex),
            floor("robust mutex", robust_mutex),
        ],
    },
    Item {
        name: "lock-two",
        what: "Lock acquire + release, 2 processes",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.2, Who::Floor),
        sides: &[
            ours("Lock", two_locks),
            python("lock_two"),
            floor("robust mutex", two_robust_mutexes),
        ],
    },
    Item {
        name: "semaphore-alone",
        what: "Semaphore acquire + release, alone",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.3, Who::Floor),
        sides: &[
            ours("Semaphore", semaphore),
            python("semaphore_alone"),
            floor("futex", raw_semaphore),
        ],
    },
    Item {
        name: "semaphore-two",
        what: "Semaphore acquire + release, 2 processes",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.3, Who::Floor),
        sides: &[
            ours("Semaphore", two_semaphores),
            python("semaphore_two"),
            floor("futex", two_raw_semaphores),
        ],
    },
];

/// The cost of an operation that two processes do at once: wall time by the
/// operations of both.
pub(super) fn both(
    operation: impl Fn() -> multiprocessing::Result<()>,
) -> Cost {
    let (ready, go) = (Semaphore::new(0)?, Semaphore::new(0)?);
    nanoseconds(|count| {
        let each = count.div_ceil(2);
        let work = || {
            ready.release()?;
            go.acquire()?;
            (0..each).try_for_each(|_| operation())
        };
        let children = [Process::new(work), Process::new(work)];
        children.iter().try_for_each(Process::start)?;
        (0..2).try_for_each(|_| ready.acquire())?;
        let start = Instant::now();
        (0..2).try_for_each(|_| go.release())?;
        children.iter().try_for_each(|child| child.join())?;
        Ok(start.elapsed())
    })
}

/// As [`both`], of what nothing stands under.
pub(super) fn both_raw(operation: impl Fn()) -> Cost {
    nanoseconds(|count| -> Result<_, Box<dyn Error>> {
        let each = count.div_ceil(2);
        let start = Instant::now();
        let children = [(); 2]
            .map(|()| Child::new(|| (0..each).for_each(|_| operation())));
        children.into_iter().for_each(Child::wait);
        Ok(start.elapsed())
    })
}

pub(super) fn alone(operation: impl Fn()) -> Cost {
    nanoseconds_each(|| {
        operation();
        Ok::<_, Infallible>(())
    })
}

fn lock() -> Cost {
    let lock = Lock::new()?;
    nanoseconds_each(|| {
        lock.acquire()?;
        lock.release()
    })
}

fn two_locks() -> Cost {
    let lock = Lock::new()?;
    both(|| {
        lock.acquire()?;
        lock.release()
    })
}

fn std_mutex() -> Cost {
    let mutex = std::sync::Mutex::new(());
    alone(|| drop(std::hint::black_box(&mutex).lock()))
}

fn robust_mutex() -> Cost {
    let mutex = shared::<raw::mutex::Mutex>();
    mutex.init(true);
    alone(|| mutex.pass())
}

fn two_robust_mutexes() -> Cost {
    let mutex = shared::<raw::mutex::Mutex>();
    mutex.init(true);
    both_raw(|| mutex.pass())
}

fn semaphore() -> Cost {
    let semaphore = Semaphore::new(1)?;
    nanoseconds_each(|| {
        semaphore.acquire()?;
        semaphore.release()
    })
}

fn two_semaphores() -> Cost {
    let semaphore = Semaphore::new(1)?;
    both(|| {
        semaphore.acquire()?;
        semaphore.release()
    })
}

fn raw_semaphore() -> Cost {
    let semaphore = shared::<raw::mutex::Semaphore>();
    semaphore.release();
    alone(|| {
        semaphore.acquire();
        semaphore.release();
    })
}

fn two_raw_semaphores() -> Cost {
    let semaphore = shared::<raw::mutex::Semaphore>();
    semaphore.release();
    both_raw(|| {
        semaphore.acquire();
        semaphore.release();
    })
}

//! Starts and joins.

use std::convert::Infallible;
use std::thread;

use multiprocessing::Process;

use crate::item::{
    Cost, Item, Place, Target, Unit, Who, floor, nanoseconds_each, ours, peer,
    python,
};
use crate::raw;

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "process-start",
        what: "process start + join, empty",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.15, Who::Floor),
        sides: &[
            ours("Process", process),
            python("process_start"),
            peer("procspawn", spawned),
            floor("fork + _exit + wait", forked),
        ],
    },
    Item {
        name: "thread-start",
        what: "thread start + join, empty",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.05, Who::Peer),
        sides: &[
            ours("dummy::Process", dummy),
            python("thread_start"),
            peer("std", std_thread),
            floor("pthread, 16 KiB of stack", small_thread),
        ],
    },
];

fn process() -> Cost {
    nanoseconds_each(|| {
        let child = Process::new(|| ());
        child.start()?;
        child.join()
    })
}

fn spawned() -> Cost {
    nanoseconds_each(|| procspawn::spawn((), |()| ()).join())
}

fn forked() -> Cost {
    nanoseconds_each(|| {
        raw::Child::new(|| ()).wait();
        Ok::<_, Infallible>(())
    })
}

fn dummy() -> Cost {
    nanoseconds_each(|| {
        let thread = multiprocessing::dummy::Process::new(|| ());
        thread.start()?;
        thread.join()
    })
}

fn std_thread() -> Cost {
    nanoseconds_each(|| {
        thread::spawn(|| ()).join().expect("it does not panic");
        Ok::<_, Infallible>(())
    })
}

fn small_thread() -> Cost {
    nanoseconds_each(|| {
        let thread = thread::Builder::new().stack_size(16 * 1024);
        let thread = thread.spawn(|| ())?;
        thread.join().expect("it does not panic");
        Ok::<_, std::io::Error>(())
    })
}

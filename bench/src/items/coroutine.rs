//! Switches between tasks of one thread.

use std::error::Error;
use std::time::{Duration, Instant};

use generator::Generator;
use generator::gevent::Hub;

use crate::item::{
    Cost, Item, Place, Target, Unit, Who, floor, nanoseconds, nanoseconds_each,
    ours, peer, python,
};
use crate::raw::coroutine::Counter;

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "asyncio-switch",
        what: "asyncio: 100,000 tasks × 5 sleep(0): a switch",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.05, Who::Peer),
        sides: &[
            ours("tokio, as in the examples", tokio),
            python("asyncio_switch"),
            peer("tokio", tokio),
        ],
    },
    Item {
        name: "gevent-switch",
        what: "gevent: 3 greenlets × 500,000 sleep(0): a switch",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(10.0),
        sides: &[
            ours("generator::gevent", gevent),
            python("gevent_switch"),
            peer("corosensei", suspend),
        ],
    },
    Item {
        name: "generator-next",
        what: "next of a generator",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(2.5),
        sides: &[
            ours("Generator", next),
            python("generator_next"),
            floor("corosensei", suspend),
        ],
    },
    Item {
        name: "generator-send",
        what: "send to a generator",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(2.5),
        sides: &[
            ours("Generator", send),
            python("generator_send"),
            floor("corosensei", suspend),
        ],
    },
];

const TASKS: u32 = 100_000;
const SWITCHES: u32 = 5;

fn tokio() -> Cost {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let start = Instant::now();
    runtime.block_on(async {
        let tasks = (0..TASKS).map(|_| {
            tokio::spawn(async {
                for _ in 0..SWITCHES {
                    tokio::task::yield_now().await;
                }
            })
        });
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            task.await.expect("it does not panic");
        }
    });
    let took = start.elapsed().as_nanos() as f64;
    Ok(took / f64::from(TASKS * SWITCHES))
}

fn gevent() -> Cost {
    const EACH: u32 = 500_000;
    let mut hub = Hub::new();
    for name in ["a", "b", "c"] {
        hub.spawn(name, |here| {
            (0..EACH).try_for_each(|_| here.sleep(Duration::ZERO))
        });
    }
    let start = Instant::now();
    hub.run();
    let took = start.elapsed().as_nanos() as f64;
    Ok(took / f64::from(3 * EACH))
}

/// A generator may end; the measurement ends before.
fn endless<S: 'static>() -> Generator<u64, S> {
    Generator::new(|co| {
        let mut n = 0;
        loop {
            co.yield_(n)?;
            n += 1;
        }
    })
}

fn next() -> Cost {
    let mut numbers = endless::<()>();
    each(|| Ok(numbers.next().map(|_| ())?))
}

fn send() -> Cost {
    let mut numbers = endless::<u64>();
    numbers.next()?;
    each(|| Ok(numbers.send(7).map(|_| ())?))
}

fn each(mut operation: impl FnMut() -> Result<(), Box<dyn Error>>) -> Cost {
    nanoseconds(|count| {
        let start = Instant::now();
        for _ in 0..count {
            operation()?;
        }
        Ok(start.elapsed())
    })
}

fn suspend() -> Cost {
    let mut counter = Counter::new();
    nanoseconds_each(|| {
        std::hint::black_box(counter.next(7));
        Ok::<_, std::convert::Infallible>(())
    })
}

//! What is measured: an item, its sides, and what it is to reach.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

/// What a measurement returns: the cost of one operation, in the unit of its
/// item.
pub(crate) type Cost = Result<f64, Box<dyn Error>>;

/// One way to do the same thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(crate) enum Who {
    Ours,
    CPython,
    Peer,
    Floor,
}

impl Who {
    pub(crate) const ALL: [Self; 4] =
        [Self::Ours, Self::CPython, Self::Peer, Self::Floor];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::CPython => "CPython",
            Self::Peer => "peer",
            Self::Floor => "floor",
        }
    }
}

/// A side of an item.
pub(crate) struct Side {
    pub(crate) who: Who,
    /// What does it: `ipc-channel`, `socketpair`.
    pub(crate) by: &'static str,
    pub(crate) run: Run,
}

/// How a side is run.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// A function of this program.
    Here(fn() -> Cost),
    /// A function of `python/sides.py`.
    Python(&'static str),
}

/// On which processors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Anywhere,
    /// All processes on one.
    OneProcessor,
}

/// What ours is to reach.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// At most so many times what this side takes.
    Times(f64, Who),
    /// At most so much, in the item's unit.
    AtMost(f64),
    /// At least so much, in the item's unit.
    AtLeast(f64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    /// So many times as fast as with one.
    Speedup,
    Bytes,
}

pub(crate) struct Item {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    pub(crate) place: Place,
    pub(crate) target: Target,
    pub(crate) sides: &'static [Side],
}

pub(crate) const fn ours(by: &'static str, run: fn() -> Cost) -> Side {
    here(Who::Ours, by, run)
}

pub(crate) const fn peer(by: &'static str, run: fn() -> Cost) -> Side {
    here(Who::Peer, by, run)
}

pub(crate) const fn floor(by: &'static str, run: fn() -> Cost) -> Side {
    here(Who::Floor, by, run)
}

const fn here(who: Who, by: &'static str, run: fn() -> Cost) -> Side {
    Side {
        who,
        by,
        run: Run::Here(run),
    }
}

pub(crate) const fn python(function: &'static str) -> Side {
    Side {
        who: Who::CPython,
        by: "CPython",
        run: Run::Python(function),
    }
}

/// How long a measurement runs at least.
const LONG_ENOUGH: Duration = Duration::from_millis(80);

/// The nanoseconds of one operation, from runs of more and more of them, until
/// a run takes long enough; `run` measures itself, without its preparations.
pub(crate) fn nanoseconds(
    mut run: impl FnMut(u64) -> Result<Duration, Box<dyn Error>>,
) -> Cost {
    let mut count = 1;
    loop {
        let took = run(count)?;
        if took >= LONG_ENOUGH {
            return Ok(took.as_nanos() as f64 / count as f64);
        }
        let wanted = LONG_ENOUGH.as_nanos() * 12 / 10;
        let factor = wanted / took.as_nanos().max(1) + 1;
        count *= u64::try_from(factor.min(20))?;
    }
}

/// As [`nanoseconds`], of an operation that needs no preparation.
pub(crate) fn nanoseconds_each<E: Error + 'static>(
    mut operation: impl FnMut() -> Result<(), E>,
) -> Cost {
    nanoseconds(|count| {
        let start = Instant::now();
        for _ in 0..count {
            operation()?;
        }
        Ok(start.elapsed())
    })
}

/// Long enough for the other side to fall asleep.
const PAUSE: Duration = Duration::from_millis(2);

/// The median of single operations in nanoseconds, each after a pause.
pub(crate) fn nanoseconds_after_pauses(
    mut operation: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Cost {
    let mut all = Vec::new();
    for _ in 0..100 {
        thread::sleep(PAUSE);
        let start = Instant::now();
        operation()?;
        all.push(start.elapsed());
    }
    all.sort_unstable();
    Ok(all[all.len() / 2].as_nanos() as f64)
}

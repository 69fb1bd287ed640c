//! Time limits of system calls. The kernel gets the calls without them, since
//! it knows nothing of the virtual clock.

use std::time::Duration;

use crate::engine::calls::Call;
use crate::engine::sys::memory::read_word;

const NANOSECONDS: u64 = 1_000_000_000;

/// A time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// It does not wait at all.
    Now,
    /// After this time.
    After(Duration),
    /// At this moment on a clock of the kernel.
    At(libc::clockid_t, Duration),
    /// There is none.
    Never,
}

/// The argument in which a call has its time limit, and of which kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Milliseconds; negative: for ever.
    Milliseconds(usize),
    /// The address of seconds and nanoseconds; null: for ever.
    Time(usize),
    /// The address of seconds and microseconds; null: for ever.
    Timeval(usize),
    /// The address of a moment on a clock; null: for ever.
    Moment(usize, libc::clockid_t),
}

impl Place {
    pub(crate) fn read(self, call: &Call) -> Limit {
        // What the kernel will refuse is no limit of ours.
        let word = |address| {
            let word = read_word(call.task, address)?;
            (word <= i64::MAX.cast_unsigned()).then_some(word)
        };
        let time = |place: usize, scale: u64| {
            let address = call.arguments[place];
            let seconds = Duration::from_secs(word(address)?);
            let rest = word(address + 8)?.checked_mul(scale)?;
            (scale > 1 || rest < NANOSECONDS)
                .then(|| seconds.saturating_add(Duration::from_nanos(rest)))
        };
        let after = |time: Option<Duration>| match time {
            None => Limit::Never,
            Some(Duration::ZERO) => Limit::Now,
            Some(time) => Limit::After(time),
        };
        match self {
            Self::Milliseconds(place) => {
                let limit = u64::try_from(call.int(place)).ok();
                after(limit.map(Duration::from_millis))
            }
            Self::Time(place) => after(time(place, 1)),
            Self::Timeval(place) => after(time(place, 1000)),
            Self::Moment(place, clock) => match time(place, 1) {
                None => Limit::Never,
                Some(moment) => Limit::At(clock, moment),
            },
        }
    }

    /// The argument, and what it must be for no limit.
    pub(crate) fn without(self) -> (usize, u64) {
        match self {
            Self::Milliseconds(place) => (place, u64::MAX),
            Self::Time(place)
            | Self::Timeval(place)
            | Self::Moment(place, _) => (place, 0),
        }
    }
}

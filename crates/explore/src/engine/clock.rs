//! The virtual clock.

use std::time::Duration;

use crate::engine::limit::Limit;

/// What the clocks of the kernel say when a run begins: 2023-11-14 22:13:20.
const DATE: Duration = Duration::from_secs(1_700_000_000);
/// So long the machine has been up then.
const UPTIME: Duration = Duration::from_secs(100_000);
/// To look at the clock takes a little, so that whoever waits for a time by
/// looking again and again comes to an end.
const LOOK: Duration = Duration::from_micros(1);

/// Time that passes only when nothing else can happen.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// Since the start of the run.
    now: Duration,
}

impl Clock {
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// What a clock of the kernel says.
    pub(crate) fn look(&mut self, clock: libc::clockid_t) -> Duration {
        self.now += LOOK;
        self.now + offset(clock)
    }

    /// The moment since the start of the run at which a limit passes.
    pub(crate) fn deadline(&self, limit: Limit) -> Option<Duration> {
        match limit {
            Limit::Never => None,
            Limit::Now => Some(self.now),
            Limit::After(time) => Some(self.now.saturating_add(time)),
            Limit::At(clock, moment) => {
                Some(moment.saturating_sub(offset(clock)))
            }
        }
    }

    /// Lets time pass until then, if it has not.
    pub(crate) fn reach(&mut self, moment: Duration) {
        self.now = self.now.max(moment);
    }
}

fn offset(clock: libc::clockid_t) -> Duration {
    match clock {
        libc::CLOCK_REALTIME
        | libc::CLOCK_REALTIME_COARSE
        | libc::CLOCK_TAI => DATE,
        libc::CLOCK_MONOTONIC
        | libc::CLOCK_MONOTONIC_COARSE
        | libc::CLOCK_MONOTONIC_RAW
        | libc::CLOCK_BOOTTIME => UPTIME,
        // Clocks of processes and threads: they use what time there is.
        _ => Duration::ZERO,
    }
}

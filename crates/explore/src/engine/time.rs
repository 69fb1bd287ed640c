//! What depends on the run, and not on the program: time, random numbers, and
//! which processors there are.

use std::io;
use std::time::{Duration, Instant};

use nix::sched::CpuSet;
use nix::time::ClockId;
use nix::unistd::Pid;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::engine::calls::Call;
use crate::engine::clock::Clock;
use crate::engine::limit::Limit;
use crate::engine::sys::memory;
use crate::engine::sys::registers::Registers;

/// Where time and chance come from.
pub(crate) enum Time {
    /// From the kernel, since this moment.
    Real(Instant),
    /// From the explorer.
    Virtual(World),
}

/// What the explorer makes a program believe.
pub(crate) struct World {
    clock: Clock,
    chance: Xoshiro256PlusPlus,
    /// The mask of the processors that the program may use: not of the one to
    /// which the explorer confines it.
    processors: Vec<u8>,
}

impl Time {
    pub(crate) fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    /// Since the start of the run.
    pub(crate) fn now(&self) -> Duration {
        match self {
            Self::Real(start) => start.elapsed(),
            Self::Virtual(world) => world.clock.now(),
        }
    }

    /// Lets time pass until then. What passes in real time passes by itself.
    pub(crate) fn reach(&mut self, moment: Duration) {
        if let Self::Virtual(world) = self {
            world.clock.reach(moment);
        }
    }

    pub(crate) fn deadline(&self, limit: Limit) -> Option<Duration> {
        match self {
            // The kernel looks after it.
            Self::Real(_) => None,
            Self::Virtual(world) => world.clock.deadline(limit),
        }
    }

    /// How long it takes until a limit passes, which it does at `deadline` if
    /// time is virtual.
    pub(crate) fn left(&self, limit: Limit, deadline: Duration) -> Duration {
        match (self, limit) {
            (Self::Virtual(_), _) => deadline.saturating_sub(self.now()),
            (Self::Real(_), Limit::After(time)) => time,
            (Self::Real(_), Limit::At(clock, moment)) => {
                let now = ClockId::from_raw(clock).now().map(Duration::from);
                moment.saturating_sub(now.unwrap_or(moment))
            }
            (Self::Real(_), Limit::Now | Limit::Never) => Duration::ZERO,
        }
    }

    /// The result of a call that the kernel shall not make.
    pub(crate) fn answer(&mut self, call: &Call) -> Option<i64> {
        match self {
            Self::Real(_) => None,
            Self::Virtual(world) => world.answer(call),
        }
    }

    /// Prepares a program that has just been loaded.
    pub(crate) fn prepare(&mut self, task: Pid) -> io::Result<()> {
        match self {
            Self::Real(_) => Ok(()),
            Self::Virtual(world) => world.prepare(task),
        }
    }
}

impl World {
    pub(crate) fn new(seed: u64, processors: &CpuSet) -> Self {
        let mut mask = vec![0_u8; CpuSet::count() / 8];
        for processor in 0..CpuSet::count() {
            if processors.is_set(processor) == Ok(true) {
                mask[processor / 8] |= 1 << (processor % 8);
            }
        }
        Self {
            clock: Clock::default(),
            chance: Xoshiro256PlusPlus::seed_from_u64(seed),
            processors: mask,
        }
    }

    fn answer(&mut self, call: &Call) -> Option<i64> {
        let task = call.task;
        let [first, second, third, ..] = call.arguments;
        let written = match call.number {
            libc::SYS_clock_gettime => {
                let time = self.clock.look(call.int(0));
                memory::write_time(task, second, time)
            }
            libc::SYS_gettimeofday => {
                let time = self.clock.look(libc::CLOCK_REALTIME);
                memory::write_pair(
                    task,
                    first,
                    time.as_secs(),
                    time.subsec_micros().into(),
                )
            }
            libc::SYS_time => {
                let time = self.clock.look(libc::CLOCK_REALTIME).as_secs();
                memory::write(task, first, &time.to_ne_bytes());
                return i64::try_from(time).ok();
            }
            libc::SYS_getrandom => {
                /// More than anybody asks for at once.
                const MOST: u64 = 1 << 16;

                let count = second.min(MOST);
                let mut bytes = vec![0; usize::try_from(count).ok()?];
                self.chance.fill_bytes(&mut bytes);
                return match memory::write(task, first, &bytes) {
                    true => i64::try_from(count).ok(),
                    false => Some(-i64::from(libc::EFAULT)),
                };
            }
            libc::SYS_sched_getaffinity => {
                let room = usize::try_from(second).ok()?;
                let count = room.min(self.processors.len());
                let mask = &self.processors[..count];
                return match memory::write(task, third, mask) {
                    true => i64::try_from(count).ok(),
                    false => Some(-i64::from(libc::EFAULT)),
                };
            }
            _ => return None,
        };
        Some(if written { 0 } else { -i64::from(libc::EFAULT) })
    }

    /// Hides from a program the clock that it could read without a call, and
    /// gives it the random bytes that it gets at its start.
    fn prepare(&mut self, task: Pid) -> io::Result<()> {
        let mut at = Registers::of(task)?.stack();
        let mut next = || {
            at += 8;
            memory::read_word(task, at)
        };
        // The stack: how many arguments, the arguments, null, the environment,
        // null, and then pairs of a kind and a value.
        for _ in 0..2 {
            while next().is_some_and(|word| word != 0) {}
        }
        at += 8;
        while let Some(kind) = memory::read_word(task, at)
            && kind != libc::AT_NULL
        {
            match kind {
                libc::AT_SYSINFO_EHDR => {
                    let ignore = libc::AT_IGNORE.to_ne_bytes();
                    memory::write(task, at, &ignore);
                    // Some ask the kernel where it is, but all look whether it
                    // begins as it should.
                    if let Some(address) = memory::read_word(task, at + 8) {
                        memory::erase_word(task, address)?;
                    }
                }
                libc::AT_RANDOM => {
                    let mut bytes = [0; 16];
                    self.chance.fill_bytes(&mut bytes);
                    let address = memory::read_word(task, at + 8);
                    memory::write(task, address.unwrap_or(0), &bytes);
                }
                _ => {}
            }
            at += 16;
        }
        Ok(())
    }
}

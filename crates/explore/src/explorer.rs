//! Explores: one task at a time, chosen by a schedule, on a virtual clock.

use std::io;
use std::time::{Duration, Instant};

use nix::sched::{
    CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity, sched_yield,
};
use nix::unistd::Pid;

use crate::error::Error;
use crate::program::Program;
use crate::schedule::Schedule;
use crate::strategy::Chooser;
use crate::sys::stop;
use crate::time::{Time, World};
use crate::trace::{TaskId, Trace, What};
use crate::tracee::{At, State, Tracee};
use crate::tracer::{End, Tracer};

/// A task may run so long without a system call.
const SLICE: Duration = Duration::from_millis(100);
/// So long nobody must have moved before it counts as a deadlock: something
/// outside of the program may still wake somebody.
const GRACE: Duration = Duration::from_millis(5);
/// A run that takes longer, or so many choices, is ended.
const PATIENCE: Duration = Duration::from_secs(30);
const MOST_CHOICES: u64 = 1_000_000;
/// Who looks at the clock or yields so often while others sleep waits for
/// time to pass.
const IMPATIENCE: u32 = 2000;
/// After so many he may as well wait for somebody who is slow.
const UNFAIR: u32 = 500;
/// And so many in a run are a sign that somebody wakes again and again.
const MANY: u64 = 5000;

/// A run that is being explored.
struct Explorer {
    tracer: Tracer,
    chooser: Chooser,
    last: Option<TaskId>,
    choices: u64,
    preempted: u64,
    /// Choices since time has passed, or somebody has gone to sleep.
    idle: u32,
    /// Whether the last step may have ended tasks that were stopped.
    may_kill: bool,
}

pub(crate) fn explore(
    program: &Program,
    schedule: &Schedule,
) -> Result<Trace, Error> {
    let pin = Pin::here()?;
    let world = World::new(schedule.seed ^ mark(program), &pin.everywhere);
    let mut explorer = Explorer {
        tracer: Tracer::start(program, Time::Virtual(world))?,
        chooser: Chooser::new(schedule),
        last: None,
        choices: 0,
        preempted: 0,
        idle: 0,
        may_kill: false,
    };
    let failed = |source| Error::System {
        what: "trace the program",
        source,
    };
    let end = explorer.run().map_err(failed)?;
    let Explorer {
        mut tracer,
        choices,
        preempted,
        ..
    } = explorer;
    tracer.end().map_err(failed)?;
    Ok(Trace {
        choices,
        preempted,
        ..tracer.trace(end)?
    })
}

/// A number that differs between programs, so that two that run side by side
/// with one seed do not choose the same names for what they share with all.
fn mark(program: &Program) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};

    let mut hasher = DefaultHasher::new();
    program.command.hash(&mut hasher);
    hasher.finish()
}

/// Keeps this thread, and whom it starts, on one processor: handing over from
/// one task to the next is many times as fast there.
struct Pin {
    everywhere: CpuSet,
}

impl Pin {
    fn here() -> Result<Self, Error> {
        let me = Pid::from_raw(0);
        let pinned = || {
            let everywhere = sched_getaffinity(me)?;
            let mut here = CpuSet::new();
            here.set(sched_getcpu()?)?;
            sched_setaffinity(me, &here)?;
            nix::Result::Ok(Self { everywhere })
        };
        pinned().map_err(|error| Error::System {
            what: "choose a processor",
            source: error.into(),
        })
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let _ = sched_setaffinity(Pid::from_raw(0), &self.everywhere);
    }
}

impl Explorer {
    /// Runs it to its end.
    fn run(&mut self) -> io::Result<End> {
        let start = Instant::now();
        loop {
            self.settle()?;
            if self.tracer.is_over() {
                return Ok(End::Over);
            }
            if start.elapsed() > PATIENCE || self.choices >= MOST_CHOICES {
                return Ok(End::TooLong);
            }
            let candidates = self.candidates();
            if let Some(chosen) = self.chooser.choose(&candidates) {
                self.step(chosen)?;
            } else if !self.moves_again()? {
                return Ok(End::Stuck(self.tracer.blocked()));
            }
        }
    }

    /// Those who may go on, in the order of their births.
    fn candidates(&mut self) -> Vec<TaskId> {
        let tracees = &self.tracer.tracees;
        let first = tracees.iter().filter_map(Tracee::deadline).min();
        let ready = |it: &State| matches!(it, State::Ready(_));
        let anyone = tracees.iter().any(|it| ready(&it.state));
        let until = match first {
            _ if self.chooser.wakes_sleepers() => Duration::MAX,
            Some(first) if !anyone || self.idle > IMPATIENCE => first,
            _ => self.tracer.now(),
        };
        let may = |task: &TaskId| {
            let tracee = &self.tracer.tracees[*task];
            ready(&tracee.state)
                || tracee.deadline().is_some_and(|due| due <= until)
        };
        (0..self.tracer.tracees.len()).filter(may).collect()
    }

    /// Lets one task go on.
    fn step(&mut self, task: TaskId) -> io::Result<()> {
        self.choices += 1;
        self.idle += 1;
        if self.idle.is_multiple_of(UNFAIR) || self.choices.is_multiple_of(MANY)
        {
            self.chooser.be_fair();
        }
        let tracee = &self.tracer.tracees[task];
        let deadline = tracee.deadline();
        self.may_kill = match tracee.state {
            State::Ready(At::Call(call)) => call.is_exit() || call.may_kill(),
            State::Ready(At::Signal(_)) => true,
            _ => false,
        };
        if let Some(due) = deadline {
            if due > self.tracer.now() {
                self.idle = 0;
            }
            self.tracer.time.reach(due);
        }
        if self.last != Some(task) {
            self.tracer.note(task, What::Chosen);
            self.last = Some(task);
        }
        match deadline {
            Some(_) => self.tracer.let_pass(task),
            None => self.tracer.go(task),
        }
    }

    /// Waits until everybody has stopped, sleeps, or is gone.
    fn settle(&mut self) -> io::Result<()> {
        let before = self.tracer.record.events.len();
        self.wait_until_quiet()?;
        // In which order the others have reported is the kernel's affair.
        let now = self.tracer.now();
        self.tracer.record.order(before, self.last, now);
        Ok(())
    }

    fn wait_until_quiet(&mut self) -> io::Result<()> {
        let mut since = Instant::now();
        let mut looks = 0_u32;
        loop {
            let mut moved = false;
            while let Some((task, stop)) = stop::next(false)? {
                self.tracer.report(task, stop)?;
                moved = true;
            }
            if !self.somebody_moves() {
                return Ok(());
            }
            sched_yield()?;
            looks += 1;
            if moved {
                since = Instant::now();
            } else if looks.is_multiple_of(64) && since.elapsed() > SLICE {
                self.preempt()?;
                since = Instant::now();
            }
        }
    }

    /// Whether somebody is between two stops.
    fn somebody_moves(&mut self) -> bool {
        // Mostly it is the one who was let go on. Only when he is quiet it
        // matters whom he has woken.
        let runs = |it: &State| matches!(it, State::Running | State::Dying);
        self.any_moves(runs) || self.any_moves(|it| !runs(it))
    }

    fn any_moves(&mut self, among: impl Fn(&State) -> bool) -> bool {
        let mut moves = false;
        for id in 0..self.tracer.tracees.len() {
            if among(&self.tracer.tracees[id].state) {
                moves |= self.moves(id);
            }
        }
        moves
    }

    fn moves(&mut self, id: TaskId) -> bool {
        let tracee = &self.tracer.tracees[id];
        match tracee.state {
            State::Gone | State::Halted => false,
            State::Running => {
                let asleep = tracee.asleep_at();
                if asleep.is_some() {
                    self.idle = 0;
                    self.tracer.tracees[id].slept_at = asleep;
                    self.tracer.falls_asleep(id);
                }
                asleep.is_none()
            }
            State::Waiting => {
                let asleep = tracee.still_sleeps();
                if !asleep {
                    self.tracer.tracees[id].state = State::Running;
                }
                !asleep
            }
            State::Lent => !matches!(tracee.letter(), Some(b'S' | b'D')),
            State::Ready(_) => {
                // Who is killed while it is stopped runs to its end.
                self.may_kill && tracee.letter() != Some(b't')
            }
            // The first thread of a process stays until the others are gone.
            State::Dying => {
                let process = tracee.process;
                let waits = tracee.letter() == Some(b'Z')
                    && tracee.task == process
                    && self.tracer.tracees.iter().any(|other| {
                        other.is_alive()
                            && other.process == process
                            && other.task != process
                    });
                !waits
            }
        }
    }

    /// Stops those who run on and on: maybe they wait for somebody.
    fn preempt(&mut self) -> io::Result<()> {
        self.chooser.be_fair();
        for tracee in &self.tracer.tracees {
            if tracee.state == State::Running {
                self.preempted += 1;
                stop::interrupt(tracee.task)?;
            }
        }
        // Else those who sleep would never wake.
        let later = self.tracer.now() + SLICE;
        self.tracer.time.reach(later);
        Ok(())
    }

    /// Nobody can go on: whether somebody moves again all the same, for a
    /// reason outside of the program.
    fn moves_again(&mut self) -> io::Result<bool> {
        let since = Instant::now();
        while since.elapsed() < GRACE {
            if self.somebody_moves() {
                self.settle()?;
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(false)
    }
}

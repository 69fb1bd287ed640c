//! Explores: one task at a time, chosen by a schedule, on a virtual clock.

use std::io;
use std::time::{Duration, Instant};

use crate::engine::pin::pin;
use crate::engine::strategy::Chooser;
use crate::engine::time::{Time, World};
use crate::engine::tracee::{At, State, Tracee};
use crate::engine::tracer::{End, Tracer};
use crate::error::Error;
use crate::program::Program;
use crate::schedule::Schedule;
use crate::trace::{TaskId, Trace, What};

/// Who looks at the clock or yields some thousand times while others sleep
/// waits for time to pass; so do others, perhaps, after ten times as many calls.
const IMPATIENCE: u32 = 20_000;
/// After so many he may as well wait for somebody who is slow.
const UNFAIR: u32 = 500;
/// And so many in a run are a sign that somebody wakes again and again.
const MANY: u64 = 5000;

/// A run that takes longer, or more choices, is ended.
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) choices: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            choices: 1_000_000,
        }
    }
}

/// A run that is being explored.
pub(super) struct Explorer {
    pub(super) tracer: Tracer,
    pub(super) chooser: Chooser,
    pub(super) last: Option<TaskId>,
    choices: u64,
    pub(super) preempted: u64,
    limits: Limits,
    start: Instant,
    /// Choices since time has passed, or somebody has gone to sleep.
    fruitless: u32,
    /// The same, by the likelihood that they wait for time to pass.
    idle: u32,
    /// Whether the last step came to no end by itself.
    pub(super) was_preempted: bool,
    /// Whether there is a report to come any moment.
    pub(super) in_haste: bool,
    /// Whether the last step may have ended tasks that were stopped.
    pub(super) may_kill: bool,
}

pub(crate) fn explore(
    program: &Program,
    schedule: &Schedule,
    limits: Limits,
) -> Result<Trace, Error> {
    let failed = |source| Error::System {
        what: "trace the program",
        source,
    };
    let processors = pin()?;
    let world = World::new(schedule.seed ^ mark(program), &processors);
    let mut explorer = Explorer {
        tracer: Tracer::start(program, Time::Virtual(world))?,
        chooser: Chooser::new(schedule),
        last: None,
        choices: 0,
        preempted: 0,
        limits,
        start: Instant::now(),
        fruitless: 0,
        idle: 0,
        was_preempted: false,
        in_haste: true,
        may_kill: false,
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

impl Explorer {
    /// Runs it to its end.
    fn run(&mut self) -> io::Result<End> {
        loop {
            self.settle()?;
            if self.tracer.is_over() {
                return Ok(End::Over);
            }
            if self.is_late() || self.choices >= self.limits.choices {
                return Ok(End::TooLong);
            }
            let candidates = self.candidates();
            if let Some(chosen) =
                self.chooser.choose(&candidates, self.is_at_point())
            {
                self.step(chosen)?;
            } else if !self.moves_again()? {
                return Ok(End::Stuck(self.tracer.blocked()));
            }
        }
    }

    pub(super) fn is_late(&self) -> bool {
        self.start.elapsed() > self.limits.time
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
        let all = 0..self.tracer.tracees.len();
        let mut candidates: Vec<_> = all.filter(may).collect();
        // Whoever was stopped since it went on and on gives way to others.
        if self.was_preempted && candidates.len() > 1 {
            candidates.retain(|task| Some(*task) != self.last);
        }
        candidates
    }

    /// Whether the last task has come to where it may matter who is first.
    fn is_at_point(&self) -> bool {
        let last = self.last.map(|last| self.tracer.tracees[last].state);
        matches!(last, Some(State::Ready(At::Call(call))) if call.is_point())
    }

    /// Lets one task go on.
    fn step(&mut self, task: TaskId) -> io::Result<()> {
        self.choices += 1;
        self.fruitless += 1;
        if self.fruitless.is_multiple_of(UNFAIR)
            || self.choices.is_multiple_of(MANY)
        {
            self.chooser.be_fair();
        }
        let tracee = &self.tracer.tracees[task];
        let deadline = tracee.deadline();
        let (may_kill, impatience) = match tracee.state {
            State::Ready(At::Call(call)) => {
                (call.is_exit() || call.may_kill(), call.impatience())
            }
            State::Ready(At::Signal(_)) => (true, 1),
            _ => (false, 1),
        };
        self.may_kill = may_kill;
        self.was_preempted = false;
        self.idle += impatience;
        if let Some(due) = deadline {
            if due > self.tracer.now() {
                self.progress();
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

    pub(super) fn progress(&mut self) {
        self.fruitless = 0;
        self.idle = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Ending;

    fn ending(script: &str, limits: Limits) -> Ending {
        let program = Program {
            command: ["sh", "-c", script].map(Into::into).to_vec(),
            ..Program::default()
        };
        let trace = explore(&program, &Schedule::mixed(0), limits);
        trace.expect("it can be explored").ending
    }

    #[test]
    fn who_computes_for_ever_takes_too_long() {
        let limits = Limits {
            time: Duration::from_millis(300),
            ..Limits::default()
        };
        assert_eq!(ending("while :; do :; done", limits), Ending::TooLong);
    }

    #[test]
    fn who_makes_calls_for_ever_takes_too_long() {
        let limits = Limits {
            choices: 1000,
            ..Limits::default()
        };
        let script = "while :; do echo again; done";
        assert_eq!(ending(script, limits), Ending::TooLong);
        assert_eq!(ending("exit 3", Limits::default()), exited(3));
    }

    fn exited(status: i32) -> Ending {
        Ending::Ended(crate::trace::Ended::Exited(status))
    }
}

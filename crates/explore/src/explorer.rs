//! Explores: one task at a time, chosen by a schedule, on a virtual clock.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::sched_yield;

use crate::error::Error;
use crate::pin::pin;
use crate::program::Program;
use crate::schedule::Schedule;
use crate::strategy::Chooser;
use crate::sys::stop;
use crate::time::{Time, World};
use crate::trace::{TaskId, Trace, What};
use crate::tracee::{At, State, Tracee};
use crate::tracer::{End, Tracer};

/// A task may use a processor so long without a system call, and is looked
/// after so often.
const SLICE: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_millis(50);
/// So long nobody must have moved before it counts as a deadlock: something
/// outside of the program may still wake somebody.
const GRACE: Duration = Duration::from_millis(5);
/// Who looks at the clock or yields some thousand times while others sleep
/// waits for time to pass; so do others, perhaps, after ten times as many calls.
const IMPATIENCE: u32 = 20_000;

/// After so many looks for a report, who computes is disturbed less often.
const HASTE: u32 = 100;
const NAP: Duration = Duration::from_micros(20);

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
struct Explorer {
    tracer: Tracer,
    chooser: Chooser,
    last: Option<TaskId>,
    choices: u64,
    preempted: u64,
    limits: Limits,
    start: Instant,
    /// Choices since time has passed, by the likelihood that they wait for it.
    idle: u32,
    /// Whether the last step came to no end by itself.
    was_preempted: bool,
    /// Whether there is a report to come any moment.
    in_haste: bool,
    /// Whether the last step may have ended tasks that were stopped.
    may_kill: bool,
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

    fn is_late(&self) -> bool {
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
        let mut used = None;
        let mut looks = 0_u32;
        loop {
            if self.take_reports()? {
                (since, used, looks) = (Instant::now(), None, 0);
                self.in_haste = true;
            }
            // Who has stopped in the meantime has a report.
            if !self.somebody_moves() && !self.take_reports()? {
                return Ok(());
            }
            looks += 1;
            self.in_haste = looks <= HASTE;
            if self.in_haste {
                sched_yield()?;
            } else {
                thread::sleep(NAP);
            }
            if looks.is_multiple_of(64) && since.elapsed() > LOOK {
                if self.is_late() {
                    return Ok(());
                }
                since = Instant::now();
                // On a busy machine most of the time is that of others.
                let now = self.processor_time();
                let used = *used.get_or_insert(now);
                if now.saturating_sub(used) + LOOK > SLICE {
                    self.preempt()?;
                }
            }
        }
    }

    /// Takes all reports that there are; says whether there was one.
    fn take_reports(&mut self) -> io::Result<bool> {
        let mut any = false;
        while let Some((task, stop)) = stop::next(false)? {
            self.tracer.report(task, stop)?;
            any = true;
        }
        Ok(any)
    }

    /// Of those who run.
    fn processor_time(&self) -> Duration {
        let tracees = self.tracer.tracees.iter();
        let running = tracees.filter(|it| it.state == State::Running);
        running.filter_map(Tracee::processor_time).sum()
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
            State::Gone => false,
            // Who is not in a call that waits will most likely report soon.
            State::Running if self.in_haste && !tracee.in_call => true,
            State::Running => {
                let asleep = tracee.asleep_at();
                if asleep.is_some() {
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
            State::Ready(_) | State::Halted => {
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

    /// Stops those who run on and on.
    fn preempt(&mut self) -> io::Result<()> {
        let mut later = self.tracer.now();
        for tracee in &self.tracer.tracees {
            if tracee.state == State::Running {
                self.preempted += 1;
                self.was_preempted = true;
                stop::interrupt(tracee.task)?;
                // Else those who sleep would never wake.
                later += SLICE;
            }
        }
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
            thread::sleep(Duration::from_millis(1));
        }
        Ok(false)
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

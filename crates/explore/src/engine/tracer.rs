//! A program and all whom it starts, as the kernel reports of them.
//!
//! [`Tracer::report`] takes a report and brings the task's state up to date;
//! [`Tracer::go`] lets a task go on. What happens in between is
//! [`crate::engine::progress`]; who goes on, and when, is not decided here.

use std::collections::HashMap;
use std::ffi::c_int;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::mem;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::fs::MemfdFlags;

use crate::engine::calls::{Call, filter};
use crate::engine::record::Record;
use crate::engine::sys::launch::{Launched, Start, launch};
use crate::engine::sys::registers::Registers;
use crate::engine::sys::stop::{self, Go, Stop};
use crate::engine::terminal::Terminal;
use crate::engine::time::Time;
use crate::engine::tracee::{At, Phase, State, Tracee};
use crate::error::Error;
use crate::program::Program;
use crate::trace::{Blocked, Ended, Ending, Task, TaskId, Trace, Wait, What};

/// Why a run is over.
pub(crate) enum End {
    /// Everybody is gone.
    Over,
    /// These wait for ever.
    Stuck(Vec<Blocked>),
    /// It has taken too long.
    TooLong,
}

/// A program that is being traced.
pub(crate) struct Tracer {
    pub(crate) tracees: Vec<Tracee>,
    pub(crate) time: Time,
    pub(crate) record: Record,
    pub(crate) terminal: Terminal,
    tasks: Vec<Task>,
    ids: HashMap<Pid, TaskId>,
    /// Those who have reported before the one who made them.
    strangers: HashMap<Pid, Stop>,
    stderr: File,
    launched: Option<Launched>,
    shown: String,
    /// How the main process has ended.
    ended: Option<Ended>,
}

impl Tracer {
    pub(crate) fn start(program: &Program, time: Time) -> Result<Self, Error> {
        let failed = |what| move |source| Error::System { what, source };
        let found = program.find()?;
        let terminal =
            Terminal::open().map_err(failed("open a terminal for it"))?;
        let stderr = rustix::fs::memfd_create("stderr", MemfdFlags::CLOEXEC)
            .map_err(|error| failed("make a file for stderr")(error.into()))?;
        let stdin =
            File::open("/dev/null").map_err(failed("open /dev/null"))?;
        let launched = launch(&Start {
            program: &found,
            stdin: stdin.as_fd(),
            stdout: terminal.end(),
            stderr: stderr.as_fd(),
            filter: &filter(time.is_virtual())?,
            same_addresses: time.is_virtual(),
        })?;
        let main = launched.process;
        let mut tracer = Self {
            tracees: Vec::new(),
            time,
            record: Record::default(),
            terminal,
            tasks: Vec::new(),
            ids: HashMap::new(),
            strangers: HashMap::new(),
            stderr: stderr.into(),
            launched: Some(launched),
            shown: program.shown(),
            ended: None,
        };
        tracer
            .enter(main, main, None)
            .map_err(failed("look at the new process"))?;
        Ok(tracer)
    }

    pub(crate) fn now(&self) -> Duration {
        self.time.now()
    }

    pub(crate) fn note(&mut self, task: TaskId, what: What) {
        self.record.add(self.time.now(), task, what);
    }

    pub(crate) fn id_of(&self, task: Pid) -> Option<TaskId> {
        self.ids.get(&task).copied()
    }

    pub(crate) fn is_over(&self) -> bool {
        !self.tracees.iter().any(Tracee::is_alive)
    }

    fn enter(
        &mut self,
        task: Pid,
        process: Pid,
        parent: Option<TaskId>,
    ) -> io::Result<TaskId> {
        let id = self.tracees.len();
        self.tracees.push(Tracee::new(task, process)?);
        self.ids.insert(task, id);
        self.tasks.push(Task {
            pid: process.as_raw(),
            tid: task.as_raw(),
            parent,
            name: None,
        });
        Ok(id)
    }

    /// Takes what a task reports.
    pub(crate) fn report(&mut self, task: Pid, stop: Stop) -> io::Result<()> {
        let Some(id) = self.id_of(task) else {
            self.strangers.insert(task, stop);
            return Ok(());
        };
        self.tracees[id].in_call = false;
        match stop {
            Stop::Call => self.before_call(id)?,
            Stop::CallOver => self.call_over(id)?,
            Stop::Birth(child) => {
                self.birth(id, child)?;
                self.stopped(id, At::Pause);
            }
            Stop::Loan(child) => {
                self.birth(id, child)?;
                self.tracees[id].state = State::Lent;
                self.note(id, What::Waits(Wait::Borrower));
                stop::resume(task, Go::On, 0)?;
            }
            Stop::LoanOver => {
                self.note(id, What::Woke);
                self.stopped(id, At::Pause);
            }
            Stop::Exec => self.exec(id)?,
            Stop::Exit => {
                self.name(id);
                self.tracees[id].state = State::Dying;
                stop::resume(task, Go::On, 0)?;
            }
            Stop::Trap => self.trap(id)?,
            Stop::Halt => {
                self.tracees[id].state = State::Halted;
                stop::resume(task, Go::Nowhere, 0)?;
            }
            Stop::Signal(signal) => self.stopped(id, At::Signal(signal)),
            Stop::Exited(status) => self.gone(id, Ended::Exited(status)),
            Stop::Killed(signal) => self.gone(id, Ended::Signaled(signal)),
        }
        Ok(())
    }

    pub(crate) fn stopped(&mut self, id: TaskId, at: At) {
        self.tracees[id].state = State::Ready(at);
    }

    fn birth(&mut self, parent: TaskId, child: Pid) -> io::Result<()> {
        let made = self.tracees[parent].current.take();
        let made = made.map(|current| current.call);
        let is_thread = made.is_some_and(|call| call.makes_thread());
        let process = if is_thread {
            self.tracees[parent].process
        } else {
            child
        };
        let id = self.enter(child, process, Some(parent))?;
        if let Some(call) = made {
            self.tracees[id].farewell = call.farewell();
        }
        self.note(parent, What::Started(id));
        if let Some(stop) = self.strangers.remove(&child) {
            self.report(child, stop)?;
        }
        Ok(())
    }

    /// A task has just been born, or it was interrupted.
    fn trap(&mut self, id: TaskId) -> io::Result<()> {
        let tracee = &mut self.tracees[id];
        if let Some(current) = &tracee.current
            && current.phase == Phase::Late
        {
            // It was chosen to go on after its time limit: it goes on.
            tracee.current = None;
            return stop::resume(tracee.task, Go::On, 0);
        }
        self.stopped(id, At::Pause);
        Ok(())
    }

    fn exec(&mut self, id: TaskId) -> io::Result<()> {
        self.launched = None;
        let tracee = &mut self.tracees[id];
        let task = tracee.task;
        tracee.state = State::Running;
        tracee.current = None;
        tracee.interrupted = None;
        // Any thread may do it. It gets the number of the first one, which is
        // gone, as are all others.
        let caller = self.id_of(stop::former_number(task)?);
        if let Some(caller) = caller.filter(|caller| *caller != id) {
            self.gone(caller, Ended::Exited(0));
        }
        self.name(id);
        self.time.prepare(task)?;
        stop::resume(task, Go::On, 0)
    }

    fn gone(&mut self, id: TaskId, ended: Ended) {
        self.tracees[id].goes();
        self.note(id, What::Ended(ended));
        if id == 0 {
            self.ended = Some(ended);
        }
    }

    /// Notes the name that a task has given itself.
    fn name(&mut self, id: TaskId) {
        let Tracee { task, process, .. } = self.tracees[id];
        let path = format!("/proc/{process}/task/{task}/comm");
        let name = std::fs::read_to_string(path).unwrap_or_default();
        self.tasks[id].name = Some(name.trim_end().to_owned());
    }

    /// Lets a task go on that has stopped.
    pub(crate) fn go(&mut self, id: TaskId) -> io::Result<()> {
        let State::Ready(at) = self.tracees[id].state else {
            return Ok(());
        };
        self.tracees[id].state = State::Running;
        self.tracees[id].asked = 0;
        match at {
            At::Pause => self.resume(id, Go::On, 0),
            At::Signal(signal) => self.resume(id, Go::On, signal),
            At::Call(call) => self.make_call(id, call),
        }
    }

    pub(crate) fn resume(
        &mut self,
        id: TaskId,
        how: Go,
        signal: c_int,
    ) -> io::Result<()> {
        let tracee = &mut self.tracees[id];
        tracee.in_call = how == Go::ThroughCall;
        stop::resume(tracee.task, how, signal)
    }

    /// Before a call: the task waits to be chosen, unless it only asks, and
    /// has not asked again and again.
    fn before_call(&mut self, id: TaskId) -> io::Result<()> {
        /// Who asks so often waits for something.
        const OFTEN: u32 = 100;

        let task = self.tracees[id].task;
        let call = Call::of(task, &Registers::of(task)?);
        if let Some(name) = call.operation() {
            self.note(id, What::Operation(name.clone()));
            self.tracees[id].operation = Some(name);
        }
        let tracee = &mut self.tracees[id];
        if call.is_question() && tracee.asked < OFTEN {
            tracee.asked += 1;
            return self.make_call(id, call);
        }
        self.stopped(id, At::Call(call));
        Ok(())
    }

    /// Those who wait for something.
    pub(crate) fn blocked(&self) -> Vec<Blocked> {
        let mut blocked = Vec::new();
        for (task, tracee) in self.tracees.iter().enumerate() {
            let wait = match tracee.state {
                State::Waiting => self.wait_of(task),
                State::Lent => Wait::Borrower,
                State::Halted => Wait::Signal,
                _ => continue,
            };
            blocked.push(Blocked { task, wait });
        }
        blocked
    }

    /// Notes of everybody who is in a call that waits that he waits.
    pub(crate) fn note_waits(&mut self) {
        for id in 0..self.tracees.len() {
            let current = self.tracees[id].current.as_ref();
            let waits = current.filter(|it| it.waiting.is_some());
            if let Some(since) = waits.map(|current| current.since) {
                let wait = self.wait_of(id);
                self.record.add(since, id, What::Waits(wait));
            }
        }
    }

    /// Ends everybody who is left.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        for tracee in &self.tracees {
            if tracee.is_alive() {
                let _ = kill(tracee.process, Signal::SIGKILL);
                // Its last report may have been taken, but not answered.
                stop::resume(tracee.task, Go::On, 0)?;
            }
        }
        // Until there is nobody, since there may be some who were born a moment
        // ago, and of whom nothing else is known.
        while let Some((task, stop)) = stop::next(true)? {
            match (self.id_of(task), stop) {
                (Some(id), Stop::Exited(_) | Stop::Killed(_)) => {
                    self.tracees[id].goes();
                }
                (_, Stop::Exited(_) | Stop::Killed(_)) => {}
                _ => {
                    let _ = kill(task, Signal::SIGKILL);
                    stop::resume(task, Go::On, 0)?;
                }
            }
        }
        Ok(())
    }

    /// What has happened, now that it is over.
    pub(crate) fn trace(mut self, end: End) -> Result<Trace, Error> {
        if let Some(launched) = self.launched.take() {
            return Err(Error::Start {
                program: self.shown.clone(),
                source: launched.failure(),
            });
        }
        let elapsed = self.now();
        self.record.finish(elapsed);
        let mut events = mem::take(&mut self.record.events);
        // In real time it is known only later that somebody has waited.
        events.sort_by_key(|event| event.at);
        let mut left_behind = Vec::new();
        let ending = match (end, self.ended) {
            (End::TooLong, _) | (End::Over, None) => Ending::TooLong,
            (End::Stuck(blocked), None) => Ending::Deadlock(blocked),
            (End::Over, Some(ended)) => Ending::Ended(ended),
            (End::Stuck(blocked), Some(ended)) => {
                left_behind = blocked;
                Ending::Ended(ended)
            }
        };
        Ok(Trace {
            tasks: mem::take(&mut self.tasks),
            events,
            ending,
            left_behind,
            elapsed,
            stderr: self.stderr()?,
            choices: 0,
            preempted: 0,
        })
    }

    fn stderr(&mut self) -> Result<String, Error> {
        let mut bytes = Vec::new();
        let read = self.stderr.rewind();
        read.and_then(|()| self.stderr.read_to_end(&mut bytes))
            .map_err(|source| Error::System {
                what: "read its stderr",
                source,
            })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Tracer {
    /// Nobody survives its tracer, whatever has gone wrong.
    fn drop(&mut self) {
        let _ = self.end();
    }
}

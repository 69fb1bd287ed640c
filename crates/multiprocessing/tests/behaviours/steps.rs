//! Runs a process instruction by instruction, and up to one of them again.
//!
//! What others can see of a process are its stores to shared memory and its
//! system calls. The kernel sees one thing more when the process dies: the
//! list of the robust mutexes that it holds, which begins in memory of its own.
//! To die between two instructions that change none of this is to die at the
//! first of them. So there are few instructions that matter, and a recording
//! finds them.
//!
//! To run up to an instruction, its address and how often it has been run
//! before are enough: a breakpoint of the processor stops there each time.

use std::collections::HashMap;
use std::fs::{self, File};
use std::mem::offset_of;
use std::os::unix::fs::FileExt;

use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::support::{SOON, eventually};
use crate::waiting::is_asleep;

/// So much of a region is looked at: the objects, and the first messages.
const LOOKED_AT: usize = 2 * 4096;

/// Before an instruction, or asleep in the system call that it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    address: u64,
    /// It is run for the `nth` time, counted from 1.
    nth: usize,
    asleep: bool,
    /// Whether something that others can see differs from the place before.
    pub(crate) matters: bool,
}

/// The two ends of what is run: the process stops itself before and after it.
pub(crate) fn between_stops(action: impl FnOnce()) {
    ptrace::traceme().expect("the parent traces");
    let this = Pid::this();
    kill(this, Signal::SIGSTOP).expect("one may stop oneself");
    action();
    kill(this, Signal::SIGSTOP).expect("one may stop oneself");
}

/// Waits until a child comes to the first of [`between_stops`].
pub(crate) fn once_stopped(pid: i32) {
    let pid = Pid::from_raw(pid);
    let stopped = WaitStatus::PtraceEvent(pid, Signal::SIGSTOP, 0);
    let status = waitid(Id::Pid(pid), WaitPidFlag::WSTOPPED);
    assert_eq!(status, Ok(stopped), "it waits for us");
}

/// A process, or thread, that stands still, and runs as far as it is let.
pub(crate) struct Tracee<'a> {
    pid: Pid,
    memory: File,
    /// Waits until those are at rest who may be woken by what it does.
    settle: Box<dyn Fn() + 'a>,
    /// What happens whenever it sleeps.
    meanwhile: Box<dyn Fn() + 'a>,
    /// How often it has happened.
    met: usize,
    /// It is at its end when it sleeps once more, or exits.
    ends_asleep: bool,
}

/// Why a tracee stands still.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stop {
    Instruction,
    Call,
    Asleep,
    End,
}

impl<'a> Tracee<'a> {
    /// A child that runs [`between_stops`], and is at the first of them.
    pub(crate) fn child(
        pid: i32,
        settle: impl Fn() + 'a,
        meanwhile: impl Fn() + 'a,
    ) -> Self {
        let pid = Pid::from_raw(pid);
        ptrace::setoptions(pid, options()).expect("it is stopped");
        Self::new(pid, Box::new(settle), Box::new(meanwhile), false)
    }

    /// A process, or thread, that sleeps in a system call, and ends when it
    /// does so again, after `meanwhile` has given it something to do.
    pub(crate) fn sleeper(pid: i32, meanwhile: impl Fn() + 'a) -> Self {
        let pid = Pid::from_raw(pid);
        ptrace::seize(pid, options()).expect("it is one of ours");
        ptrace::interrupt(pid).expect("it runs");
        let all = WaitPidFlag::WSTOPPED | WaitPidFlag::__WALL;
        waitid(Id::Pid(pid), all).expect("it stops");
        Self::new(pid, Box::new(|| {}), Box::new(meanwhile), true)
    }

    fn new(
        pid: Pid,
        settle: Box<dyn Fn() + 'a>,
        meanwhile: Box<dyn Fn() + 'a>,
        ends_asleep: bool,
    ) -> Self {
        let memory = File::open(format!("/proc/{pid}/mem"));
        Self {
            pid,
            memory: memory.expect("it is ours"),
            settle,
            meanwhile,
            met: 0,
            ends_asleep,
        }
    }

    /// Runs it to the end of its operation; the places on the way.
    pub(crate) fn record(&mut self) -> Vec<Place> {
        let shared = Shared::of(self.pid);
        let (mut seen, mut last) = (shared.bytes(&self.memory), 0);
        let (mut counts, mut calls) = (HashMap::new(), HashMap::new());
        let mut places = Vec::new();
        let mut matters = true;
        loop {
            let address = self.address();
            let call = *calls
                .entry(address)
                .or_insert_with(|| self.is_call(address));
            // One that repeats itself stops at each turn.
            let turns = counts.entry(address).or_insert(0);
            if address != last {
                *turns += 1;
                places.push(Place {
                    address,
                    nth: *turns,
                    asleep: false,
                    matters: matters || call,
                });
                matters = false;
            }
            last = address;
            ptrace::step(self.pid, None).expect("it is stopped");
            // What was interrupted begins with the call.
            let call = call || (self.ends_asleep && places.len() == 1);
            let (mut slept, mut stop) = (false, self.stop(call));
            while stop == Stop::Asleep && !self.is_over() {
                slept = true;
                self.meet();
                stop = self.stop(true);
            }
            if slept {
                let place = *places.last().expect("it is one");
                places.push(Place {
                    asleep: true,
                    matters: true,
                    ..place
                });
            }
            if stop != Stop::Instruction {
                return places;
            }
            if call {
                (self.settle)();
            }
            let now = shared.bytes(&self.memory);
            matters |= call || now != seen;
            seen = now;
        }
    }

    /// Runs it up to `place`, or to the end of its operation if it does not
    /// come there; tells whether it does.
    pub(crate) fn run_to(&mut self, place: Place) -> bool {
        self.set_breakpoint(place.address);
        let (mut times, mut in_call) = (0, false);
        loop {
            ptrace::syscall(self.pid, None).expect("it is stopped");
            let mut stop = self.stop(in_call || self.ends_asleep);
            while stop == Stop::Asleep {
                if times == place.nth || self.is_over() {
                    return times == place.nth;
                }
                self.meet();
                stop = self.stop(true);
            }
            match stop {
                Stop::Instruction => {
                    times += 1;
                    if times == place.nth && !place.asleep {
                        return true;
                    }
                }
                Stop::Call if in_call => {
                    in_call = false;
                    (self.settle)();
                }
                Stop::Call => in_call = true,
                Stop::Asleep | Stop::End => return false,
            }
        }
    }

    /// After the death of its process, which ends when nobody asks for its
    /// threads any more.
    pub(crate) fn let_go(&self, process: i32) {
        if self.pid.as_raw() != process {
            let it = WaitPidFlag::WEXITED | WaitPidFlag::__WALL;
            waitid(Id::Pid(self.pid), it).expect("it is traced");
        }
    }

    /// Does what was to happen while it slept, if that has not happened yet.
    pub(crate) fn meet_once(&mut self) {
        if self.met == 0 {
            self.meet();
        }
    }

    fn meet(&mut self) {
        self.met += 1;
        (self.meanwhile)();
        if self.ends_asleep {
            eventually(SOON, || !is_asleep(self.pid.as_raw()));
        }
    }

    /// Whether it has nothing more to do, if it sleeps.
    fn is_over(&self) -> bool {
        self.ends_asleep && self.met > 0
    }

    /// Waits until it stands still, or sleeps if it may.
    fn stop(&self, may_sleep: bool) -> Stop {
        let mut any = WaitPidFlag::WSTOPPED
            | WaitPidFlag::WEXITED
            | WaitPidFlag::WNOWAIT
            | WaitPidFlag::__WALL;
        any.set(WaitPidFlag::WNOHANG, may_sleep);
        loop {
            match waitid(Id::Pid(self.pid), any).expect("it is traced") {
                WaitStatus::PtraceSyscall(_) => return self.met(Stop::Call),
                WaitStatus::PtraceEvent(_, Signal::SIGTRAP, 0) => {
                    return self.met(Stop::Instruction);
                }
                WaitStatus::PtraceEvent(_, Signal::SIGSTOP, 0) => {
                    return self.met(Stop::End);
                }
                WaitStatus::StillAlive => {
                    if self.waits_for_others() {
                        return Stop::Asleep;
                    }
                    std::thread::yield_now();
                }
                WaitStatus::Exited(_, 0) if self.ends_asleep => {
                    return Stop::End;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Takes note of a stop, so that it is not told again.
    fn met(&self, stop: Stop) -> Stop {
        let it = WaitPidFlag::WSTOPPED | WaitPidFlag::__WALL;
        waitid(Id::Pid(self.pid), it).expect("it is stopped");
        stop
    }

    /// Whether it sleeps, and not for a moment only, since nobody else runs.
    fn waits_for_others(&self) -> bool {
        let sleeps = || is_asleep(self.pid.as_raw());
        sleeps() && {
            (self.settle)();
            sleeps()
        }
    }

    fn address(&self) -> u64 {
        ptrace::getregs(self.pid).expect("it is stopped").rip
    }

    fn is_call(&self, address: u64) -> bool {
        const SYSCALL: [u8; 2] = [0x0f, 0x05];
        let mut code = [0; 2];
        let read = self.memory.read_exact_at(&mut code, address);
        read.is_ok() && code == SYSCALL
    }

    fn set_breakpoint(&self, address: u64) {
        let number = |n: usize| offset_of!(libc::user, u_debugreg) + n * 8;
        let set = |n, value: u64| {
            let place = number(n) as ptrace::AddressType;
            ptrace::write_user(self.pid, place, value.cast_signed())
        };
        // The first of four, switched on, for the execution of an instruction.
        set(0, address).expect("the processor has breakpoints");
        set(7, 1).expect("the processor has breakpoints");
    }
}

fn options() -> Options {
    Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL
}

/// What others, and the kernel, can see of a process's memory.
struct Shared {
    ranges: Vec<(u64, usize)>,
}

impl Shared {
    fn of(pid: Pid) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps"));
        let maps = maps.expect("it is ours");
        let regions = maps
            .lines()
            .filter(|line| line.contains("/dev/shm/multiprocessing"))
            .filter_map(|line| {
                let (start, rest) = line.split_once('-')?;
                let (end, _) = rest.split_once(' ')?;
                let hex = |text| u64::from_str_radix(text, 16).ok();
                let (start, end) = (hex(start)?, hex(end)?);
                let len = usize::try_from(end - start).ok()?;
                Some((start, len.min(LOOKED_AT)))
            });
        // Its own mutexes: the first, the offset, and the one that it is about
        // to take or to release.
        let list = (robust_list(pid), 24);
        Self {
            ranges: regions.chain([list]).collect(),
        }
    }

    fn bytes(&self, memory: &File) -> Vec<u8> {
        let len = self.ranges.iter().map(|(_, len)| len).sum();
        let (mut bytes, mut place) = (vec![0; len], 0);
        for (start, len) in &self.ranges {
            let part = &mut bytes[place..place + len];
            memory.read_exact_at(part, *start).expect("it is mapped");
            place += len;
        }
        bytes
    }
}

/// Where the list of the mutexes begins that a thread holds.
#[allow(unsafe_code)]
fn robust_list(pid: Pid) -> u64 {
    let (mut head, mut len) = (0_u64, 0_usize);
    // SAFETY: the kernel writes a pointer and a length, for which there is
    // room.
    let code = unsafe {
        libc::syscall(
            libc::SYS_get_robust_list,
            pid.as_raw(),
            &raw mut head,
            &raw mut len,
        )
    };
    assert_eq!(code, 0, "it is ours");
    head
}

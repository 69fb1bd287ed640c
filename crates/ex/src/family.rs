//! The processes of one run: a process group of its own, and those who leave
//! it.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::unistd::Pid;

/// How long the last of a family may take to be gone after the first.
const GRACE: Duration = Duration::from_secs(1);
const GLANCE: Duration = Duration::from_millis(2);

/// The processes of a run; the leader is the program itself.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    leader: i32,
    reach: Reach,
}

/// Who belongs to a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The process group of the leader.
    Group,
    /// Whoever descends from this process, whatever group or session he has
    /// made for himself. This is for a process that has
    /// [taken charge](crate::charge::take), and runs one family at a time.
    Descendants,
}

/// Starts `command` as the leader of a family of its own, without stdin, with
/// pipes for stdout and stderr.
///
/// # Errors
/// If it cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<(Child, Family)> {
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = start(command)?;
    let family = Family::of(child.id(), Reach::Group);
    Ok((child, family))
}

/// Starts a program that holds no signal back, as this thread may: it would
/// inherit that.
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    let held_back = SigSet::thread_get_mask()?;
    SigSet::empty().thread_set_mask()?;
    let child = command.spawn();
    held_back.thread_set_mask()?;
    child
}

impl Family {
    /// That of `leader`.
    #[must_use]
    pub fn of(leader: u32, reach: Reach) -> Self {
        let leader = leader.cast_signed();
        Self { leader, reach }
    }

    /// Sends a signal to all.
    pub fn signal(self, signal: Signal) {
        // Whoever is not there any more need not be told.
        let _ = killpg(Pid::from_raw(self.leader), signal);
        if self.reach == Reach::Descendants {
            for stat in self.stats() {
                if stat.group != self.leader {
                    let _ = kill(Pid::from_raw(stat.pid), signal);
                }
            }
        }
    }

    /// The pids of those that have not ended.
    #[must_use]
    pub fn members(self) -> Vec<i32> {
        self.stats().into_iter().map(|stat| stat.pid).collect()
    }

    fn stats(self) -> Vec<Stat> {
        let stats = Stat::all();
        match self.reach {
            Reach::Descendants => descendants(&stats),
            Reach::Group => {
                let same = |stat: &Stat| stat.group == self.leader;
                stats.into_iter().filter(same).collect()
            }
        }
    }

    /// Those that are still there a moment after the end of the run; they are
    /// killed.
    #[must_use]
    pub fn left_behind(self) -> Vec<String> {
        let start = Instant::now();
        loop {
            let members = self.members();
            if members.is_empty() {
                return Vec::new();
            }
            if start.elapsed() > GRACE {
                let left = members.into_iter().map(describe).collect();
                self.kill();
                return left;
            }
            thread::sleep(GLANCE);
        }
    }

    /// Kills all, also those who are born meanwhile.
    pub fn kill(self) {
        kill_all(|| self.stats());
    }

    /// In what each thread of each process waits for another one, without a
    /// time limit, if all of them do.
    ///
    /// One look is not enough: who is seen to wait may have been woken before
    /// the next is looked at. But who finds the same again later knows that
    /// nobody has run in between, and so nobody ever will by himself.
    #[must_use]
    pub fn standstill(self) -> Option<Standstill> {
        let mut threads = Vec::new();
        for pid in self.members() {
            for task in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
                threads.push(waits(&task.ok()?.path())?);
            }
        }
        (!threads.is_empty()).then_some(Standstill(threads))
    }
}

/// That nobody of a family goes on by himself, and how often each of them has
/// run so far.
#[derive(Debug, PartialEq, Eq)]
pub struct Standstill(Vec<String>);

/// In what the thread waits for ever, and how often it has run; none if it does
/// not wait for ever.
fn waits(thread: &Path) -> Option<String> {
    let call = fs::read_to_string(thread.join("syscall")).ok()?;
    let status = fs::read_to_string(thread.join("status")).ok()?;
    // Who waits for a disk is in the state D.
    let sleeps = status.lines().any(|line| line.starts_with("State:\tS"));
    let runs = status.lines().filter(|line| line.contains("ctxt_switches"));
    let runs: String = runs.collect();
    let name = thread.display();
    (sleeps && waits_for_ever(&call)).then(|| format!("{name} {call}{runs}"))
}

/// What a line of /proc/…/syscall says: the number of the call in which a
/// thread sleeps, and its arguments.
fn waits_for_ever(call: &str) -> bool {
    let mut words = call.split_whitespace();
    let number = words.next().and_then(|word| word.parse::<i64>().ok());
    let arguments: Vec<u64> = words
        .map(|word| word.trim_start_matches("0x"))
        .map(|word| u64::from_str_radix(word, 16).unwrap_or_default())
        .collect();
    let argument = |place: usize| arguments.get(place).copied();
    let number = number.unwrap_or(-1);
    match number {
        // The time limit of these is their fourth argument; none is null.
        nix::libc::SYS_futex => argument(3) == Some(0),
        // That of poll is a number of milliseconds; none is -1.
        nix::libc::SYS_poll => {
            argument(2).is_some_and(|limit| limit & 0xffff_ffff == 0xffff_ffff)
        }
        nix::libc::SYS_ppoll => argument(2) == Some(0),
        nix::libc::SYS_wait4
        | nix::libc::SYS_waitid
        | nix::libc::SYS_read
        | nix::libc::SYS_recvfrom
        | nix::libc::SYS_recvmsg
        | nix::libc::SYS_pause => true,
        _ => false,
    }
}

/// What /proc/…/stat says of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stat {
    pid: i32,
    state: char,
    parent: i32,
    group: i32,
}

impl Stat {
    /// Of all processes of the machine that have not ended.
    pub(crate) fn all() -> Vec<Self> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        let pids = names.filter_map(|name| name.to_str()?.parse().ok());
        let stats = pids.filter_map(Self::of);
        stats.filter(|stat| !stat.has_ended()).collect()
    }

    fn of(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may contain anything.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        Some(Self {
            pid,
            state: fields.next()?.chars().next()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
        })
    }

    fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// Kills those whom `members` tells, also who is born meanwhile.
pub(crate) fn kill_all(members: impl Fn() -> Vec<Stat>) {
    let start = Instant::now();
    while start.elapsed() < GRACE {
        let members = members();
        if members.is_empty() {
            return;
        }
        for stat in members {
            // Whoever is not there any more need not be killed.
            let _ = kill(Pid::from_raw(stat.pid), Signal::SIGKILL);
        }
        thread::sleep(GLANCE);
    }
}

/// Whoever of `all` descends from this process.
pub(crate) fn descendants(all: &[Stat]) -> Vec<Stat> {
    let mut parents = vec![process::id().cast_signed()];
    let mut found = Vec::new();
    while let Some(parent) = parents.pop() {
        let children = all.iter().filter(|stat| stat.parent == parent);
        for child in children {
            parents.push(child.pid);
            found.push(*child);
        }
    }
    found
}

fn describe(pid: i32) -> String {
    let command = fs::read_to_string(format!("/proc/{pid}/cmdline"));
    let command = command.unwrap_or_default().replace('\0', " ");
    format!("{pid} {command}")
}

/// The names in /dev/shm of regions whose makers have ended.
#[must_use]
pub fn regions_left() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/dev/shm") else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok());
    names
        .filter(|name| {
            let maker = name.strip_prefix("multiprocessing-");
            let pid = maker.and_then(|rest| rest.split('-').next());
            pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
        })
        .collect()
}

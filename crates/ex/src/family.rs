//! The processes of one run: a process group of its own.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How long the last of a family may take to be gone after the first.
const GRACE: Duration = Duration::from_secs(1);

/// A process group, whose leader is the program itself.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    leader: i32,
}

/// Starts `command` as the leader of a family of its own, without stdin, with
/// pipes for stdout and stderr.
///
/// # Errors
/// If it cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<(Child, Family)> {
    let child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let family = Family::of(child.id());
    Ok((child, family))
}

impl Family {
    /// The group that `leader` leads.
    #[must_use]
    pub fn of(leader: u32) -> Self {
        Self {
            leader: leader.cast_signed(),
        }
    }

    /// Sends a signal to all.
    pub fn signal(self, signal: Signal) {
        // Nobody is there any more, which is as well.
        let _ = killpg(Pid::from_raw(self.leader), signal);
    }

    /// The pids of those that have not ended.
    #[must_use]
    pub fn members(self) -> Vec<i32> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        let pids = names.filter_map(|name| name.to_str()?.parse().ok());
        pids.filter(|pid| {
            Stat::of(*pid).is_some_and(|stat| {
                stat.group == self.leader && !stat.has_ended()
            })
        })
        .collect()
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
                self.signal(Signal::SIGKILL);
                return left;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether each thread of each process waits for another one, without a
    /// time limit: then nothing will ever happen again by itself.
    #[must_use]
    pub fn is_stuck(self) -> bool {
        let members = self.members();
        !members.is_empty()
            && members.iter().all(|pid| {
                let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task"))
                else {
                    return false;
                };
                tasks.flatten().all(|task| {
                    let call = fs::read_to_string(task.path().join("syscall"));
                    call.is_ok_and(|call| waits_for_ever(&call))
                })
            })
    }
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

struct Stat {
    state: char,
    group: i32,
}

impl Stat {
    fn of(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may contain anything.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let group = fields.nth(1)?.parse().ok()?;
        Some(Self { state, group })
    }

    fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
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

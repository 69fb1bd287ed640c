//! Runs a program and listens at its main thread for points.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};

use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// "explored" in ASCII.
const MARK: u64 = 0x6578_706c_6f72_6564;

/// What a program said that it does, and what the kernel was told.
pub(crate) struct Heard {
    pub(crate) said: Vec<String>,
    pub(crate) points: Vec<String>,
}

/// The first thing that a program does in which points are listened for.
pub(crate) fn wait_for_listener() {
    ptrace::traceme().expect("the parent listens");
    raise(Signal::SIGSTOP).expect("one may stop oneself");
}

/// Says `name`, and does it.
pub(crate) fn operation<T>(name: &str, action: impl FnOnce() -> T) -> T {
    println!("{name}");
    action()
}

/// Runs `program` to its end.
#[expect(clippy::zombie_processes, reason = "`points_of` waits for it")]
pub(crate) fn listen(mut program: Command) -> Heard {
    let program = program.stdout(Stdio::piped()).spawn();
    let program = program.expect("it can be started");
    let points = points_of(program.id().try_into().expect("pids are small"));
    let mut said = String::new();
    let mut stdout = program.stdout.expect("it is a pipe");
    stdout.read_to_string(&mut said).expect("names are UTF-8");
    let said = said.lines().map(String::from).collect();
    Heard { said, points }
}

/// Runs a child that waits for it to its end; the names of its points.
pub(crate) fn points_of(pid: i32) -> Vec<String> {
    let pid = Pid::from_raw(pid);
    let stopped = WaitStatus::Stopped(pid, Signal::SIGSTOP);
    assert_eq!(waitpid(pid, None), Ok(stopped), "it waits for us");
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL;
    ptrace::setoptions(pid, options).expect("it is stopped");

    let (mut points, mut signal, mut begins) = (Vec::new(), None, false);
    let status = loop {
        ptrace::syscall(pid, signal.take()).expect("it is stopped");
        match waitpid(pid, None).expect("it is our child") {
            WaitStatus::PtraceSyscall(_) => {
                begins = !begins;
                points.extend(begins.then(|| point(pid)).flatten());
            }
            WaitStatus::Stopped(_, other) => signal = Some(other),
            status => break status,
        }
    };
    assert_eq!(status, WaitStatus::Exited(pid, 0));
    points
}

/// The name of the point, if the system call that begins is one.
fn point(pid: Pid) -> Option<String> {
    let call = fs::read_to_string(format!("/proc/{pid}/syscall"));
    let call = call.expect("it is stopped");
    let mut words = call.split_whitespace();
    if words.next() != Some(&libc::SYS_sched_yield.to_string()) {
        return None;
    }
    let mut arguments = words.map(|word| {
        let digits = word.strip_prefix("0x").expect("they are in hexadecimal");
        u64::from_str_radix(digits, 16).expect("they are numbers")
    });
    let mut argument = || arguments.next().expect("there are six");
    let (mark, address, len) = (argument(), argument(), argument());
    if mark != MARK {
        return None;
    }
    let mut name = vec![0; len.try_into().expect("names are short")];
    let memory = File::open(format!("/proc/{pid}/mem")).expect("it is ours");
    memory
        .read_exact_at(&mut name, address)
        .expect("it is there");
    Some(String::from_utf8(name).expect("names are UTF-8"))
}

//! What the rows have in common.

use std::fs;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use multiprocessing::{Outcome, Process, RawArray};
use nix::sys::signal::{Signal, kill as signal};
use nix::unistd::Pid;

/// So long somebody has to come to where he waits.
pub(crate) const MOMENT: Duration = Duration::from_millis(50);

/// For what happens soon, but on a busy machine may take its time.
const SOON: Duration = Duration::from_secs(10);

/// Numbers that all processes of a row see.
static BOARD: OnceLock<RawArray<i32>> = OnceLock::new();

/// To be called before a row starts processes.
pub(crate) fn put_up_the_board() {
    let board = RawArray::new([0; 4]).expect("there is memory");
    let _ = BOARD.set(board);
}

fn board() -> &'static RawArray<i32> {
    BOARD.get().expect("it was put up before")
}

/// Puts a number, not 0, on the board.
pub(crate) fn tell(place: usize, number: i32) {
    board().set(place, number).expect("the board has the place");
}

/// Waits for a number on the board.
pub(crate) fn told(place: usize) -> i32 {
    let start = Instant::now();
    loop {
        let number = board().get(place).expect("the board has the place");
        if number != 0 {
            return number;
        }
        assert!(start.elapsed() < SOON, "nobody has told it");
        sleep(Duration::from_millis(1));
    }
}

/// Tells who one is, and does nothing until one is killed.
pub(crate) fn wait_to_be_killed(place: usize) -> ! {
    tell(place, nix::unistd::getpid().as_raw());
    loop {
        nix::unistd::pause();
    }
}

pub(crate) fn started<'a, R: Outcome>(
    target: impl FnOnce() -> R + 'a,
) -> Process<'a> {
    let child = Process::new(target);
    child.start().expect("the process can be started");
    child
}

/// The exit code of a child.
pub(crate) fn in_child<R: Outcome>(target: impl FnOnce() -> R) -> i32 {
    let child = started(target);
    child.join().expect("it was started");
    let exitcode = child.exitcode().expect("it is ours");
    exitcode.expect("it has ended")
}

pub(crate) fn kill(pid: i32) {
    signal(Pid::from_raw(pid), Signal::SIGKILL).expect("it is there");
}

/// Kills a child; it has ended then.
pub(crate) fn kill_child(child: &Process<'_>) {
    child.kill().expect("it is ours");
    child.join().expect("it was started");
}

/// Whether the process still runs.
pub(crate) fn alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

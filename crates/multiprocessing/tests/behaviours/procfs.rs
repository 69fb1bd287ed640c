//! What /proc and /dev/shm tell of processes.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// A line of the kernel's list of processes.
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) session: i32,
    /// Ended, and not waited for by its parent yet.
    pub(crate) zombie: bool,
}

/// Every process that the kernel knows, zombies too.
pub(crate) fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(process)
        .collect()
}

/// The process with this pid, if there is one.
pub(crate) fn process(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets, and may contain brackets.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let zombie = matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    Some(Process {
        pid,
        parent,
        session,
        zombie,
    })
}

/// Whether the process still runs.
pub(crate) fn alive(pid: i32) -> bool {
    process(pid).is_some_and(|process| !process.zombie)
}

/// The zombies that the calling process has not waited for.
pub(crate) fn own_zombies() -> Vec<i32> {
    let own = nix::unistd::getpid().as_raw();
    let children = processes().into_iter().filter(|p| p.parent == own);
    children.filter(|p| p.zombie).map(|p| p.pid).collect()
}

/// The living members of a session.
pub(crate) fn session(leader: i32) -> Vec<i32> {
    let members = processes().into_iter().filter(|p| p.session == leader);
    members.filter(|p| !p.zombie).map(|p| p.pid).collect()
}

/// How many descriptors the calling process has open.
pub(crate) fn open_descriptors() -> usize {
    // One of them is the directory's own.
    descriptors_of(nix::unistd::getpid().as_raw()) - 1
}

/// How many descriptors the process has open.
pub(crate) fn descriptors_of(pid: i32) -> usize {
    let entries = fs::read_dir(format!("/proc/{pid}/fd"));
    entries.expect("the process is there").count()
}

/// As [`descriptors_of`], once the number has stayed for a while: who serves has
/// some more for a moment, also after it has answered.
pub(crate) fn descriptors_at_rest(pid: i32) -> usize {
    let (mut number, mut looks) = (descriptors_of(pid), 0);
    while looks < 10 {
        thread::sleep(Duration::from_millis(2));
        let now = descriptors_of(pid);
        looks = if now == number { looks + 1 } else { 0 };
        number = now;
    }
    number
}

/// The children of the calling process, zombies too.
pub(crate) fn children() -> Vec<i32> {
    let own = nix::unistd::getpid().as_raw();
    let children = processes().into_iter().filter(|p| p.parent == own);
    children.map(|p| p.pid).collect()
}

/// The children of the calling process whose name is `name`.
pub(crate) fn children_named(name: &str) -> Vec<i32> {
    let is_named = |&pid: &i32| {
        let comm = fs::read_to_string(format!("/proc/{pid}/comm"));
        comm.is_ok_and(|comm| comm.trim_end() == name)
    };
    children().into_iter().filter(is_named).collect()
}

/// The names in /dev/shm of regions that the process `pid` has made.
pub(crate) fn regions_of(pid: u32) -> Vec<PathBuf> {
    let begin = format!("/dev/shm/multiprocessing-{pid}-");
    let entries = fs::read_dir("/dev/shm").expect("/dev/shm is mounted");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| path.to_string_lossy().starts_with(&begin))
        .collect()
}

/// How many bytes of memory the process has touched.
pub(crate) fn memory(pid: i32) -> usize {
    const PAGE: usize = 4096;
    let path = format!("/proc/{pid}/statm");
    let statm = fs::read_to_string(path).expect("the process is there");
    let resident = statm.split_whitespace().nth(1);
    let pages: usize = resident.and_then(|n| n.parse().ok()).expect("a number");
    pages * PAGE
}

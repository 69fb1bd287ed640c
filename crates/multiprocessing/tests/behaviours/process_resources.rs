//! What a start takes, and that all of it is given back.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use multiprocessing::{Error, Pool, Process, Queue, Result, active_children};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::harness::{Test, list};
use crate::pool_tasks::square;
use crate::procfs::{alive, open_descriptors, own_zombies};
use crate::support::{
    SOON, eventually, in_child, in_child_of_a_user, joined, sleep_for_ever,
    started,
};

pub(crate) const TESTS: &[Test] = list![
    b020_what_moves_into_the_child_is_closed_in_the_parent,
    b020_a_target_that_was_never_started_is_dropped_with_its_process,
    b040_a_start_without_room_for_a_process_leaves_nothing_behind,
    b040_a_start_without_room_for_a_descriptor_leaves_nothing_behind,
    b040_with_room_for_one_descriptor_the_child_runs,
    starts_leave_nothing_behind,
    who_is_never_joined_is_no_zombie_for_long,
    b036_a_child_has_no_descriptors_of_its_siblings,
    b037_a_child_has_the_descriptors_of_its_parent,
    b038_a_child_may_have_a_pool_and_a_queue,
];

fn b020_what_moves_into_the_child_is_closed_in_the_parent() {
    let (mut reader, writer) = std::io::pipe().expect("there is room");
    let child = Process::new(move || {
        std::io::Write::write_all(&mut &writer, b"hello").expect("it is read");
    });
    child.start().expect("it can be started");
    let mut text = String::new();
    // Without an end, if the parent kept the writer.
    reader.read_to_string(&mut text).expect("the pipe works");
    assert_eq!(text, "hello");
    assert_eq!(joined(&child), 0);
}

fn b020_a_target_that_was_never_started_is_dropped_with_its_process() {
    let (mut reader, writer) = std::io::pipe().expect("there is room");
    let child = Process::new(move || drop(writer));
    drop(child);
    assert_eq!(reader.read(&mut [0]).ok(), Some(0));
}

/// Runs `refused` while the soft limit of `resource` is `limit`.
pub(crate) fn limited<T>(
    resource: Resource,
    limit: usize,
    refused: impl FnOnce() -> T,
) -> T {
    let (soft, hard) = getrlimit(resource).expect("it has a limit");
    let limit = limit.try_into().expect("it is small");
    setrlimit(resource, limit, hard).expect("it can be lowered");
    let result = refused();
    setrlimit(resource, soft, hard).expect("it can be raised again");
    result
}

fn is_refused(start: &Result<()>) -> bool {
    matches!(start, Err(Error::System { .. }))
}

/// Tries to start under the limit, and again without it.
fn fails_and_may_be_tried_again(resource: Resource, limit: usize) {
    let child = Process::new(|| 6);
    let before = open_descriptors();
    for _ in 0..20 {
        let start = limited(resource, limit, || child.start());
        assert!(is_refused(&start), "{start:?}");
        assert_eq!(child.pid().ok(), Some(None));
        assert!(active_children().is_empty());
        assert!(own_zombies().is_empty());
        assert_eq!(open_descriptors(), before);
    }
    child.start().expect("there is room again");
    assert_eq!(joined(&child), 6);
}

fn b040_a_start_without_room_for_a_process_leaves_nothing_behind() {
    let exitcode = in_child_of_a_user(|| {
        fails_and_may_be_tried_again(Resource::RLIMIT_NPROC, 1);
    });
    assert_eq!(exitcode, 0);
}

/// The lowest number that is free.
pub(crate) fn next_descriptor() -> usize {
    let file = File::open("/dev/null").expect("there is room");
    usize::try_from(file.as_raw_fd()).expect("it is open")
}

fn b040_a_start_without_room_for_a_descriptor_leaves_nothing_behind() {
    fails_and_may_be_tried_again(Resource::RLIMIT_NOFILE, next_descriptor());
}

fn b040_with_room_for_one_descriptor_the_child_runs() {
    let child = Process::new(|| 6);
    let room = next_descriptor() + 1;
    let start = limited(Resource::RLIMIT_NOFILE, room, || child.start());
    start.expect("one descriptor is enough");
    assert_eq!(joined(&child), 6);
}

/// A thousand starts, or as many as `MP_STARTS` says.
fn starts_leave_nothing_behind() {
    let starts = std::env::var("MP_STARTS").ok();
    let starts = starts.map(|count| count.parse().expect("a number"));
    in_child(|| ());
    let before = open_descriptors();
    for number in 0..starts.unwrap_or(1_000) {
        let code = number % 256;
        let child = started(|| code);
        assert_eq!(joined(&child), code);
        if number % 2 == 0 {
            child.close().expect("it has ended");
            child.close().expect("a second close is fine");
        }
    }
    assert_eq!(open_descriptors(), before);
    assert!(own_zombies().is_empty());
    assert!(active_children().is_empty());
}

fn who_is_never_joined_is_no_zombie_for_long() {
    let before = open_descriptors();
    for _ in 0..100 {
        let child = started(|| ());
        let pid = child.pid().ok().flatten().expect("it was started");
        drop(child);
        eventually(SOON, || !alive(pid));
    }
    // The next start waits for those who have ended.
    assert!(own_zombies().len() <= 1);
    assert!(open_descriptors() <= before + 1);
}

fn b036_a_child_has_no_descriptors_of_its_siblings() {
    let before = open_descriptors();
    for _ in 0..20 {
        started(|| sleep_for_ever());
    }
    assert_eq!(open_descriptors(), before + 20);
    // The child has one of its parent instead.
    let exitcode = in_child(|| assert_eq!(open_descriptors(), before + 1));
    assert_eq!(exitcode, 0);
    for child in active_children() {
        child.kill().expect("it can be killed");
    }
}

fn b037_a_child_has_the_descriptors_of_its_parent() {
    let (mut reader, writer) = std::io::pipe().expect("there is room");
    let number = writer.as_raw_fd();
    let exitcode = in_child(|| {
        assert!(Path::new(&format!("/proc/self/fd/{number}")).exists());
        (&writer).write_all(b"from the child").expect("it is read");
    });
    assert_eq!(exitcode, 0);
    drop(writer);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("the pipe works");
    assert_eq!(text, "from the child");
}

fn b038_a_child_may_have_a_pool_and_a_queue() {
    let exitcode = in_child(|| -> Result<()> {
        let queue = Queue::bounded(1)?;
        let child = started(|| queue.put(9));
        assert_eq!(queue.get()?, 9);
        assert_eq!(joined(&child), 0);
        let pool = Pool::new(2)?;
        assert_eq!(pool.map(square, [1, 2, 3])?, [1, 4, 9]);
        Ok(())
    });
    assert_eq!(exitcode, 0);
}

//! The memory of queues: where there is little of it, where much of it has
//! passed, and that it is given back.

use std::collections::VecDeque;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

use multiprocessing::{
    Array, Error, Lock, Queue, Result, Semaphore, Value, current_process,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal};
use nix::sys::statvfs::statvfs;

use crate::harness::{Test, list};
use crate::items::Item;
use crate::mounts::{self, tmpfs};
use crate::support::{in_child, on_signal};

pub(crate) const TESTS: &[Test] = list![
    a_queue_full_to_the_last_byte_loses_nothing unless lacks,
    a_queue_that_is_never_empty_goes_round,
    memory_of_a_drained_queue_is_given_back,
    memory_of_a_queue_kept_short_stays_small,
    memory_of_what_is_dropped_is_given_back,
    without_room_for_a_region_nothing_is_made,
    a_full_dev_shm_is_an_error_and_may_be_tried_again unless mounts::lacks,
];

const MEBIBYTE: usize = 1 << 20;
const RING: usize = 1 << 30;

/// The bytes of memory that the queues of this process take.
pub(crate) fn memory_of_queues() -> u64 {
    let descriptors = fs::read_dir("/proc/self/fd").expect("it is mounted");
    let mut regions: Vec<_> = descriptors
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let target = fs::read_link(&path).ok()?;
            let ours = target.to_str()?.starts_with("/dev/shm/multiprocessing");
            let file = fs::metadata(path).ok()?;
            let is_queue = ours && file.len() > RING as u64;
            is_queue.then(|| (file.ino(), file.blocks() * 512))
        })
        .collect();
    // A region may have more than one descriptor.
    regions.sort_unstable();
    regions.dedup();
    regions.iter().map(|(_, bytes)| bytes).sum()
}

/// Why there cannot be a whole ring here.
fn lacks() -> Option<&'static str> {
    let system = statvfs("/dev/shm").expect("it is mounted");
    let free = system.blocks_available() * system.fragment_size();
    (free <= 2 * RING as u64).then_some("/dev/shm has less than 2 GiB left")
}

fn unbounded<T>() -> Queue<T> {
    Queue::unbounded().expect("there is memory for a queue")
}

/// Items of a queue and, as a model of it, their numbers.
struct Checked {
    queue: Queue<Item>,
    numbers: VecDeque<usize>,
    next: usize,
}

impl Checked {
    fn new() -> Self {
        // The C library keeps as much as is freed at once from now on.
        drop(vec![1_u8; 31 * MEBIBYTE]);
        Self {
            queue: unbounded(),
            numbers: VecDeque::new(),
            next: 0,
        }
    }

    fn try_put(&mut self, len: usize) -> Result<()> {
        self.queue.try_put(Item::new(1, self.next, len))?;
        self.numbers.push_back(self.next);
        self.next += 1;
        Ok(())
    }

    #[track_caller]
    fn get(&mut self) {
        let item = self.queue.try_get().expect("it is there");
        item.check();
        assert_eq!(Some(item.number), self.numbers.pop_front());
    }
}

fn a_queue_full_to_the_last_byte_loses_nothing() {
    let mut queue = Checked::new();
    // The ring begins, and so ends, in the middle of a piece of memory.
    for len in [40_000, 30_000] {
        queue.try_put(len).expect("there is room");
    }
    queue.get();
    for len in [8 * MEBIBYTE, 100_000, 1_000, 10] {
        while queue.try_put(len).is_ok() {}
    }
    assert!(matches!(queue.try_put(10), Err(Error::Full)));
    while !queue.numbers.is_empty() {
        queue.get();
    }
    assert!(matches!(queue.queue.try_get(), Err(Error::Empty)));
    assert!(memory_of_queues() < MEBIBYTE as u64);
}

fn a_queue_that_is_never_empty_goes_round() {
    let mut queue = Checked::new();
    let mut passed = 0;
    queue.try_put(8 * MEBIBYTE).expect("there is room");
    while passed < RING + 32 * MEBIBYTE {
        for len in [8 * MEBIBYTE, 77] {
            queue.try_put(len).expect("there is room");
            queue.get();
            passed += len;
        }
        assert!(memory_of_queues() < 32 * MEBIBYTE as u64);
    }
    queue.get();
    assert!(queue.numbers.is_empty());
}

fn memory_of_a_drained_queue_is_given_back() {
    let mut queue = Checked::new();
    for _ in 0..64 {
        queue.try_put(MEBIBYTE).expect("there is room");
    }
    assert!(memory_of_queues() >= 64 * MEBIBYTE as u64);
    for _ in 0..32 {
        queue.get();
    }
    assert!(memory_of_queues() < 33 * MEBIBYTE as u64);
    for _ in 0..32 {
        queue.get();
    }
    assert!(memory_of_queues() < MEBIBYTE as u64);
}

fn memory_of_a_queue_kept_short_stays_small() {
    let mut queue = Checked::new();
    for len in (0..5_000).cycle().take(20_000) {
        queue.try_put(len).expect("there is room");
        queue.get();
    }
    assert!(memory_of_queues() < MEBIBYTE as u64);
}

fn memory_of_what_is_dropped_is_given_back() {
    let before = crate::procfs::open_descriptors();
    for _ in 0..200 {
        let queue = unbounded();
        queue.put(vec![7_u8; 1_000]).expect("there is room");
        drop((Lock::new(), Semaphore::new(1), Value::new(1)));
        drop(Array::<u8>::zeroed(MEBIBYTE));
    }
    assert_eq!(memory_of_queues(), 0);
    assert_eq!(crate::procfs::open_descriptors(), before);
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) {
    match result {
        Err(Error::System { action, source }) => {
            assert!(action.contains("/dev/shm"), "{action}");
            assert_eq!(source.kind(), kind);
        }
        other => panic!("{other:?}"),
    }
}

fn without_room_for_a_region_nothing_is_made() {
    let exitcode = in_child(|| {
        on_signal(Signal::SIGXFSZ, SigHandler::SigIgn);
        let own = format!("multiprocessing-{}-", current_process().pid());
        let is_left = || {
            let names = fs::read_dir("/dev/shm").expect("it is mounted");
            let names = names.filter_map(|entry| Some(entry.ok()?.file_name()));
            names
                .filter_map(|name| name.into_string().ok())
                .any(|name| name.starts_with(&own))
        };
        let descriptors = crate::procfs::open_descriptors();
        let limit = Resource::RLIMIT_FSIZE;
        let (soft, hard) = getrlimit(limit).expect("there is one");
        setrlimit(limit, 16, hard).expect("it can be lowered");
        for _ in 0..10 {
            is_refused(Queue::<u8>::unbounded(), ErrorKind::FileTooLarge);
            is_refused(Lock::new(), ErrorKind::FileTooLarge);
            is_refused(Array::new([1; 100]), ErrorKind::FileTooLarge);
        }
        assert!(Value::new(1_u64).is_err());
        setrlimit(limit, soft, hard).expect("it can be raised again");
        assert_eq!(crate::procfs::open_descriptors(), descriptors);
        assert!(!is_left());
        let queue = unbounded();
        queue.try_put(1).expect("there is room again");
        assert_eq!(queue.try_get().expect("it is there"), 1);
    });
    assert_eq!(exitcode, 0);
}

fn a_full_dev_shm_is_an_error_and_may_be_tried_again() {
    let exitcode = in_child(|| {
        tmpfs("/dev/shm", "size=1m");
        with_a_mebibyte_of_dev_shm();
    });
    assert_eq!(exitcode, 0);
}

fn with_a_mebibyte_of_dev_shm() {
    let full = ErrorKind::StorageFull;
    let queue = unbounded();
    let text = "x".repeat(MEBIBYTE / 2);
    for _ in 0..20 {
        queue.put(text.clone()).expect("there is room");
        for _ in 0..3 {
            is_refused(queue.put(text.clone()), full);
            is_refused(queue.try_put(text.clone()), full);
            assert_eq!(queue.qsize().expect("its owners live"), 1);
        }
        queue.put("short".into()).expect("there is room for it");
        assert!(queue.get().expect("it is there") == text);
        assert_eq!(queue.get().expect("it is there"), "short");
    }
    is_refused(Array::<u8>::zeroed(2 * MEBIBYTE), full);
    let mut locks = Vec::new();
    let refused = loop {
        match Lock::new() {
            Ok(lock) => locks.push(lock),
            Err(refused) => break refused,
        }
    };
    is_refused(Err::<(), _>(refused), full);
    is_refused(Queue::<u8>::unbounded(), full);
    is_refused(queue.put(text.clone()), full);
    assert!(locks.iter().all(|lock| lock.try_acquire().is_ok()));
    for lock in &locks {
        lock.release().expect("it is ours");
    }
    drop(locks);
    queue.put(text).expect("there is room again");
    drop(Queue::<u8>::unbounded().expect("there is room again"));
}

//! Calls where there is less and less of something: each one works, or is an
//! error that names the limit; either way all is as before, and the call works
//! once there is enough again.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use multiprocessing::{Error, Result};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::procfs::{children, regions_of};
use crate::support::in_child;

/// Something made, used, and given back.
pub(crate) type Call<'a> = &'a dyn Fn() -> Result<()>;

/// What there may be too little of.
pub(crate) struct Scarce<'a> {
    /// What an error has to speak of, all of it.
    pub(crate) words: &'a [&'a str],
    /// How much there is to be, from nothing up to what is enough for all.
    pub(crate) rooms: &'a [u64],
    /// Lets there be so much.
    pub(crate) limit: &'a dyn Fn(u64),
    /// Lets there be as much as before.
    pub(crate) lift: &'a dyn Fn(),
}

impl Scarce<'_> {
    /// Tries `call` with less than it needs, and more and more, in a process
    /// of its own, to which nothing else happens.
    #[track_caller]
    pub(crate) fn try_each(&self, calls: &[(&str, Call<'_>)]) {
        for (name, call) in calls {
            let exitcode = in_child(|| {
                let refusals = self.try_one(name, call);
                println!("{name}: refused {refusals} times");
                assert!(refusals > 0, "{name}");
            });
            assert_eq!(exitcode, 0, "{name}");
        }
    }

    /// How often there was too little.
    #[track_caller]
    fn try_one(&self, name: &str, call: Call<'_>) -> usize {
        // What is made once for the whole process.
        call().unwrap_or_else(|error| panic!("{name}: {error}"));
        let before = Belongings::now();
        let mut refusals = 0;
        // A second and a third success, since less is needed where more fails.
        let mut successes = 0;
        for &room in self.rooms {
            (self.limit)(room);
            let result = call();
            (self.lift)();
            let place = format!("{name} with room for {room}");
            assert_eq!(Belongings::now(), before, "{place}: {result:?}");
            match result {
                Ok(()) => successes += 1,
                Err(error) => {
                    self.is_explained(&error, &place);
                    refusals += 1;
                }
            }
            call().unwrap_or_else(|error| panic!("after {place}: {error}"));
            if successes == 3 {
                return refusals;
            }
        }
        panic!("{name}: there was never enough");
    }

    #[track_caller]
    fn is_explained(&self, error: &Error, place: &str) {
        let text = error.to_string();
        for word in self.words {
            assert!(text.contains(word), "{place}: {error:?}: {text}");
        }
    }
}

/// A limit of the calling process for `resource`: `base`, and so much more.
pub(crate) fn with_limit(
    resource: Resource,
    base: impl Fn() -> u64,
    words: &[&str],
    rooms: &[u64],
    run: impl FnOnce(&Scarce<'_>),
) {
    let (soft, hard) = getrlimit(resource).expect("it has a limit");
    let limit = |room| {
        setrlimit(resource, base() + room, hard).expect("it can be lowered");
    };
    let lift =
        || setrlimit(resource, soft, hard).expect("it can be raised again");
    run(&Scarce {
        words,
        rooms,
        limit: &limit,
        lift: &lift,
    });
}

/// What the calling process has from the system.
#[derive(Debug, PartialEq, Eq)]
struct Belongings {
    descriptors: BTreeMap<PathBuf, PathBuf>,
    /// Of shared memory.
    mappings: usize,
    threads: usize,
    children: Vec<i32>,
    regions: Vec<PathBuf>,
}

impl Belongings {
    fn now() -> Self {
        let entries = fs::read_dir("/proc/self/fd").expect("it is mounted");
        let descriptors = entries.filter_map(|entry| {
            let path = entry.ok()?.path();
            // The listing's own is gone when it is looked at.
            let target = fs::read_link(&path).ok()?;
            let listing = target.ends_with("fd");
            (!listing).then_some((path, target))
        });
        let maps = fs::read_to_string("/proc/self/maps");
        let maps = maps.expect("it is mounted");
        let is_shared = |line: &&str| line.contains("/dev/shm/");
        let threads = fs::read_dir("/proc/self/task").expect("it is mounted");
        Self {
            descriptors: descriptors.collect(),
            mappings: maps.lines().filter(is_shared).count(),
            threads: threads.count(),
            children: children(),
            regions: regions_of(std::process::id()),
        }
    }
}

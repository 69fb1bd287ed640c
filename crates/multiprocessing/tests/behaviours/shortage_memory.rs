//! Where there is little memory: of a process (`RLIMIT_AS`), in `/dev/shm`, or
//! on the disk.

use std::fs::{self, File};
use std::path::Path;

use multiprocessing::connection::Listener;
use nix::fcntl::posix_fallocate;
use nix::sys::resource::Resource::RLIMIT_AS;

use crate::harness::{Test, list};
use crate::mounts::{self, tmpfs};
use crate::shortage::{Call, Scarce, with_limit};
use crate::shortage_calls::SHARED;
use crate::support::in_child;

pub(crate) const TESTS: &[Test] = list![
    what_is_shared_is_made_or_names_the_limit_of_memory,
    what_is_shared_is_made_or_names_dev_shm unless mounts::lacks,
    what_is_shared_is_made_or_names_dev_shm_without_a_file unless mounts::lacks,
    a_listener_is_made_or_names_the_disk unless mounts::lacks,
];

const PAGE: u64 = 4096;

/// The bytes of the calling process's address space.
fn address_space() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").expect("it is mounted");
    let pages = statm.split(' ').next().and_then(|size| size.parse().ok());
    pages.map(|pages: u64| pages * PAGE).expect("a number")
}

fn what_is_shared_is_made_or_names_the_limit_of_memory() {
    // A queue takes a gibibyte of addresses.
    let powers = (12..40).map(|power| 1 << power);
    let rooms: Vec<_> = std::iter::once(0).chain(powers).collect();
    with_limit(RLIMIT_AS, address_space, &["RLIMIT_AS"], &rooms, |scarce| {
        scarce.try_each(SHARED);
    });
}

/// Fills the file system at `place`, which has `size` pages, but for some.
fn in_a_full(place: &str, size: u64, run: impl Fn(&Scarce<'_>)) {
    let filler = Path::new(place).join("filler");
    let fill = |room| {
        let filler = File::create(&filler).expect("the disk has room");
        let len: u64 = (size - room) * PAGE;
        posix_fallocate(&filler, 0, len.cast_signed()).expect("as much");
    };
    run(&Scarce {
        words: &[place, "full"],
        rooms: &(0..60).collect::<Vec<_>>(),
        limit: &fill,
        lift: &|| fs::remove_file(&filler).expect("it is there"),
    });
}

/// Fills the file system at `place`, which may have `most` files, but for some.
fn in_a_full_directory(place: &Path, most: u64, run: impl Fn(&Scarce<'_>)) {
    let filler = |number: u64| place.join(number.to_string());
    let fill = |room| {
        for number in 0..most - room {
            File::create(filler(number)).expect("as many");
        }
    };
    let empty = || {
        for number in 0..most {
            // Some were not there.
            let _ = fs::remove_file(filler(number));
        }
    };
    run(&Scarce {
        words: &[&place.to_string_lossy(), "full"],
        rooms: &(0..most).collect::<Vec<_>>(),
        limit: &fill,
        lift: &empty,
    });
}

fn what_is_shared_is_made_or_names_dev_shm() {
    let exitcode = in_child(|| {
        tmpfs("/dev/shm", "size=1m");
        in_a_full("/dev/shm", 256, |scarce| scarce.try_each(SHARED));
    });
    assert_eq!(exitcode, 0);
}

fn what_is_shared_is_made_or_names_dev_shm_without_a_file() {
    let exitcode = in_child(|| {
        // One of them is the directory itself.
        tmpfs("/dev/shm", "nr_inodes=9");
        in_a_full_directory("/dev/shm".as_ref(), 8, |scarce| {
            scarce.try_each(SHARED);
        });
    });
    assert_eq!(exitcode, 0);
}

fn a_listener_is_made_or_names_the_disk() {
    let exitcode = in_child(|| {
        let place = std::env::temp_dir();
        tmpfs(&place, "nr_inodes=9");
        in_a_full_directory(&place, 8, |scarce| {
            let listen: Call<'_> = &|| Listener::new().map(Listener::close);
            scarce.try_each(&[("Listener", listen)]);
        });
        let left = fs::read_dir(place).expect("it is there");
        assert_eq!(left.count(), 0);
    });
    assert_eq!(exitcode, 0);
}

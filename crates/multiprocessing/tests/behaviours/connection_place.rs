//! What a listener leaves in the file system: nothing, and what it makes of
//! what others have left.

use std::fs::{self, File, FileTimes};
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use multiprocessing::connection::{Address, Client, Listener};
use multiprocessing::{Error, Pipe, Process, Result};
use rand::{SeedableRng, rngs::SmallRng};

use crate::connection::{bound, enter_scratch, private};
use crate::harness::{Test, list};
use crate::support::{
    in_child, joined, killed, seed, sleep_for_ever, spin, started,
};

pub(crate) const TESTS: &[Test] = list![
    a_listener_without_an_address_has_a_directory_for_this_user,
    a_path_is_removed_at_the_end,
    a_path_that_is_somebody_elses_by_then_is_left,
    the_path_of_a_killed_process_is_taken,
    a_listener_killed_at_any_moment_is_no_obstacle,
    of_those_who_want_a_path_left_behind_one_gets_it,
    a_file_that_is_no_socket_is_left,
    a_socket_of_another_kind_is_left,
    the_directory_of_a_killed_process_is_removed,
    the_directory_of_a_living_process_is_left,
];

#[track_caller]
fn path_of(listener: &Listener) -> PathBuf {
    match listener.address() {
        Address::Unix(path) => path.clone(),
        Address::Tcp(_) => panic!("{listener:?} has no path"),
    }
}

/// The mode of a file, without its type.
#[track_caller]
fn mode(path: &Path) -> u32 {
    let found = fs::symlink_metadata(path).expect("it is there");
    found.permissions().mode() & 0o777
}

#[track_caller]
fn in_use<T>(result: Result<T>) {
    match result.map(drop) {
        Err(Error::System { source, .. }) => {
            assert_eq!(source.kind(), ErrorKind::AddrInUse);
        }
        other => panic!("{other:?}"),
    }
}

/// A process that has made a listener and keeps it, and where that is.
#[track_caller]
fn listening<'a>(
    make: impl FnOnce() -> Listener + 'a,
) -> (Process<'a>, PathBuf) {
    let (news, tell) = Pipe::one_way().expect("two descriptors");
    let child = started(move || {
        let listener = make();
        tell.send(&path_of(&listener)).expect("send");
        sleep_for_ever();
    });
    (child, news.recv().expect("a path"))
}

fn here() -> &'static Path {
    enter_scratch();
    Path::new("here")
}

fn a_listener_without_an_address_has_a_directory_for_this_user() {
    let listener = private();
    let path = path_of(&listener);
    let directory = path.parent().expect("it has one");
    assert_eq!((mode(directory), mode(&path)), (0o700, 0o600));
    assert_ne!(path_of(&private()).parent(), Some(directory));
    listener.close();
    assert!(!directory.exists());
}

fn a_path_is_removed_at_the_end() {
    let here = here();
    for _ in 0..2 {
        let listener = bound(here);
        assert_eq!(mode(here), 0o600);
        let absolute = fs::canonicalize(here).expect("it is there");
        // Also by a process that has moved on.
        std::env::set_current_dir("/").expect("every system has it");
        drop(listener);
        assert!(!absolute.exists());
        enter_scratch();
    }
    // Not by a child that has borrowed it.
    let listener = bound(here);
    assert_eq!(
        in_child(|| assert!(listener.address().to_string() == "here")),
        0
    );
    assert!(here.exists());
}

fn a_path_that_is_somebody_elses_by_then_is_left() {
    let here = here();
    let listener = bound(here);
    fs::remove_file(here).expect("it is ours");
    fs::write(here, "new").expect("the directory is ours");
    listener.close();
    assert_eq!(fs::read_to_string(here).expect("it is there"), "new");
}

fn the_path_of_a_killed_process_is_taken() {
    let here = here();
    let (child, path) = listening(|| bound(here));
    assert_eq!(path, here);
    in_use(Listener::bind(here));
    killed(&child);
    assert!(here.exists());
    let listener = bound(here);
    let child = started(|| Client::new(here).connect()?.send("hello"));
    let connection = listener.accept().expect("the child comes");
    assert_eq!(connection.recv::<String>().expect("recv"), "hello");
    assert_eq!(joined(&child), 0);
}

fn a_listener_killed_at_any_moment_is_no_obstacle() {
    let here = here();
    let mut random = SmallRng::seed_from_u64(seed());
    for _ in 0..100 {
        let (begins, begin) = Pipe::one_way().expect("two descriptors");
        let child = started(move || {
            begin.send(&()).expect("send");
            loop {
                bound(here).close();
            }
        });
        begins.recv::<()>().expect("it begins");
        spin(&mut random, 50_000);
        killed(&child);
        bound(here).close();
    }
}

fn of_those_who_want_a_path_left_behind_one_gets_it() {
    let here = here();
    let seed = seed();
    killed(&listening(|| bound(here)).0);
    for round in 0..30 {
        let mut children = Vec::new();
        for rival in 0..4 {
            let (news, tell) = Pipe::one_way().expect("two descriptors");
            let child = started(move || {
                let seed = seed.wrapping_add(round * 4 + rival);
                spin(&mut SmallRng::seed_from_u64(seed), 100_000);
                let listener = Listener::bind(here);
                tell.send(&listener.is_ok()).expect("send");
                match listener {
                    Ok(_listener) => sleep_for_ever(),
                    refused => in_use(refused),
                }
            });
            children.push((child, news));
        }
        let got = |(_, news): &(_, multiprocessing::Connection)| {
            news.recv::<bool>().expect("it has tried")
        };
        let winners: Vec<_> = children.iter().map(got).collect();
        let count = winners.iter().filter(|won| **won).count();
        assert_eq!(count, 1, "in round {round}");
        for ((child, _), won) in children.iter().zip(winners) {
            match won {
                // And leaves the path behind, for the next round.
                true => killed(child),
                false => assert_eq!(joined(child), 0),
            }
        }
    }
}

fn a_file_that_is_no_socket_is_left() {
    let here = here();
    fs::write(here, "text").expect("the directory is ours");
    in_use(Listener::bind(here));
    assert_eq!(fs::read_to_string(here).expect("it is there"), "text");
    // Nor is what a link leads to.
    killed(&listening(|| bound(Path::new("there"))).0);
    symlink("there", "link").expect("the directory is ours");
    in_use(Listener::bind(Path::new("link")));
    assert!(Path::new("there").exists());
}

fn a_socket_of_another_kind_is_left() {
    let here = here();
    let _socket = UnixDatagram::bind(here).expect("the directory is ours");
    in_use(Listener::bind(here));
    assert!(here.exists());
}

/// Lets a directory look as if nothing had been changed in it for long.
#[track_caller]
fn make_old(directory: &Path) {
    let long_ago = SystemTime::now() - Duration::from_mins(2);
    let directory = File::open(directory).expect("it is there");
    let times = FileTimes::new().set_modified(long_ago);
    directory.set_times(times).expect("it is ours");
}

/// Makes a listener in a process that has made none yet, as the first of a
/// program does.
#[track_caller]
fn make_another() {
    assert_eq!(in_child(|| private().close()), 0);
}

fn the_directory_of_a_killed_process_is_removed() {
    let (child, path) = listening(private);
    let directory = path.parent().expect("it has one");
    killed(&child);
    // It might be one that is being made.
    make_another();
    assert!(path.exists());
    make_old(directory);
    make_another();
    assert!(!directory.exists());
}

fn the_directory_of_a_living_process_is_left() {
    let (child, path) = listening(private);
    make_old(path.parent().expect("it has one"));
    make_another();
    assert!(path.exists());
    // It was its life that mattered.
    killed(&child);
    make_another();
    assert!(!path.exists());
}

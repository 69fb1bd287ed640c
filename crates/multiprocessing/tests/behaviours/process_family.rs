//! Parents, children and grandchildren: who sees whom, and who outlives whom.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use multiprocessing::{Process, current_process, parent_process};
use nix::sys::signal::{SigHandler, Signal, raise};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::procfs::{alive, session};
use crate::support::{
    SOON, eventually, in_child, is_told, joined, on_signal, scratch, seed,
    sleep_for_ever, started, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    b005_a_grandchild_sees_its_parent_end,
    b005_a_parent_that_has_ended_already_is_seen_as_ended,
    b016_children_have_children_depth_first,
    a_killed_parent_takes_its_children_along,
    an_aborted_parent_takes_its_children_along,
    a_parent_killed_at_any_moment_takes_its_children_along,
    who_outlives_its_parent_goes_on,
    a_closed_stdout_ends_the_family_when_the_main_process_writes,
    a_closed_stdout_ends_the_family_when_a_child_writes,
    a_closed_stdout_ends_the_family_when_a_grandchild_writes,
    an_ignored_sigpipe_stays_ignored_in_a_child,
    a_handled_sigpipe_stays_handled_in_a_child,
];

/// A child that tells its pid as `name` and sleeps.
fn sleeper<'a>(name: &'static str) -> Process<'a> {
    Process::new(move || {
        tell(name, current_process().pid());
        sleep_for_ever();
    })
}

fn b005_a_grandchild_sees_its_parent_end() {
    let child = started(|| {
        let grandchild = Process::new(|| {
            let parent = parent_process().expect("it has one");
            assert!(parent.is_alive().expect("it can be asked"));
            let ended = parent.join_timeout(Duration::ZERO);
            assert!(!ended.expect("it can be waited for"));
            tell("waiting", current_process().pid());
            assert!(parent.join_timeout(SOON).expect("as above"));
            assert!(!parent.is_alive().expect("as above"));
            parent.join().expect("it may be joined many times");
            tell("seen", "yes");
        });
        let grandchild = grandchild.outliving_parent();
        grandchild.start().expect("it can be started");
        sleep_for_ever();
    });
    let grandchild = told("waiting");
    child.terminate().expect("it can be terminated");
    assert_eq!(joined(&child), -15);
    assert_eq!(told::<String>("seen"), "yes");
    eventually(SOON, || !alive(grandchild));
}

fn b005_a_parent_that_has_ended_already_is_seen_as_ended() {
    for round in 0..30 {
        let seen = format!("seen-{round}");
        let child = started(|| {
            let grandchild = Process::new(|| {
                let parent = parent_process().expect("it had one");
                parent.join().expect("it can be waited for");
                assert!(!parent.is_alive().expect("it can be asked"));
                tell(&seen, "yes");
            });
            let grandchild = grandchild.outliving_parent();
            grandchild.start().expect("it can be started");
            raise(Signal::SIGKILL).expect("one may kill oneself");
        });
        assert_eq!(joined(&child), -9);
        assert_eq!(told::<String>(&seen), "yes");
    }
}

fn b016_children_have_children_depth_first() {
    fn family(file: &File, identity: &[u32]) {
        let line = format!("{identity:?}\n");
        let mut file = file;
        file.write_all(line.as_bytes()).expect("the disk has room");
        if identity.len() == 2 {
            return;
        }
        for number in 0..2 {
            let identity = [identity, &[number]].concat();
            assert_eq!(in_child(|| family(file, &identity)), 0);
        }
    }
    let path = scratch("order");
    family(&File::create(&path).expect("the disk has room"), &[]);
    let order = std::fs::read_to_string(path).expect("it was made");
    let expected = ["[]", "[0]", "[0, 0]", "[0, 1]", "[1]", "[1, 0]", "[1, 1]"];
    assert_eq!(order.lines().collect::<Vec<_>>(), expected);
}

/// A main process with a daemon and a child that has a child, which tells
/// when all are there; then `end`.
fn family<'a>(end: impl FnOnce() + 'a) -> Process<'a> {
    started(move || {
        let daemon = sleeper("daemon").with_daemon(true);
        daemon.start().expect("it can be started");
        let _child = started(|| {
            let _grandchild = sleeper("grandchild").start();
            tell("child", current_process().pid());
            sleep_for_ever();
        });
        for name in MEMBERS {
            told::<i32>(name);
        }
        end();
    })
}

const MEMBERS: [&str; 3] = ["daemon", "child", "grandchild"];

fn nobody_is_left() {
    for name in MEMBERS {
        let pid = told(name);
        eventually(Duration::from_secs(1), || !alive(pid));
    }
}

fn a_killed_parent_takes_its_children_along() {
    let main = family(|| sleep_for_ever());
    for name in MEMBERS {
        assert!(alive(told(name)));
    }
    main.kill().expect("it can be killed");
    assert_eq!(joined(&main), -9);
    nobody_is_left();
}

fn an_aborted_parent_takes_its_children_along() {
    let main = family(|| std::process::abort());
    assert_eq!(joined(&main), -6);
    nobody_is_left();
}

fn a_parent_killed_at_any_moment_takes_its_children_along() {
    fn start_for_ever(generation: u32) {
        loop {
            let child = started(|| match generation {
                3 => sleep_for_ever(),
                _ => start_for_ever(generation + 1),
            });
            if generation < 3 {
                joined(&child);
            }
        }
    }
    let us = current_process().pid();
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..100 {
        let main = started(|| start_for_ever(1));
        for _ in 0..random.random_range(0..60_000) {
            std::hint::spin_loop();
        }
        main.kill().expect("it can be killed");
        assert_eq!(joined(&main), -9);
        eventually(Duration::from_secs(1), || session(us) == [us]);
    }
}

fn who_outlives_its_parent_goes_on() {
    let main = started(|| {
        let survivor = Process::new(|| {
            tell("survivor", current_process().pid());
            eventually(SOON, || is_told("enough"));
            tell("goodbye", "yes");
        });
        let survivor = survivor.outliving_parent();
        survivor.start().expect("it can be started");
        sleeper("other").start().expect("it can be started");
        sleep_for_ever();
    });
    let (survivor, other) = (told("survivor"), told("other"));
    main.kill().expect("it can be killed");
    assert_eq!(joined(&main), -9);
    eventually(SOON, || !alive(other));
    assert!(alive(survivor));
    tell("enough", "");
    assert_eq!(told::<String>("goodbye"), "yes");
    eventually(SOON, || !alive(survivor));
}

fn write_to_nobody() {
    loop {
        println!("is anybody there?");
    }
}

/// Makes stdout a pipe that nobody reads, and SIGPIPE deadly.
fn close_stdout() {
    let (reader, writer) = std::io::pipe().expect("there is room");
    nix::unistd::dup2_stdout(&writer).expect("stdout can be replaced");
    drop((reader, writer));
    on_signal(Signal::SIGPIPE, SigHandler::SigDfl);
}

/// Waits for the rest of the family before `write_to_nobody`.
fn write_when_all_are_there() {
    for name in ["sleeper", "grandchild"] {
        told::<i32>(name);
    }
    write_to_nobody();
}

/// A family of which one writes to a closed stdout.
fn ends_whole(main_writes: bool, child_writes: bool, grandchild_writes: bool) {
    let write_if = |it: bool| {
        if it {
            write_when_all_are_there();
        }
        sleep_for_ever()
    };
    let main = started(|| {
        close_stdout();
        let sleeper = sleeper("sleeper");
        sleeper.start().expect("it can be started");
        let _writer = started(|| {
            let _grandchild = started(|| {
                tell("grandchild", current_process().pid());
                write_if(grandchild_writes);
            });
            write_if(child_writes);
        });
        write_if(main_writes);
    });
    assert_eq!(joined(&main), -(Signal::SIGPIPE as i32));
    for name in ["sleeper", "grandchild"] {
        let pid = told(name);
        eventually(Duration::from_secs(1), || !alive(pid));
    }
}

fn a_closed_stdout_ends_the_family_when_the_main_process_writes() {
    ends_whole(true, false, false);
}

fn a_closed_stdout_ends_the_family_when_a_child_writes() {
    ends_whole(false, true, false);
}

fn a_closed_stdout_ends_the_family_when_a_grandchild_writes() {
    ends_whole(false, false, true);
}

fn an_ignored_sigpipe_stays_ignored_in_a_child() {
    let exitcode = in_child(|| {
        let (reader, mut writer) = std::io::pipe().expect("there is room");
        drop(reader);
        writer.write_all(b"?").expect_err("nobody reads");
    });
    assert_eq!(exitcode, 0);
}

fn a_handled_sigpipe_stays_handled_in_a_child() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static HANDLED: AtomicBool = AtomicBool::new(false);
    extern "C" fn handler(_signal: i32) {
        HANDLED.store(true, Ordering::Relaxed);
    }
    on_signal(Signal::SIGPIPE, SigHandler::Handler(handler));
    let exitcode = in_child(|| {
        let raised = nix::sys::signal::raise(Signal::SIGPIPE);
        raised.expect("it can be raised");
        assert!(HANDLED.load(Ordering::Relaxed));
    });
    assert_eq!(exitcode, 0);
}

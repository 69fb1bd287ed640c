//! What errors say: what happened, to what, and what to do.

use std::io;

use multiprocessing::Error::{self, *};
use nix::errno::Errno;

fn system(action: &str, errno: Errno) -> Error {
    System {
        action: action.into(),
        source: io::Error::from(errno),
    }
}

#[test]
fn a_shortage_names_the_limit_and_what_raises_it() {
    let limits = [
        (Errno::EMFILE, "raise RLIMIT_NOFILE (ulimit -n)"),
        (Errno::ENFILE, "raise the sysctl fs.file-max"),
        (Errno::ETOOMANYREFS, "raise RLIMIT_NOFILE (ulimit -n)"),
        (Errno::EAGAIN, "raise RLIMIT_NPROC (ulimit -u), or pids.max"),
        (Errno::ENOMEM, "raise RLIMIT_AS (ulimit -v)"),
        (Errno::ENOSPC, "the file system is full: remove"),
        (Errno::EDQUOT, "raise the quota"),
        (Errno::EFBIG, "raise RLIMIT_FSIZE (ulimit -f)"),
    ];
    for (errno, words) in limits {
        let text = system("start Process-1", errno).to_string();
        assert!(text.starts_with("cannot start Process-1: "), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn what_is_no_shortage_is_told_as_the_system_tells_it() {
    let text = system("connect to /tmp/x", Errno::ECONNREFUSED).to_string();
    assert_eq!(
        text,
        "cannot connect to /tmp/x: Connection refused (os error 111)"
    );
}

#[test]
fn the_death_of_an_owner_is_told_for_locks_and_conditions() {
    let text = "died while it held the lock: what the lock guards may be half \
                changed, and has to be put right; the lock works on, free \
                after an acquire, and held by the caller after the wait of a \
                condition";
    let told = |pid| OwnerDied { pid }.to_string();
    assert_eq!(told(7), format!("process 7 {text}"));
    assert_eq!(told(0), format!("a process {text}"));
}

#[test]
fn each_says_what_to_do() {
    let name = || "Process-1".to_string();
    let texts = [
        (AlreadyStarted { name: name() }, "make a new Process"),
        (
            NotStarted {
                name: name(),
                action: "join()",
            },
            "call start() before join()",
        ),
        (StillRunning { name: name() }, "call join() or terminate()"),
        (Closed { what: name() }, "nothing more can be done with it"),
        (
            NotCreator {
                what: name(),
                owner: 7,
            },
            "only its creator may use it",
        ),
        (
            MultiThreaded {
                name: name(),
                others: 2,
            },
            "start processes first",
        ),
        (DaemonicChild { name: name() }, "may not have children"),
        (WouldDeadlock, "use an RLock"),
        (NotOwner, "acquire it before"),
        (ReleasedTooOften { bound: 2 }, "once for each acquire"),
        (OutOfRange { index: 5, len: 3 }, "there are 3 items"),
        (Full, "let others get items"),
        (Empty, "let others put items"),
        (DoneTooOften, "call it once for each item"),
        (TimedOut, "wait again, or for longer"),
        (Disconnected, "nothing more goes through it"),
        (MissingDescriptor, "raise RLIMIT_NOFILE (ulimit -n)"),
        (WrongDirection { only: "read-only" }, "use the other one"),
        (
            BufferTooShort {
                message: vec![1; 9],
                room: 3,
            },
            "has 9 bytes, the buffer room for 3: take the message out",
        ),
        (TooLong { len: 9, max: 3 }, "send it in pieces"),
        (
            WorkerDied {
                pid: 7,
                exitcode: -9,
            },
            "give it the task again",
        ),
        (
            PoolBroken {
                reason: "it fell".into(),
            },
            "it fell; make a new one",
        ),
        (PoolClosed, "it takes no more tasks"),
        (PoolRunning, "call close() or terminate() before join()"),
        (NotReady, "call wait() or get() first"),
        (NoSuchKey, "get() asks for one that may be absent"),
        (NoSuchItem, "it may have been removed"),
    ];
    for (error, words) in texts {
        let text = error.to_string();
        assert!(text.contains(words), "{text}");
    }
}

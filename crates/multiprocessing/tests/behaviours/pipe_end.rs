//! The end of a pipe: who closes, who dies, who lies.

use std::thread;
use std::time::Duration;

use multiprocessing::Error;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::harness::{Test, list};
use crate::pipe::{duplex, one_way};
use crate::support::{SOON, in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b130_a_closed_peer_is_an_error_and_no_signal,
    b130_an_end_with_unread_messages_closes,
    b132_the_start_closes_the_parents_copy,
    b134_the_end_of_the_scope_closes,
    b154_an_absurd_length_ends_the_connection,
    b154_a_length_alone_takes_no_memory,
    b156_eof_although_siblings_were_forked,
    the_peers_death_in_the_middle_of_a_message,
];

/// The call has to fail because the other end is gone.
#[track_caller]
pub(crate) fn disconnected<T>(result: Result<T, Error>) {
    match result.map(drop) {
        Err(Error::Disconnected) => {}
        other => panic!("{other:?}"),
    }
}

fn b130_a_closed_peer_is_an_error_and_no_signal() {
    let mut broken_pipe = SigSet::empty();
    broken_pipe.add(Signal::SIGPIPE);
    broken_pipe.thread_block().expect("block");
    let pending = SignalFd::with_flags(&broken_pipe, SfdFlags::SFD_NONBLOCK)
        .expect("signalfd");

    let (mine, theirs) = duplex();
    theirs.send(&"last words").expect("send");
    theirs.close();
    assert!(mine.poll(Duration::ZERO).expect("a message is ready"));
    assert_eq!(mine.recv::<String>().expect("sent before"), "last words");
    assert!(mine.poll(Duration::ZERO).expect("the end is ready, too"));
    disconnected(mine.recv::<String>());
    disconnected(mine.recv_bytes());
    disconnected(mine.send(&1));

    let (reader, writer) = one_way();
    writer.send(&"never read").expect("send");
    reader.close();
    disconnected(writer.send(&1));
    assert!(pending.read_signal().expect("signalfd").is_none());
}

fn b130_an_end_with_unread_messages_closes() {
    let (mine, theirs) = duplex();
    mine.send(&"never read").expect("send");
    theirs.close();
    disconnected(mine.recv_bytes());
}

fn b132_the_start_closes_the_parents_copy() {
    let (mine, theirs) = duplex();
    let child = started(move || theirs.send(&theirs.recv::<i32>()?));
    mine.send(&7).expect("send");
    assert_eq!(mine.recv::<i32>().expect("echo"), 7);
    disconnected(mine.recv::<i32>());
    assert_eq!(joined(&child), 0);
}

fn b134_the_end_of_the_scope_closes() {
    let (mine, theirs) = duplex();
    {
        let theirs = theirs;
        theirs.send(&1).expect("send");
    }
    assert_eq!(mine.recv::<i32>().expect("recv"), 1);
    disconnected(mine.recv::<i32>());
}

fn b154_an_absurd_length_ends_the_connection() {
    let (mine, theirs) = duplex();
    nix::unistd::write(&theirs, &[0xff; 100]).expect("a header and more");
    match mine.recv_bytes() {
        Err(Error::TooLong { len, max }) => {
            assert_eq!((len, max), (0xffff_ffff, 0x7fff_ffff));
        }
        other => panic!("{other:?}"),
    }
    disconnected(mine.send(&1));
    disconnected(theirs.send(&1));
}

fn b154_a_length_alone_takes_no_memory() {
    let exitcode = in_child(|| {
        const ROOM: u64 = 1 << 30;
        setrlimit(Resource::RLIMIT_AS, ROOM, ROOM).expect("lower the limit");
        let (reader, writer) = one_way();
        let lie = [0x7f, 0xff, 0xff, 0xff, b'a', b'b', b'c'];
        nix::unistd::write(&writer, &lie).expect("a piece of a frame");
        writer.close();
        disconnected(reader.recv_bytes());
    });
    assert_eq!(exitcode, 0);
}

fn b156_eof_although_siblings_were_forked() {
    let (reader, writer) = one_way();
    let (waits, go) = one_way();
    let child = started(move || {
        waits.recv::<()>().expect("go");
        writer.send(&1).expect("send");
    });
    let siblings: Vec<_> =
        (0..8).map(|_| started(|| thread::sleep(SOON))).collect();
    go.send(&()).expect("send");
    assert_eq!(reader.recv::<i32>().expect("recv"), 1);
    disconnected(reader.recv::<i32>());
    for sibling in &siblings {
        assert!(sibling.is_alive().expect("alive"));
        sibling.kill().expect("kill");
        sibling.join().expect("join");
    }
    assert_eq!(joined(&child), 0);
}

fn the_peers_death_in_the_middle_of_a_message() {
    let (reader, writer) = one_way();
    nix::unistd::write(&writer, &[0, 0, 0, 9, b'x']).expect("write");
    writer.close();
    disconnected(reader.recv_bytes());
}

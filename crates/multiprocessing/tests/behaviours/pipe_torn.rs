//! Pipes whose writers and readers are killed in the middle of a message, while
//! others hold copies of the same ends.

use multiprocessing::{Connection, Process};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Test, list};
use crate::pipe::one_way;
use crate::pipe_end::disconnected;
use crate::support::{joined, killed, started};
use crate::waiting::{once_in, stopped};

pub(crate) const TESTS: &[Test] = list![
    a_writer_killed_in_the_middle_is_told_to_who_waits_for_the_rest,
    a_writer_killed_in_the_middle_is_told_to_who_comes_later,
    what_another_writes_is_no_part_of_a_dead_writers_message,
    a_reader_killed_in_the_middle_is_told_to_the_next_one,
    a_short_message_goes_through_though_its_writer_is_dead,
];

/// More than the kernel keeps.
const LONG: usize = 2 << 20;

/// A child that cannot send all of its message as long as nobody reads.
fn half_way(writer: &Connection) -> Process<'_> {
    let child = started(|| writer.send_bytes(&vec![7; LONG]));
    once_in(libc::SYS_sendmsg, &child);
    child
}

fn a_writer_killed_in_the_middle_is_told_to_who_waits_for_the_rest() {
    let (reader, writer) = one_way();
    let child = half_way(&writer);
    stopped(&child);
    let waiter = started(|| disconnected(reader.recv_bytes()));
    once_in(libc::SYS_poll, &waiter);
    killed(&child);
    assert_eq!(joined(&waiter), 0);
    // Whoever else holds one of the ends.
    disconnected(reader.recv_bytes());
    disconnected(writer.send_bytes(b"late"));
}

fn a_writer_killed_in_the_middle_is_told_to_who_comes_later() {
    let (reader, writer) = one_way();
    killed(&half_way(&writer));
    disconnected(reader.recv_bytes());
    disconnected(writer.send_bytes(b"late"));
}

fn what_another_writes_is_no_part_of_a_dead_writers_message() {
    let (reader, writer) = one_way();
    let child = half_way(&writer);
    let pid = stopped(&child);
    let heir = started(|| writer.send_bytes(&vec![8; 2 * LONG]));
    once_in(libc::SYS_sendmsg, &heir);
    kill(pid, Signal::SIGKILL).expect("it is ours");
    assert_eq!(joined(&child), -9);
    disconnected(reader.recv_bytes());
    disconnected(reader.recv_bytes());
    assert_eq!(joined(&heir), 1);
}

fn a_reader_killed_in_the_middle_is_told_to_the_next_one() {
    let (reader, writer) = one_way();
    let sender = half_way(&writer);
    let pid: Pid = stopped(&sender);
    let victim = started(|| reader.recv_bytes().map(drop));
    once_in(libc::SYS_poll, &victim);
    killed(&victim);
    kill(pid, Signal::SIGCONT).expect("it is ours");
    disconnected(reader.recv_bytes());
    assert_eq!(joined(&sender), 1);
}

fn a_short_message_goes_through_though_its_writer_is_dead() {
    let (reader, writer) = one_way();
    for len in [0, 1, 30_000] {
        let child = started(|| writer.send_bytes(&vec![7; len]));
        assert_eq!(joined(&child), 0);
        let heir = started(|| writer.send_bytes(b"next"));
        assert_eq!(joined(&heir), 0);
        assert_eq!(reader.recv_bytes().expect("all of it"), vec![7; len]);
        assert_eq!(reader.recv_bytes().expect("it came"), b"next");
    }
}

//! What a line does at moments that seldom come.

use std::os::fd::AsFd;

use nix::sys::socket::SockType;

use super::*;
use crate::codec;
use crate::error::Result;
use crate::pipe::pair;
use crate::pool::job::Task;
use crate::seat::{Seats, Until, Wake, talk};

fn line() -> Result<(Line, OwnedFd, Seat)> {
    let (ours, theirs) = pair(SockType::Stream)?;
    let seats = Seats::new(1)?;
    let seat = || seats.seat(0).expect("there is one");
    Ok((Line::new(ours, Some(seat())), theirs, seat()))
}

#[test]
fn who_sleeps_at_the_socket_is_woken_also_when_another_has_read_it()
-> Result<()> {
    let (mut line, worker, seat) = line()?;
    line.want_wake_up(true);
    for _ in 0..3 {
        assert!(seat.answers().put(b"answer").is_some());
        assert!(seat.answers().wake() == Wake::BySocket, "he sleeps");
        talk::wake(worker.as_fd())?;
        assert_eq!(line.recv(), Some(Reply::from_slice(b"answer")));
        assert_eq!(line.recv(), None);
    }
    Ok(())
}

#[test]
fn answers_by_seat_and_by_socket_come_in_their_order() -> Result<()> {
    let (mut line, worker, seat) = line()?;
    let long = vec![7; 10_000];
    for _ in 0..3 {
        for short in [b"one", b"two"] {
            assert!(seat.answers().put(short).is_some());
            assert!(seat.answers().put(&long).is_none());
            frame::send(worker.as_fd(), &long)?;
        }
        for short in [b"one", b"two"] {
            assert_eq!(line.recv(), Some(Reply::from_slice(short)));
            assert_eq!(line.recv(), Some(Reply::from_slice(&long)));
        }
        assert_eq!(line.recv(), None);
    }
    Ok(())
}

#[test]
fn who_takes_back_what_another_sleeps_for_wakes_him() -> Result<()> {
    let (mut line, _worker, seat) = line()?;
    let mut task = Task::of(3);
    for _ in 0..3 {
        task.add(1, |to| codec::encode_into(&7, to))?;
    }
    let sink: Arc<dyn crate::pool::job::Sink> =
        crate::pool::result::ResultCell::new(3, None);
    for job in task.jobs(sink) {
        assert!(line.send(job.order()).is_some());
    }
    line.flush();
    let mut order = Vec::new();
    assert!(seat.orders().take_next(&mut order).is_some());
    seat.bell().mark(Until::Pressing);
    assert!(seat.answers().put(b"answer").is_some());
    seat.bell().ring(|| seat.orders().is_half_empty());
    assert_eq!(line.take_back(2), 2);
    // Only beside his mark does it ask.
    let mut sleeps = false;
    seat.bell().ring(|| {
        sleeps = true;
        false
    });
    assert!(!sleeps, "nobody has rung");
    Ok(())
}

/// A worker that is out of its mind may answer what it has not received.
#[test]
fn half_a_message_does_not_stay_behind() -> Result<()> {
    let (mut line, _worker, _seat) = line()?;
    let mut task = Task::of(2);
    for len in [10_000_000, 10] {
        task.add(1, |to| {
            to.resize(to.len() + len, 0);
            Ok(())
        })?;
    }
    let sink: Arc<dyn crate::pool::job::Sink> =
        crate::pool::result::ResultCell::new(2, None);
    let jobs: Vec<_> = task.jobs(sink).collect();
    line.begin(jobs[0].order());
    assert!(line.is_sending());
    line.begin(jobs[1].order());
    assert!(!line.is_sending());
    line.go_on(jobs[1].order());
    assert!(line.is_open());
    Ok(())
}

//! Round trips over a pipe.

use std::error::Error;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Instant;

use ipc_channel::ipc;
use multiprocessing::{Connection, Pipe, Process};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair,
};

use crate::item::{
    Cost, Item, Place, Target, Unit, Who, floor, nanoseconds,
    nanoseconds_after_pauses, ours, peer, python,
};
use crate::raw::doorbell::Doorbell;
use crate::raw::sheet::Sheet;
use crate::raw::{Child, shared};

const MEBIBYTE: usize = 1 << 20;

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "pipe-8-hot",
        what: "Pipe round trip 8 B, both sides running",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(1_000.0),
        sides: &[
            ours("Pipe", || ours_of(8)),
            python("pipe_8"),
            peer("ipc-channel", channel),
            floor("shared line", shared_line),
        ],
    },
    Item {
        name: "pipe-8-one-cpu",
        what: "Pipe round trip 8 B, on one CPU",
        unit: Unit::Nanoseconds,
        place: Place::OneProcessor,
        target: Target::Times(1.15, Who::Floor),
        sides: &[
            ours("Pipe", || ours_of(8)),
            python("pipe_8"),
            peer("ipc-channel", channel),
            floor("socketpair", sockets),
        ],
    },
    Item {
        name: "pipe-8-asleep",
        what: "Pipe round trip 8 B, the other side asleep",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.15, Who::Floor),
        sides: &[
            ours("Pipe", ours_asleep),
            python("pipe_8_asleep"),
            floor("socketpair", sockets_asleep),
        ],
    },
    Item {
        name: "pipe-1m",
        what: "Pipe round trip 1 MiB",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(2.0, Who::Floor),
        sides: &[
            ours("Pipe", || ours_of(MEBIBYTE)),
            python("pipe_1m"),
            peer("ipc-channel", channel_1m),
            floor("copies, shared memory", copies),
        ],
    },
];

/// An echo that ends when the other side does.
pub(crate) fn echo(connection: &Connection) -> multiprocessing::Result<()> {
    loop {
        match connection.recv_bytes() {
            Ok(bytes) => connection.send_bytes(&bytes)?,
            Err(multiprocessing::Error::Disconnected) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// A round trip of `len` bytes.
pub(crate) fn ours_of(len: usize) -> Cost {
    let (here, there) = Pipe::duplex()?;
    let child = Process::new(move || echo(&there)).with_daemon(true);
    child.start()?;
    let message = vec![7; len];
    nanoseconds(|count| {
        let start = Instant::now();
        for _ in 0..count {
            here.send_bytes(&message)?;
            here.recv_bytes()?;
        }
        Ok(start.elapsed())
    })
}

fn ours_asleep() -> Cost {
    let (here, there) = Pipe::duplex()?;
    let child = Process::new(move || echo(&there)).with_daemon(true);
    child.start()?;
    nanoseconds_after_pauses(|| {
        here.send_bytes(&[7; 8])?;
        here.recv_bytes()?;
        Ok(())
    })
}

fn channel() -> Cost {
    channel_of(7_u64)
}

fn channel_1m() -> Cost {
    channel_of(vec![7_u8; MEBIBYTE])
}

fn channel_of<T>(message: T) -> Cost
where
    T: serde::Serialize + serde::de::DeserializeOwned + Clone,
{
    let (to, at_child) = ipc::channel::<T>()?;
    let (to_parent, from) = ipc::channel::<T>()?;
    // It ends with this process, which closes the channel.
    let _child = Child::new(|| {
        while let Ok(message) = at_child.recv() {
            if to_parent.send(message).is_err() {
                return;
            }
        }
    });
    let cost = nanoseconds(|count| {
        let start = Instant::now();
        for _ in 0..count {
            to.send(message.clone())?;
            from.recv()?;
        }
        Ok(start.elapsed())
    });
    end_children();
    cost
}

/// Children of the peers hold the channel's other ends themselves.
pub(super) fn end_children() {
    let own = std::process::id().to_string();
    let mut pkill = std::process::Command::new("pkill");
    let _ = pkill.args(["-9", "-P", &own]).status();
}

fn shared_line() -> Cost {
    let line = shared::<Doorbell>();
    let mut last = 0;
    nanoseconds(|count| {
        let (first, end) = (last + 1, last + u32::try_from(count)?);
        last = end;
        let child =
            Child::new(|| (first..=end).for_each(|n| line.answer(n, true)));
        line.ask(first, false);
        let start = Instant::now();
        (first + 1..=end).for_each(|n| line.ask(n, true));
        let took = start.elapsed();
        child.wait();
        Ok(took)
    })
}

pub(super) fn sockets() -> Cost {
    let (here, _child) = echoing_sockets()?;
    let cost = nanoseconds(|count| {
        let start = Instant::now();
        for _ in 0..count {
            round_trip(&here)?;
        }
        Ok(start.elapsed())
    });
    end_children();
    cost
}

pub(super) fn sockets_asleep() -> Cost {
    let (here, _child) = echoing_sockets()?;
    let cost = nanoseconds_after_pauses(|| round_trip(&here));
    end_children();
    cost
}

fn echoing_sockets() -> Result<(OwnedFd, Child), Box<dyn Error>> {
    let kind = SockType::Stream;
    let (here, there) =
        socketpair(AddressFamily::Unix, kind, None, SockFlag::empty())?;
    let child = Child::new(|| while round_trip_back(&there).is_ok() {});
    Ok((here, child))
}

fn round_trip(socket: &OwnedFd) -> Result<(), Box<dyn Error>> {
    send(socket.as_raw_fd(), &[7; 8], MsgFlags::empty())?;
    recv(socket.as_raw_fd(), &mut [0; 8], MsgFlags::empty())?;
    Ok(())
}

fn round_trip_back(socket: &OwnedFd) -> nix::Result<()> {
    let mut bytes = [0; 8];
    let len = recv(socket.as_raw_fd(), &mut bytes, MsgFlags::empty())?;
    send(socket.as_raw_fd(), &bytes[..len], MsgFlags::empty())?;
    Ok(())
}

/// A mebibyte in shared memory, copied in and out on both sides.
fn copies() -> Cost {
    let line = shared::<Doorbell>();
    let there = shared::<Sheet<MEBIBYTE>>();
    let back = shared::<Sheet<MEBIBYTE>>();
    let mut message = vec![7; MEBIBYTE];
    let mut last = 0;
    nanoseconds(|count| {
        let (first, end) = (last + 1, last + u32::try_from(count)?);
        last = end;
        let child = Child::new(|| {
            let mut message = vec![0; MEBIBYTE];
            for number in first..=end {
                line.answer_with(number, || {
                    there.copy_out(&mut message);
                    back.copy_in(&message);
                });
            }
        });
        let start = Instant::now();
        for number in first..=end {
            there.copy_in(&message);
            line.ask(number, true);
            back.copy_out(&mut message);
        }
        let took = start.elapsed();
        child.wait();
        Ok(took)
    })
}

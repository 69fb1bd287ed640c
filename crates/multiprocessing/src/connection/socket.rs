//! Sockets that have an address.

use std::convert::identity;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{
    AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType,
    bind, connect, getsockname, listen, socket_with, sockopt,
};

use super::address::Address;
use crate::error::{Error, Result};
use crate::process::descriptor::keep_clear;
use crate::process::wait::writable;

/// How many clients may wait to be accepted: as many as the system allows.
pub(super) const BACKLOG: i32 = i32::MAX;

/// The longest path of a socket: the kernel has room for 108 bytes, the last
/// of them zero.
const LONGEST_PATH: usize = 107;

/// After how long a silence another machine is asked whether it is there, and
/// how often before it is held to be gone: one minute together.
const SILENCE: Duration = Duration::from_secs(15);
const QUESTIONS: u32 = 3;

/// How often is looked whether a full listener has room again.
const LOOK: Duration = Duration::from_millis(5);

/// A socket whose calls do not wait.
pub(super) fn open(family: AddressFamily) -> Result<OwnedFd> {
    let failed = |error| Error::system("make a socket", error);
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)
        .map_err(|errno| failed(errno.into()))?;
    keep_clear(socket).map_err(failed)
}

/// The path as the kernel takes it.
pub(super) fn name(path: &Path) -> Result<SocketAddrUnix> {
    let shown = path.display();
    let bytes = path.as_os_str().as_bytes();
    match bytes.len() {
        0 => return Err(Error::invalid("the path of a listener is empty")),
        1..=LONGEST_PATH => {}
        len => {
            return Err(Error::invalid(format!(
                "the path {shown} has {len} bytes; that of a listener may \
                 have {LONGEST_PATH} (is TMPDIR too long?)"
            )));
        }
    }
    SocketAddrUnix::new(path).map_err(|_| {
        Error::invalid(format!("the path {shown:?} contains a zero byte"))
    })
}

/// A socket that listens at `address`, and where that is.
pub(super) fn listen_tcp(address: SocketAddr) -> Result<(OwnedFd, SocketAddr)> {
    let failed = |errno| Error::system(format!("listen at {address}"), errno);
    let family = SocketAddrAny::from(address).address_family();
    let socket = open(family)?;
    sockopt::set_socket_reuseaddr(&socket, true).map_err(failed)?;
    bind(&socket, &address).map_err(failed)?;
    listen(&socket, BACKLOG).map_err(failed)?;
    let bound = getsockname(&socket).map_err(failed)?;
    Ok((socket, bound.try_into().map_err(failed)?))
}

/// A socket that is connected with who listens at `address`.
pub(super) fn connect_to(
    address: &Address,
    limit: Duration,
) -> Result<OwnedFd> {
    let failed = |errno| match errno {
        Errno::TIMEDOUT => Error::TimedOut,
        // Who listened has gone, with all who had not been accepted.
        Errno::CONNRESET => Error::Disconnected,
        errno => Error::system(format!("connect to {address}"), errno),
    };
    let target: SocketAddrAny = match address {
        Address::Unix(path) => name(path)?.into(),
        Address::Tcp(address) => (*address).into(),
    };
    let socket = open(target.address_family())?;
    let start = Instant::now();
    loop {
        let left = limit.saturating_sub(start.elapsed());
        match connect(&socket, &target) {
            Ok(()) => break,
            // Of a Unix socket: too many wait to be accepted already.
            Err(Errno::AGAIN) if left.is_zero() => return Err(Error::TimedOut),
            Err(Errno::AGAIN) => thread::sleep(LOOK.min(left)),
            Err(Errno::INPROGRESS | Errno::INTR) => {
                if !writable(socket.as_fd(), Some(left))? {
                    return Err(Error::TimedOut);
                }
                sockopt::socket_error(&socket)
                    .and_then(identity)
                    .map_err(failed)?;
                break;
            }
            Err(errno) => return Err(failed(errno)),
        }
    }
    ioctl_fionbio(&socket, false).map_err(failed)?;
    prepare(socket.as_fd(), address);
    Ok(socket)
}

/// Lets a message leave at once, where TCP would wait for a second one; and
/// notices that the other machine has gone without a word, where it would wait
/// for ever.
pub(super) fn prepare(socket: BorrowedFd<'_>, address: &Address) {
    if matches!(address, Address::Tcp(_)) {
        let _ = sockopt::set_tcp_nodelay(socket, true);
        let _ = sockopt::set_tcp_keepidle(socket, SILENCE);
        let _ = sockopt::set_tcp_keepintvl(socket, SILENCE);
        let _ = sockopt::set_tcp_keepcnt(socket, QUESTIONS);
        let _ = sockopt::set_socket_keepalive(socket, true);
    }
}

/// The user at the other side, if it is another one than this process's; the
/// kernel vouches for it. A network knows no users.
pub(super) fn stranger(
    socket: BorrowedFd<'_>,
    address: &Address,
) -> Option<String> {
    if matches!(address, Address::Tcp(_)) {
        return None;
    }
    match sockopt::socket_peercred(socket) {
        Ok(peer) if peer.uid == rustix::process::geteuid() => None,
        Ok(peer) => Some(format!("user {}", peer.uid.as_raw())),
        Err(errno) => Some(format!("an unknown user ({errno})")),
    }
}

//! Receiving from a socket: into memory that nobody has cleared, and with what
//! the kernel tells beside the bytes, descriptors and which process has written
//! them.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, read, retry_on_intr};

use crate::pass::MOST;

/// Room for both, in words, which align it as the kernel wants it.
const SPACE: usize = {
    let descriptors = MOST * size_of::<RawFd>();
    let credentials = size_of::<libc::ucred>();
    let headers = 2 * (size_of::<libc::cmsghdr>() + size_of::<u64>());
    (descriptors + credentials + headers).div_ceil(size_of::<u64>())
};

/// Takes as many bytes as are there and `place` has room for, and adds what
/// descriptors come with them; how many bytes that was, and the pid of their
/// writer, if the socket was told to ask for it. [`Errno::AGAIN`] if there are
/// none; zero bytes are the end.
pub(crate) fn recv_now(
    socket: BorrowedFd<'_>,
    place: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> Result<(usize, Option<i32>), Errno> {
    let mut parts = [libc::iovec {
        iov_base: place.as_mut_ptr().cast(),
        iov_len: place.len(),
    }];
    // SAFETY: the part is `place`, which is borrowed for the call.
    unsafe { recv_into(socket, &mut parts, libc::MSG_DONTWAIT, descriptors) }
}

/// Takes one packet, of which the first bytes go to `head`, as many of the
/// others as there is room for behind `body`, and adds what descriptors come
/// with it; as [`recv_now`]. Waits for it, if it is to.
pub(crate) fn recv_packet<const N: usize>(
    socket: BorrowedFd<'_>,
    head: &mut [u8; N],
    body: &mut Vec<u8>,
    waits: bool,
    descriptors: &mut Vec<OwnedFd>,
) -> Result<(usize, Option<i32>), Errno> {
    let room = body.spare_capacity_mut();
    let mut parts = [
        libc::iovec {
            iov_base: head.as_mut_ptr().cast(),
            iov_len: N,
        },
        libc::iovec {
            iov_base: room.as_mut_ptr().cast(),
            iov_len: room.len(),
        },
    ];
    let flags = if waits { 0 } else { libc::MSG_DONTWAIT };
    // SAFETY: the parts are `head` and the room behind `body`, both borrowed
    // for the call, and the kernel writes there and reads nothing.
    let got = unsafe { recv_into(socket, &mut parts, flags, descriptors) }?;
    let more = got.0.saturating_sub(N);
    // SAFETY: the kernel has filled the parts in their order, so that all bytes
    // after the first `N` are behind those of `body`, within its room.
    unsafe { body.set_len(body.len() + more) };
    Ok(got)
}

/// Waits for bytes, and appends as many as are there and `bytes` has room for,
/// `most` at most; how many that was. Zero bytes are the end.
pub(crate) fn append_from(
    socket: BorrowedFd<'_>,
    bytes: &mut Vec<u8>,
    most: usize,
) -> Result<usize, Errno> {
    let got = retry_on_intr(|| {
        let room = bytes.spare_capacity_mut();
        let most = most.min(room.len());
        let (come, _) = read(socket, &mut room[..most])?;
        Ok(come.len())
    })?;
    // SAFETY: so many bytes behind those of `bytes` were read, within its room.
    unsafe { bytes.set_len(bytes.len() + got) };
    Ok(got)
}

/// # Safety
///
/// The parts are memory that the kernel may write to.
unsafe fn recv_into(
    socket: BorrowedFd<'_>,
    parts: &mut [libc::iovec],
    flags: i32,
    descriptors: &mut Vec<OwnedFd>,
) -> Result<(usize, Option<i32>), Errno> {
    let mut control = [0_u64; SPACE];
    let flags = flags | libc::MSG_CMSG_CLOEXEC;
    let mut writer = None;
    // The kernel writes whole control messages, each as long as its header says,
    // and sets msg_controllen to their end. A descriptor in an SCM_RIGHTS message
    // was just made for this process.
    // SAFETY: a zeroed msghdr asks for nothing; it is given the parts, of which
    // the caller says that they may be written, and `control`, with their
    // lengths, which outlive the call. As the kernel writes them, the CMSG macros
    // stay within `control`, the data of each message is there, and nobody else
    // knows the descriptors.
    let got = unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = parts.as_mut_ptr();
        header.msg_iovlen = parts.len();
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control);
        let got = libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags);
        if got < 0 {
            header.msg_controllen = 0;
        }
        let mut message = libc::CMSG_FIRSTHDR(&raw const header);
        while let Some(it) = message.as_ref() {
            let len = it.cmsg_len - libc::CMSG_LEN(0) as usize;
            let data = libc::CMSG_DATA(message);
            let data = std::slice::from_raw_parts(data, len);
            let numbers = data.as_chunks().0.iter();
            let mut numbers = numbers.map(|it| i32::from_ne_bytes(*it));
            match (it.cmsg_level, it.cmsg_type) {
                (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                    let adopt = |number| OwnedFd::from_raw_fd(number);
                    descriptors.extend(numbers.map(adopt));
                }
                // A user and a group follow.
                (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => {
                    writer = numbers.next();
                }
                _ => {}
            }
            message = libc::CMSG_NXTHDR(&raw const header, message);
        }
        got
    };
    match usize::try_from(got) {
        Ok(got) => Ok((got, writer)),
        Err(_) => Err(last_error()),
    }
}

fn last_error() -> Errno {
    let code = std::io::Error::last_os_error().raw_os_error();
    Errno::from_raw_os_error(code.unwrap_or(libc::EIO))
}

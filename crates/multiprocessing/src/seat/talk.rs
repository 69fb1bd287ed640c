//! Sending and receiving where one may wait: by the seat, if there is one, and by
//! the socket.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{SendFlags, send as send_some};

use super::post::{Post, Wake};
use crate::error::{Error, Result};
use crate::patience::{has_woken, patiently, read_patiently};
use crate::pipe::frame;

/// A message and the descriptors that have come with it.
type Come = (Vec<u8>, Vec<OwnedFd>);

/// Sends a message that is not empty, and a copy of each of `descriptors`.
pub(crate) fn send(
    socket: BorrowedFd<'_>,
    post: Option<&Post>,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> Result<()> {
    // A message that is too long is noted nowhere.
    frame::header(message.len())?;
    if let Some(post) = post {
        if descriptors.is_empty() && post.put(message).is_some() {
            return match post.wake() {
                Wake::BySocket => wake(socket),
                Wake::Done => Ok(()),
            };
        }
        if !descriptors.is_empty() {
            post.put_elsewhere();
        }
    }
    frame::send_with(socket, message, descriptors)
}

/// Wakes who sleeps at the other end.
pub(crate) fn wake(socket: BorrowedFd<'_>) -> Result<()> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    loop {
        return match send_some(socket, &frame::EMPTY, flags) {
            Err(Errno::INTR) => continue,
            // Where there is no room, there is enough to wake him.
            Ok(_) | Err(Errno::AGAIN) => {
                has_woken();
                Ok(())
            }
            Err(errno) => Err(frame::failed("wake who sleeps", errno)),
        };
    }
}

/// Waits for a message.
pub(crate) fn recv(
    socket: BorrowedFd<'_>,
    post: Option<&Post>,
) -> Result<Come> {
    let Some(post) = post else {
        return read_patiently(socket, || frame::recv_with(socket));
    };
    loop {
        if let Some(message) = post.take() {
            return Ok((message, Vec::new()));
        }
        let sleep = || await_frame(socket, post);
        let frame = patiently(|| post.has_one().into(), sleep)?;
        if !frame.0.is_empty() {
            post.note_taken();
            return Ok(frame);
        }
    }
}

/// Waits for what comes by the socket: a message, or an empty one, which only
/// wakes. Does not wait if a message lies in the seat.
fn await_frame(socket: BorrowedFd<'_>, post: &Post) -> Result<Come> {
    post.sleep_at_socket(true);
    let frame = match post.is_here() {
        true => Ok(Come::default()),
        false => frame::recv_with(socket),
    };
    post.sleep_at_socket(false);
    match frame {
        // Who put it has ended before it could wake us.
        Err(Error::Disconnected) if post.is_here() => Ok(Come::default()),
        frame => frame,
    }
}

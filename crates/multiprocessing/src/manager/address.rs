//! How a client that has inherited nothing comes to a connection: by the
//! server's address, and the key.
//!
//! Each thread has a connection of its own, and each begins with the handshake
//! of [`connection`](crate::connection). Then the client asks who serves there:
//! after the end of a server another one may have its address, whose objects
//! have the same numbers.

use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};

use super::protocol::{HallCall, Hello, Identity, Message, Reply};
use crate::codec;
use crate::connection::Client;
use crate::error::{Error, Result};
use crate::pipe::frame;
use crate::process::wait::readable;

/// A connection, and with whom.
pub(super) fn connect(client: &Client) -> Result<(OwnedFd, Identity)> {
    let stream = client.open()?.into_socket();
    let question = codec::encode(&Message::<()>::Hall(HallCall::Hello))?;
    frame::send(stream.as_fd(), &question)?;
    // It may be a listener that is no manager, and says nothing.
    if !readable(stream.as_fd(), Some(client.limit()))? {
        return Err(Error::TimedOut);
    }
    let hello: Reply<Hello> = codec::decode(&frame::recv(stream.as_fd())?)?;
    let hello = hello?;
    let ours = Hello::new(hello.identity);
    if hello.version != ours.version {
        return Err(Error::invalid(format!(
            "the manager at {} is of version {} of this library, and this \
             process of version {}, which has other messages",
            client.address(),
            hello.version,
            ours.version
        )));
    }
    Ok((stream, hello.identity))
}

/// A connection with the server that was found before.
pub(super) fn find(client: &Client, identity: Identity) -> Result<OwnedFd> {
    match connect(client) {
        Ok((stream, found)) if found == identity => Ok(stream),
        // Another one serves there by now.
        Ok(_) | Err(Error::AuthenticationFailed { .. }) => {
            Err(Error::Disconnected)
        }
        Err(Error::System { source, .. }) if is_nobody(source.kind()) => {
            Err(Error::Disconnected)
        }
        Err(error) => Err(error),
    }
}

fn is_nobody(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::NotFound)
}

//! Where a listener is.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where a [`Listener`](super::Listener) is: a path, or a host and a port.
/// Python: a string (`AF_UNIX`), or a tuple (`AF_INET`).
///
/// ```
/// use std::net::Ipv4Addr;
/// use std::path::Path;
///
/// use multiprocessing::connection::Address;
///
/// let here = Address::from(Path::new("/run/example/socket"));
/// assert_eq!(here.to_string(), "/run/example/socket");
/// let there = Address::Tcp((Ipv4Addr::LOCALHOST, 6000).into());
/// assert_eq!(there.to_string(), "127.0.0.1:6000");
/// ```
///
/// It can be sent as an item. The name of a host has to be looked up before,
/// by [`ToSocketAddrs`](std::net::ToSocketAddrs).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Address {
    /// A Unix socket: for processes of one user on one machine. The path has
    /// 107 bytes at most.
    Unix(PathBuf),
    /// TCP, also between machines. Port 0 lets the system choose one.
    Tcp(SocketAddr),
}

impl From<PathBuf> for Address {
    fn from(path: PathBuf) -> Self {
        Self::Unix(path)
    }
}

impl From<&Path> for Address {
    fn from(path: &Path) -> Self {
        Self::Unix(path.into())
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl From<&Self> for Address {
    fn from(address: &Self) -> Self {
        address.clone()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

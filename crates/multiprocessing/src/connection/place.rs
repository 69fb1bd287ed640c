//! Paths at which a listener can be found.
//!
//! A path stays when its process is killed, and the next listener must be able
//! to tell that nobody is there any more. At a path that was asked for it
//! knocks: where nobody listens, the kernel refuses the connection. Locks on
//! the directory (`flock`) keep two from doing so at once.
//!
//! A directory that was made for one listener is locked as long as the
//! listener lives. The kernel gives up a lock with the last process that holds
//! it; so a directory without a lock is nobody's.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{
    DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt,
};
use std::path::{Path, PathBuf, absolute};
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, bind, connect, listen};

use super::handshake::random;
use super::socket::{self, BACKLOG};
use crate::error::{Error, Result};

/// The names of directories begin so; a random number follows.
const DIRECTORY: &str = "multiprocessing-listener-";
const SOCKET: &str = "socket";

/// How long others may hold the lock of a directory, who need it for less than
/// a millisecond.
const PATIENCE: Duration = Duration::from_secs(2);

/// A directory may be without a lock so long, while it is being made.
const INFANCY: Duration = Duration::from_mins(1);

/// The path of a socket that listens.
pub(super) struct Place {
    path: PathBuf,
    /// What is there, if it is still ours: the device's number and the file's.
    identity: (u64, u64),
    /// The lock of a directory that was made for it.
    lock: Option<OwnedFd>,
}

impl Place {
    /// A path that nobody else can reach, in a new directory, and a socket
    /// that listens there.
    pub(super) fn private() -> Result<(OwnedFd, Self)> {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(sweep);
        let number = u64::from_ne_bytes(random()?);
        let directory =
            std::env::temp_dir().join(format!("{DIRECTORY}{number:016x}"));
        let made = DirBuilder::new().mode(0o700).create(&directory);
        made.map_err(|error| failed(&directory, error))?;
        let place = lock(&directory).and_then(|lock| {
            let (socket, place) = Self::take(&directory.join(SOCKET))?;
            let lock = Some(lock);
            Ok((socket, Self { lock, ..place }))
        });
        if place.is_err() {
            let _ = fs::remove_dir(&directory);
        }
        place
    }

    /// The path that was asked for, and a socket that listens there.
    pub(super) fn at(path: &Path) -> Result<(OwnedFd, Self)> {
        let directory = match path.parent() {
            Some(directory) if directory != "" => directory,
            _ => Path::new("."),
        };
        let _turn = lock(directory)?;
        Self::take(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn remains(&self) -> Remains {
        Remains {
            path: self.path.clone(),
            identity: self.identity,
            private: self.lock.is_some(),
        }
    }

    pub(super) fn lock(&self) -> Option<RawFd> {
        self.lock.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// To be called under the lock.
    fn take(path: &Path) -> Result<(OwnedFd, Self)> {
        let failed = |error| failed(path, error);
        let name = socket::name(path)?;
        let socket = socket::open(AddressFamily::UNIX)?;
        match bind(&socket, &name) {
            Err(Errno::ADDRINUSE) if is_deserted(path, &name) => {
                fs::remove_file(path).map_err(failed)?;
                bind(&socket, &name)
            }
            bound => bound,
        }
        .map_err(|errno| failed(errno.into()))?;
        // Before it listens nobody can connect.
        fs::set_permissions(path, Permissions::from_mode(0o600))
            .map_err(failed)?;
        let place = Self {
            path: absolute(path).map_err(failed)?,
            identity: identity(path).map_err(failed)?,
            lock: None,
        };
        listen(&socket, BACKLOG).map_err(|errno| failed(errno.into()))?;
        Ok((socket, place))
    }

    /// Removes the path. The socket has to listen still: nobody else takes the
    /// path then.
    pub(super) fn remove(&self) {
        if identity(&self.path).is_ok_and(|it| it == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
        if let (Some(_), Some(directory)) = (&self.lock, self.path.parent()) {
            let _ = fs::remove_dir(directory);
        }
    }
}

/// What a killed process leaves of a place.
pub(crate) struct Remains {
    path: PathBuf,
    identity: (u64, u64),
    private: bool,
}

impl Remains {
    /// Removes it, unless somebody has taken the path since.
    pub(crate) fn remove(&self) {
        let ours = || identity(&self.path).is_ok_and(|it| it == self.identity);
        let place = (self.path.parent(), self.path.file_name());
        let ((Some(directory), Some(file)), true) = (place, ours()) else {
            return;
        };
        let Ok(turn) = lock(directory) else {
            return;
        };
        // Its number may be another's by now, who listens there. The whole path
        // may be longer than what a socket may be called.
        let near = format!("/proc/self/fd/{}", turn.as_raw_fd());
        let name = socket::name(&Path::new(&near).join(file));
        if ours() && name.is_ok_and(|name| is_deserted(&self.path, &name)) {
            let _ = fs::remove_file(&self.path);
            if self.private {
                let _ = fs::remove_dir(directory);
            }
        }
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::system(format!("listen at {}", path.display()), error)
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// Whether there is a socket at which nobody listens any more.
fn is_deserted(path: &Path, name: &SocketAddrUnix) -> bool {
    let is_socket = |file: fs::Metadata| file.file_type().is_socket();
    let knock = |socket| connect(&socket, name) == Err(Errno::CONNREFUSED);
    fs::symlink_metadata(path).is_ok_and(is_socket)
        && socket::open(AddressFamily::UNIX).is_ok_and(knock)
}

/// Waits for the lock of a directory; its bearer has it while it is open in
/// any process.
fn lock(directory: &Path) -> Result<OwnedFd> {
    let failed = |errno: Errno| failed(directory, errno.into());
    let opened = open(directory, OFlags::empty()).map_err(failed)?;
    let start = Instant::now();
    loop {
        match flock(&opened, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(opened),
            Err(Errno::WOULDBLOCK) if start.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
}

fn open(directory: &Path, more: OFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(directory, flags | more, Mode::empty())
}

/// Removes what listeners of killed processes have left, as far as it is this
/// user's.
fn sweep() {
    let entries = fs::read_dir(std::env::temp_dir());
    for entry in entries.into_iter().flatten().flatten() {
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(DIRECTORY.as_bytes())
        {
            sweep_one(&entry.path());
        }
    }
}

fn sweep_one(directory: &Path) -> Option<()> {
    let found = fs::symlink_metadata(directory).ok()?;
    let age = SystemTime::now().duration_since(found.modified().ok()?);
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if !ours || age.ok()? < INFANCY {
        return None;
    }
    let lock = open(directory, OFlags::NOFOLLOW).ok()?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).ok()?;
    let _ = fs::remove_file(directory.join(SOCKET));
    fs::remove_dir(directory).ok()
}

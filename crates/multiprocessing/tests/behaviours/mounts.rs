//! File systems that a process and its children see alone.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getgid, getuid};

use crate::support::in_child;

/// Why a test cannot have file systems of its own here.
pub(crate) fn lacks() -> Option<&'static str> {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    let attempt = || i32::from(try_tmpfs("/dev/shm", "size=1m").is_err());
    let possible = POSSIBLE.get_or_init(|| in_child(attempt) == 0);
    (!possible).then_some("one may not mount a tmpfs here")
}

/// A new and empty file system at `place`, until the calling process and its
/// children have ended.
pub(crate) fn tmpfs(place: impl AsRef<Path>, options: &str) {
    try_tmpfs(place, options).expect("it was possible before");
}

fn try_tmpfs(place: impl AsRef<Path>, options: &str) -> nix::Result<()> {
    let (user, group) = (getuid(), getgid());
    match unshare(CloneFlags::CLONE_NEWNS) {
        Err(Errno::EPERM) => {
            // In a namespace of users of its own, anybody is root.
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
            say("setgroups", "deny")?;
            say("uid_map", &format!("0 {user} 1"))?;
            say("gid_map", &format!("0 {group} 1"))?;
        }
        done => done?,
    }
    let none = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none)?;
    let (kind, flags) = (Some("tmpfs"), MsFlags::empty());
    mount(none, place.as_ref(), kind, flags, Some(options))
}

fn say(file: &str, text: &str) -> nix::Result<()> {
    let written = fs::write(format!("/proc/self/{file}"), text);
    written.map_err(|error| {
        Errno::from_raw(error.raw_os_error().unwrap_or_default())
    })
}

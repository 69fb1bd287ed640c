//! What a process knows of itself: its name, its parent, its children.

use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rand::Rng;

use super::child::ChildState;
use super::descriptor;
use super::parent::ParentProcess;
use crate::error::{Error, Result};
use crate::{manager, sys, threads};

/// Names grow with each generation: `Process-2:1` is the first child of
/// `Process-2`.
pub(super) struct Context {
    pub(super) name: String,
    pub(super) daemon: bool,
    pub(super) parent: Option<ParentProcess>,
    pub(super) children: Vec<Arc<ChildState>>,
    identity: Vec<u32>,
    count: u32,
    authkey: Arc<[u8]>,
}

static CONTEXT: LazyLock<Mutex<Context>> = LazyLock::new(|| {
    let mut authkey = [0; 32];
    rand::rng().fill_bytes(&mut authkey);
    Mutex::new(Context {
        name: "MainProcess".into(),
        daemon: false,
        parent: None,
        children: Vec::new(),
        identity: Vec::new(),
        count: 0,
        authkey: Arc::new(authkey),
    })
});

pub(super) fn context() -> MutexGuard<'static, Context> {
    CONTEXT.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Context {
    /// The identity of the next child to be made.
    pub(super) fn next_identity(&mut self) -> Vec<u32> {
        self.count += 1;
        let mut identity = self.identity.clone();
        identity.push(self.count);
        identity
    }

    pub(super) fn authkey(&self) -> Arc<[u8]> {
        Arc::clone(&self.authkey)
    }
}

pub(super) fn default_name(identity: &[u32]) -> String {
    let numbers: Vec<_> = identity.iter().map(u32::to_string).collect();
    format!("Process-{}", numbers.join(":"))
}

/// The parent's side of a birth, taken down before the fork.
pub(super) struct Birth {
    parent_pid: i32,
    parent_name: String,
}

impl Birth {
    pub(super) fn announce() -> Self {
        Self {
            parent_pid: pid(),
            parent_name: context().name.clone(),
        }
    }

    /// The first thing that a forked child does: become a process of its own,
    /// with its parent's stdin or another one.
    pub(super) fn enter(
        self,
        state: &ChildState,
        stdin: Option<OwnedFd>,
    ) -> Result<()> {
        threads::forget_all();
        manager::forget_connections();
        if !state.outlives_parent {
            die_with(self.parent_pid)?;
        }
        if let Some(stdin) = stdin {
            nix::unistd::dup2_stdin(stdin)
                .map_err(|errno| Error::system("replace stdin", errno))?;
        }
        let parent = self
            .watch_parent()
            .map_err(|error| Error::system("watch the parent", error))?;
        let parent = Arc::new(parent);
        sys::signal::pass_on_broken_pipe(&parent);
        let mut context = context();
        context.name.clone_from(&state.name);
        context.identity.clone_from(&state.identity);
        context.count = 0;
        context.daemon = state.daemon;
        context.children.clear();
        context.parent = Some(ParentProcess::new(
            self.parent_pid,
            self.parent_name,
            parent,
        ));
        drop(context);
        name_in_the_kernel(&state.name);
        // Without new randomness all children would draw the same numbers.
        rand::rng().reseed().map_err(|error| {
            Error::system("seed the generator", std::io::Error::other(error))
        })
    }

    /// A descriptor that is readable once the parent has ended. If it has
    /// already, which only a child sees that outlives it, that is `/dev/null`,
    /// which always is.
    fn watch_parent(&self) -> io::Result<OwnedFd> {
        let ended = || nix::unistd::getppid().as_raw() != self.parent_pid;
        match descriptor::pidfd(self.parent_pid) {
            watch if !ended() => watch,
            _ => descriptor::null(),
        }
    }
}

/// Lets the kernel kill this process when its parent dies, whose pid is given.
/// That holds until the process takes the rights of another user.
///
/// Only the main thread may fork (see `threads::quiet`), so the signal, which
/// comes when the *thread* that forked ends, comes with the process's end.
pub(crate) fn die_with(parent: i32) -> Result<()> {
    use nix::sys::{prctl, signal::Signal};
    prctl::set_pdeathsig(Signal::SIGKILL)
        .map_err(|errno| Error::system("watch the parent", errno))?;
    if nix::unistd::getppid().as_raw() != parent {
        // It died before we watched it.
        sys::fork::exit_now(1);
    }
    Ok(())
}

/// The name as `ps` and `top` show it, which is cut after 15 bytes.
fn name_in_the_kernel(name: &str) {
    if let Ok(name) = CString::new(name) {
        let _ = nix::sys::prctl::set_name(&name);
    }
}

pub(crate) fn pid() -> i32 {
    sys::fork::own_pid()
}

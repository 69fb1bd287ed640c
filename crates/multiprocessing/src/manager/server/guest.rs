//! A client whom a thread of the server attends to.

use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};

use super::watch::{Watch, Watched};
use crate::manager::door::Client;

/// A thread of a process, and the owner of its locks.
pub(super) struct Guest {
    pub(super) client: Arc<Client>,
    /// Who attends to it.
    thread: Thread,
    watched: OnceLock<Vec<Watched>>,
}

impl Guest {
    /// A client that the calling thread attends to.
    pub(super) fn new(
        client: &Arc<Client>,
        watch: &Arc<Watch>,
    ) -> rustix::io::Result<Arc<Self>> {
        let guest = Arc::new(Self {
            client: Arc::clone(client),
            thread: thread::current(),
            watched: OnceLock::new(),
        });
        let watched = guest.client.sentinels().map(|sentinel| {
            let guest = Arc::downgrade(&guest);
            watch.at_end(sentinel, move || {
                if let Some(guest) = guest.upgrade() {
                    guest.leave();
                }
            })
        });
        let watched = watched.collect::<Result<_, _>>()?;
        // It is as long watched as it is there.
        let _ = guest.watched.set(watched);
        Ok(guest)
    }

    /// Whether nobody waits for a reply any more.
    pub(super) fn is_gone(&self) -> bool {
        self.client.is_gone()
    }

    /// Lets the thread that attends to it see that it is gone, whatever it
    /// waits for. A child of the client may have the stream open, and never
    /// send or read anything.
    fn leave(&self) {
        self.client.hang_up();
        self.thread.unpark();
    }
}

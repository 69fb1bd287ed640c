//! Python's `multiprocessing` for Rust.
mod codec;
mod error;
mod manager;
mod pipe;
mod process;
mod sys;
mod threads;

pub use error::{Error, Result};
pub use manager::{DictProxy, ListProxy, Manager, QueueProxy};
pub use pipe::{Connection, Pipe};
pub use process::{
    Child, CurrentProcess, Outcome, ParentProcess, Process, Sentinel,
    active_children, cpu_count, current_process, parent_process,
};

//! Python's `multiprocessing` for Rust.
mod codec;
mod error;
mod futex;
mod manager;
mod pass;
mod pipe;
mod pool;
mod process;
mod queue;
mod sync;
mod sys;
mod threads;
mod value;

pub use error::{Error, Result};
pub use manager::{DictProxy, ListProxy, Manager, QueueProxy};
pub use pipe::{Connection, Pipe};
pub use pool::{AsyncResult, Pool};
pub use process::{
    Child, CurrentProcess, Outcome, ParentProcess, Process, Sentinel,
    active_children, cpu_count, current_process, parent_process,
};
pub use queue::Queue;
pub use sync::{
    BoundedSemaphore, Lock, LockGuard, RLock, RLockGuard, Semaphore,
    SemaphoreGuard,
};
pub use value::{Array, RawArray, RawValue, Value};

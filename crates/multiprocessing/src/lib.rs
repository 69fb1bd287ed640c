//! Python's `multiprocessing` for Rust: processes that run closures, and what
//! they share.
//!
//! ```
//! use multiprocessing::{Process, Queue};
//!
//! fn main() -> multiprocessing::Result<()> {
//!     let queue = Queue::bounded(2)?;
//!     let producer = Process::new(|| {
//!         (0..5).try_for_each(|number| queue.put(number))
//!     });
//!     producer.start()?;
//!     for number in 0..5 {
//!         assert_eq!(queue.get()?, number);
//!     }
//!     producer.join()
//! }
//! ```
//!
//! # Python's names, and ours
//!
//! | Python | here | differs in |
//! |---|---|---|
//! | `Process(target=f, args=(x,))` | [`Process::new`]`(\|\| f(x))` | the closure may borrow; `name=`, `daemon=` are [`with_name`](Process::with_name), [`with_daemon`](Process::with_daemon) |
//! | `start`, `join`, `is_alive`, `exitcode`, `terminate`, `kill`, `close`, `sentinel` | the same | `join(timeout)` is [`join_timeout`](Child::join_timeout) and tells whether it ended |
//! | `current_process`, `parent_process`, `active_children`, `cpu_count` | the same | |
//! | `Lock`, `RLock` | [`Lock`], [`RLock`] | released by the owner only; for a hand-over use `Semaphore::new(1)` |
//! | `Semaphore`, `BoundedSemaphore` | the same | `get_value()` is [`value`](Semaphore::value) |
//! | `with lock:` | `let _guard = lock.guard()?;` | |
//! | `acquire(False)`, `acquire(timeout=t)` | `try_acquire()`, `acquire_timeout(t)` | |
//! | `Value`, `Array` | [`Value`], [`Array`] | the type of the items says what `'d'` and `'i'` say there; `lock=False` is [`RawValue`], [`RawArray`] |
//! | `Pipe()`, `Pipe(False)` | [`Pipe::duplex`], [`Pipe::one_way`] | |
//! | `Connection` | [`Connection`] | `recv` is told which type it receives |
//! | `Queue()`, `Queue(n)` | [`Queue::unbounded`], [`Queue::bounded`] | no feeder thread: what was put can be got at once |
//! | `JoinableQueue` | [`JoinableQueue`] | `join` may have a time limit |
//! | `put_nowait`, `put(x, timeout=t)` | `try_put`, `put_timeout` | the same for `get` |
//! | `Pool(n)` | [`Pool::new`] | a task is a function, or a closure that captures nothing |
//! | `apply_async(f, (x,), callback=g)` | `pool.apply_async(f, x)?.callback(g)` | |
//! | `AsyncResult.get(timeout=t)` | [`get_timeout`](AsyncResult::get_timeout) | |
//! | `Manager().dict()`, `.list()`, `.Queue()` | [`Manager::dict`], [`Manager::list`], [`Manager::queue`] | the items have a type |
//!
//! Time limits are [`Duration`](std::time::Duration)s, where Python has
//! seconds.
//!
//! # What is different, and why
//!
//! - **Start processes first, threads later.** A start is a `fork`, which
//!   copies only the thread that calls it. With other threads in the program
//!   it is refused ([`Error::MultiThreaded`]); CPython goes on, and sometimes
//!   hangs. The library's own threads are no hindrance.
//! - **Death is told.** Where CPython waits for ever, because somebody was
//!   killed at the wrong moment, there is an error: [`Error::OwnerDied`] of a
//!   lock, [`Error::WorkerDied`] of a pool's task, [`Error::Disconnected`] of
//!   a pipe or a manager.
//! - **A child dies with its parent**, if the parent is killed;
//!   [`outliving_parent`](Process::outliving_parent) gives Python's behaviour.
//!   At a normal end both wait for their children and terminate their daemons.
//! - **Items travel as serde writes them** (in postcard's format), not by
//!   pickle: a queue has items of one type, and a closure cannot be sent.
//!
//! # Where to start reading
//!
//! `process` is the heart: what a start is, and how a process ends. Then
//! `sync` and `value` (shared memory), `pipe` and `queue` (messages), `pool`
//! and `manager`, which are made of the others. Under them lies `sys`, a few
//! system files with all the `unsafe` code. Each module begins with the
//! mechanism of the kernel on which it stands.

mod codec;
mod error;
mod futex;
mod manager;
mod monitor;
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
pub use queue::{JoinableQueue, Queue};
pub use sync::{
    BoundedSemaphore, Lock, LockGuard, RLock, RLockGuard, Semaphore,
    SemaphoreGuard,
};
pub use value::{Array, RawArray, RawValue, Value};

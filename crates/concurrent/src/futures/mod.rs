//! Executors, which run functions elsewhere, and futures, which will have the
//! results. Python: `concurrent.futures`.
//!
//! ```
//! use concurrent::futures::{ThreadPoolExecutor, as_completed};
//!
//! fn main() -> concurrent::futures::Result<()> {
//!     let executor = ThreadPoolExecutor::new(5)?;
//!     let square = |n: u32| n * n;
//!     let three = executor.submit(square, 3)?;
//!     let four = executor.submit(square, 4)?;
//!     for future in as_completed([three.clone(), four]) {
//!         println!("{}", future?.result()?);
//!     }
//!     assert_eq!(three.result()?, 9);
//!     assert_eq!(executor.map(square, 1..=3)?.last().transpose()?, Some(9));
//!     Ok(())
//! }
//! ```
//!
//! # Python's names, and ours
//!
//! | Python | here | differs in |
//! |---|---|---|
//! | `ThreadPoolExecutor(n)` | [`ThreadPoolExecutor::new`] | |
//! | `ThreadPoolExecutor()` | [`ThreadPoolExecutor::default`] | |
//! | `thread_name_prefix=` | [`with_thread_name_prefix`](ThreadPoolExecutor::with_thread_name_prefix) | |
//! | `ProcessPoolExecutor(n)` | [`ProcessPoolExecutor::new`] | the workers are started at once |
//! | `ProcessPoolExecutor(n, initializer=f, max_tasks_per_child=m)` | `ProcessPoolExecutor::from(pool)` | the pool is made by [`Pool::builder`](multiprocessing::Pool::builder) |
//! | `with executor:` | the scope that the executor is dropped at the end of | |
//! | `submit(f, x)` | `submit(f, x)?` | one argument; a tuple for more |
//! | `map(f, items)`, `map(f, items, timeout=t)` | `map`, `map_timeout` | the items are [`Result`]s |
//! | `shutdown()` | the same | `wait=False` is `shutdown_nowait`, `cancel_futures=True` is `shutdown_cancelling` |
//! | `result(t)`, `exception(t)` | `result`, `result_timeout`, `exception`, `exception_timeout` | the result is cloned for each who asks |
//! | `wait(fs, t, FIRST_COMPLETED)` | [`wait`], [`wait_timeout`], [`ReturnWhen::FirstCompleted`] | `done` and `not_done` are in the order of `fs` |
//! | `as_completed(fs)`, `as_completed(fs, t)` | [`as_completed`], [`as_completed_timeout`] | |
//!
//! A task that raises is one that panics. One that returns a `Result` has it as
//! its result, and has not failed.
//!
//! # What is different, and why
//!
//! The numbers are those of the behaviours that CPython's own tests pin down;
//! the tests bear them in their names. These read differently, or not at all:
//!
//! | number | in Python | here |
//! |---|---|---|
//! | 230 | a cancelled future is not done for `wait` until a worker has looked at it | it is done at once |
//! | 241 | `chunksize` | not here; `Pool::map_in_chunks` has it |
//! | 251 | the interpreter waits for pending work at its end | dropping the executor does |
//! | 256 | who submits to a broken executor is refused | the future that he gets has failed |
//! | 257 | a dead worker process breaks the whole executor | it fails the task that it had, and is replaced; the executor is broken if an initializer fails (256), or if nobody is left and no worker can be made (260) |
//! | 261 | `terminate_workers`, `kill_workers` | not here: terminate the [`Pool`](multiprocessing::Pool), or let the executor end |
//!
//! # Where to start reading
//!
//! `future`, a state under a lock; then `watch`, on which `wait` and
//! `as_completed` stand; then the executors, `thread` and `process`.

mod completed;
mod error;
mod executor;
mod future;
mod map;
mod process;
mod task;
mod thread;
mod wait;
mod watch;

pub use completed::{AsCompleted, as_completed, as_completed_timeout};
pub use error::{Error, Result};
pub use executor::Executor;
pub use future::Future;
pub use map::Map;
pub use process::ProcessPoolExecutor;
pub use thread::ThreadPoolExecutor;
pub use wait::{DoneAndNotDoneFutures, ReturnWhen, wait, wait_timeout};

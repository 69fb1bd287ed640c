//! The behaviours that the crate promises, each as a test.
//!
//! `b008` in a name is number 8 of the list that CPython's own tests were
//! boiled down to. Some of its numbers have no, or another, sense in Rust:
//!
//! | number | in Python | here |
//! |---|---|---|
//! | 1 | the current process has `is_alive` and `exitcode` | it has neither: who asks is alive |
//! | 2, 7 | `args` and `kwargs` arrive | what the closure captures arrives |
//! | 10 | `join(-1)` returns at once | a `Duration` is never negative |
//! | 21 | a child waits for its non-daemon threads | threads end with their process, in a child as in `main`: join them, or use `thread::scope` |
//! | 26 | `exit(True)`, `exit(None)` | a target returns `()`, an `i32` or a `Result` of them |
//! | 29 | `os._exit(256)` | what a target returns is cut in the same way |
//! | 42, 44, 48, 76 | `put(x, False, t)`, `acquire(False, t)`, `None` for no limit | a method of its own for each case: nothing to combine |
//! | 52 | `close` is for the whole process | as here; other processes go on |
//! | 54 | the feeder thread tells a hook which item failed | `put` itself fails, and `get` for what cannot be decoded |
//! | 58 | a `maxsize` of 0 or less is no limit | `Queue::unbounded`; 0 is an error |
//! | 60 | `join_thread`, `cancel_join_thread` | no thread to join: what was put is there |
//! | 61, 62 | `SimpleQueue` | `Queue` is one: no thread stands behind it |
//! | 68 | a negative timeout | a `Duration` is never negative |
//! | 69 | anybody may release a `Lock` | its owner only; a `Semaphore` may be released by anybody |
//! | 71 | who does not own an `RLock` | neither may a thread of the same process |
//! | 81 | a manager's `Lock` | a `Lock` reaches every process that needs it |
//! | 82 | `locked()` | `try_acquire`: an answer alone is out of date at once |
//! | 114, 120 | `lock=False`, a lock that is none | `RawValue`, `RawArray`; the type says what a lock is |
//! | 122 | `copy()` of a shared struct | `get` is a copy |
//! | 125 | a heap of arenas | each object has a region of its own |
//! | 126, 133 | `offset` and `size` of a message | slices |
//! | 157 | `apply(f, kwds={…})` | a function has no keyword arguments |
//! | 159 | `starmap` unpacks tuples | a function of a tuple does it, in `map` |
//! | 164 | an iterator raises | it may panic, and the panic reaches the caller |
//! | 170 | `Pool(-1)` | a `usize` is never negative |
//! | 174 | thread pools do not wrap the error | there is no pool of threads |
//! | 179 | the error has the value's text | a value need not have one |
//! | 192 | a stack overflow is -11 | Rust tells of it and aborts: -6 |
//! | 193 | `+` of a list proxy makes a plain list | `to_vec`, then `extend` |
//! | 196 | a dict proxy is iterated while it is cleared | `keys` and its like are copies |

mod harness;
mod items;
mod locks;
mod locks_killed;
mod manager;
mod manager_server;
mod pipe;
mod pipe_end;
mod pool;
mod pool_callbacks;
mod pool_end;
mod pool_family;
mod pool_items;
mod pool_killed;
mod pool_tasks;
mod process_end;
mod process_exit;
mod process_exitcode;
mod process_family;
mod process_resources;
mod process_start;
mod process_threads;
mod procfs;
mod queue;
mod queue_joinable;
mod queue_killed;
mod queue_memory;
mod queue_order;
mod region;
mod semaphore;
mod signals;
mod support;
mod value;
mod waiting;

use std::process::ExitCode;

use harness::Test;

/// What is run, file by file.
const TESTS: &[&[Test]] = &[
    process_start::TESTS,
    process_end::TESTS,
    process_exitcode::TESTS,
    process_exit::TESTS,
    process_family::TESTS,
    process_threads::TESTS,
    process_resources::TESTS,
    region::TESTS,
    pipe::TESTS,
    pipe_end::TESTS,
    manager::TESTS,
    manager_server::TESTS,
    locks::TESTS,
    locks_killed::TESTS,
    semaphore::TESTS,
    value::TESTS,
    queue::TESTS,
    queue_joinable::TESTS,
    queue_order::TESTS,
    queue_killed::TESTS,
    queue_memory::TESTS,
    signals::TESTS,
    pool::TESTS,
    pool_items::TESTS,
    pool_callbacks::TESTS,
    pool_end::TESTS,
    pool_killed::TESTS,
    pool_family::TESTS,
];

/// What tests run as a program of its own, with a main function.
const PROGRAMS: &[&[Test]] = &[
    process_exit::PROGRAMS,
    queue_memory::PROGRAMS,
    pool_family::PROGRAMS,
];

fn main() -> ExitCode {
    harness::main(TESTS, PROGRAMS)
}

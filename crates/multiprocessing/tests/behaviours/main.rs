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
//! | 157 | `apply(f, kwds={…})` | a function has no keyword arguments |
//! | 159 | `starmap` unpacks tuples | a function of a tuple does it, in `map` |
//! | 164 | an iterator raises | it may panic, and the panic reaches the caller |
//! | 170 | `Pool(-1)` | a `usize` is never negative |
//! | 174 | thread pools do not wrap the error | there is no pool of threads |
//! | 179 | the error has the value's text | a value need not have one |
//! | 192 | a stack overflow is -11 | Rust tells of it and aborts: -6 |

mod harness;
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
mod support;

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
    pool::TESTS,
    pool_items::TESTS,
    pool_callbacks::TESTS,
    pool_end::TESTS,
    pool_killed::TESTS,
    pool_family::TESTS,
];

/// What tests run as a program of its own, with a main function.
const PROGRAMS: &[&[Test]] = &[process_exit::PROGRAMS, pool_family::PROGRAMS];

fn main() -> ExitCode {
    harness::main(TESTS, PROGRAMS)
}

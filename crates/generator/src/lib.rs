//! Python's generators and greenlets for Rust: functions that pause, and go on
//! where they were, each on a stack of its own, all in one thread.
//!
//! ```
//! use generator::Generator;
//!
//! let mut fib = Generator::<i32>::new(|co| {
//!     let (mut prev, mut curr) = (0, 1);
//!     loop {
//!         co.yield_(curr)?;
//!         (curr, prev) = (prev + curr, curr);
//!     }
//! });
//! assert_eq!(fib.next()?, 1);
//! assert_eq!(fib.next()?, 1);
//! assert_eq!(fib.next()?, 2);
//! # Ok::<(), generator::Error>(())
//! ```
//!
//! # Python's names, and ours
//!
//! | Python | here | differs in |
//! |---|---|---|
//! | `def f(): … yield x …` | [`Generator::new`] | the body gets a [`Yielder`], and ends by returning |
//! | `(f(x) for x in xs)` | [`Generator::expression`] | |
//! | `y = yield x` | [`co.yield_(x)?`](Yielder::yield_) | what was thrown comes as an `Err` |
//! | `next(g)`, `g.send(y)`, `g.throw(e)`, `g.close()` | the same | |
//! | `for x in g` | `for x in g.items()` | an item is a `Result`, since the body may fail |
//! | `inspect.getgeneratorstate(g)` | [`Generator::state`] | |
//! | `StopIteration`, … | [`Error`] | |
//! | `greenlet` | [`greenlet`] | greenlets are known by names |
//! | `gevent` | [`gevent`] | the hub is a value |
//!
//! # What is different, and why
//!
//! - Only Python's body itself pauses; here any function that it hands its
//!   [`Yielder`] can, so `yield from` is a call.
//! - A generator that runs is borrowed by whoever runs it: `ValueError:
//!   generator already executing` cannot happen.
//! - A body has no return value; `StopIteration` carries none.
//! - A generator that is dropped is closed, as in Python; so what its body
//!   owns is dropped as well.

mod error;
mod generator;
pub mod gevent;
pub mod greenlet;

pub use error::{Error, Result};
pub use generator::{Generator, Items, State, Yielder};

//! The library's algorithms in shared memory, under a model checker.
//!
//! A test that starts real processes sees the orders of events that the
//! machine happens to choose. Here a checker, [shuttle], chooses: it runs one
//! process at a time, and at each *step* it decides who is next. A step is one
//! operation on a word of shared memory, a piece of a message that is copied,
//! or a call of the kernel. So an order that a real machine shows once in a
//! week is tried in a second, and what was found can be run again.
//!
//! **What is checked is the library's own source**, the very files, read by
//! `#[path]` below: semaphores, events, conditions, barriers,
//! locks, queues, the slot of a pipe, a place for messages, and the bell beside
//! several of them. Only what they ask of the machine is another one:
//!
//! | in the library | here |
//! |---|---|
//! | `sys/machine.rs`: the atomics, the clock | [`machine::words`]: each operation is a step; time passes when a check says so |
//! | `futex.rs`: sleep and wake | [`machine::futex`]: to compare and to go to sleep is one step; those who sleep are woken in their order; a sleep on several words lines up at one after the other, as in Linux |
//! | `sys/robust/mod.rs`: the list of the mutexes that a thread holds | [`machine::robust`]: the kernel's own list, and what Linux does when an owner dies |
//! | `sys/region.rs`: shared memory | itself, but that a copy may be interrupted |
//! | a process | a task of shuttle ([`process`]) |
//!
//! **What may befall a process** is a task, too, which the checker runs when it
//! likes: that it is killed, that its time limit is over, that a signal ends
//! its sleep. So a death is tried before each step of its victim, and also
//! between the moment when it is woken and the moment when it could act. The
//! dead do nothing more (their stack unwinds, but no destructor reaches the
//! machine), and the kernel looks after their mutexes.
//!
//! **What is not modelled.** One thing happens after the other, and everybody
//! sees it at once: orders that only a weak memory model allows are not tried.
//! (The algorithms use `SeqCst` but for words that one owner uses, and for the
//! places in a queue, which its counts guard; so they do not count on more.) A process has one thread. All who sleep have one
//! priority. The way without `futex_waitv` is not here, nor that memory runs
//! short. And where the schedules are too many, some are tried, not all: a
//! check that passes is no proof.
//!
//! A check ends with [`until_quiet`](process::until_quiet): when nobody can do
//! anything any more, whoever still sleeps has to have a reason to.
//!
//! [`explorer`] says how schedules are chosen, and how one that failed is run
//! again, step by step. `mutants.toml` has mistakes that are to be found.
//!
//! [shuttle]: https://docs.rs/shuttle

mod checks;
mod explorer;
mod ghost;
mod machine;
mod patience;
mod process;
mod sys;

// The library's files. What of them nobody calls here is no mistake.
#[path = "../../../multiprocessing/src/bounded.rs"]
#[allow(dead_code)]
mod bounded;
#[path = "../../../multiprocessing/src/codec.rs"]
#[allow(dead_code)]
mod codec;
#[path = "../../../multiprocessing/src/copy.rs"]
#[allow(dead_code)]
mod copy;
#[path = "../../../multiprocessing/src/error.rs"]
#[allow(dead_code, unreachable_pub)]
mod error;
#[path = "../../../multiprocessing/src/monitor.rs"]
mod monitor;
#[path = "../../../multiprocessing/src/owned.rs"]
mod owned;
#[path = "../../../multiprocessing/src/queue/mod.rs"]
#[allow(dead_code, unreachable_pub)]
// What is public there returns a `Result` wherever it may wait.
#[allow(clippy::unnecessary_wraps)]
mod queue;
#[path = "../../../multiprocessing/src/shortage.rs"]
mod shortage;
#[path = "../../../multiprocessing/src/sync/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports)]
// As above.
#[allow(clippy::unnecessary_wraps)]
mod sync;

#[path = "../../../multiprocessing/src/seat/bell.rs"]
mod bell;
#[path = "../../../multiprocessing/src/seat/post/mod.rs"]
#[allow(dead_code, unused_imports)]
mod post;
#[path = "../../../multiprocessing/src/pipe/slot.rs"]
#[allow(dead_code)]
mod slot;
#[path = "../../../multiprocessing/src/words.rs"]
mod words;

use machine::futex;

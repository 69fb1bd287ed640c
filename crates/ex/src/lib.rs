//! Runs the examples and watches them: what the tests and the front door,
//! `cargo ex`, stand on.
//!
//! [`catalogue`] finds the examples and their contracts, [`programs`] builds
//! the binaries, [`watch`] runs one and notes what it prints and when,
//! [`attempt`] has such a run judged, [`family`] sees what the processes of a
//! run are doing, and whether any is left, and [`tally`] adds up what the runs
//! have shown.

pub mod attempt;
pub mod catalogue;
mod error;
pub mod family;
pub mod programs;
pub mod tally;
mod terminal;
pub mod watch;

pub use error::Error;

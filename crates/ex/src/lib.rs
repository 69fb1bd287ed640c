//! Runs the examples and watches them: what the tests and the front door,
//! `cargo ex`, stand on.
//!
//! [`catalogue`] finds the examples and their contracts, [`names`] tells which
//! of them a reader means, [`programs`] builds the binaries, [`watch`] runs
//! one and notes what it prints and when, [`attempt`] has such a run judged,
//! [`family`] sees what the processes of a run are doing, and whether any is
//! left, [`charge`] lets none outlive this process, and [`tally`] adds up what
//! the runs have shown.
//!
//! [`exploration`] has explored runs judged, [`traced`] makes of what the
//! explorer tells what a contract judges, and [`drawing`] names the tasks of
//! a timeline. [`environment`] reads the pace and the seed, [`processor`] has runs
//! share one, [`columns`] lays out text, and [`skeleton`] makes a new example.

pub mod attempt;
pub mod catalogue;
pub mod charge;
pub mod columns;
pub mod drawing;
pub mod environment;
mod error;
pub mod exploration;
pub mod family;
pub mod names;
pub mod processor;
pub mod programs;
pub mod skeleton;
pub mod tally;
mod terminal;
pub mod traced;
pub mod watch;

pub use error::Error;

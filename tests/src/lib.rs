//! Runs the examples and watches them: what the tests of this package stand
//! on.
//!
//! [`catalogue`] finds the examples and their contracts, [`programs`] builds
//! the binaries, [`watch`] runs one and notes what it prints and when,
//! [`family`] sees what the processes of a run are doing, and whether any is
//! left, [`chance`] gives the seed for what a test leaves open, [`tally`] adds up what
//! the runs have shown, and [`readme`] makes the README's table. [`mutants`]
//! are the examples with mistakes, which [`scratch`] builds.

pub mod catalogue;
pub mod chance;
pub mod family;
pub mod mutants;
pub mod programs;
pub mod readme;
pub mod scratch;
pub mod tally;
pub mod watch;

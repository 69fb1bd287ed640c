//! What the tests of this package share: [`chance`] gives the seed for what a
//! test leaves open, [`mutants`] are the examples with mistakes, which
//! [`scratch`] builds, [`needs`] skips what this machine cannot run, [`readme`]
//! makes the README's table, and [`sources`] are the project's own files.

pub mod chance;
pub mod mutants;
pub mod needs;
pub mod readme;
pub mod scratch;
pub mod sources;

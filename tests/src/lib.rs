//! What the tests of this package share: [`chance`] gives the seed for what a
//! test leaves open, and [`readme`] makes the README's table.

pub mod chance;
pub mod readme;

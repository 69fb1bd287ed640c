//! Hostile bytes.

use crate::harness::{Test, list};

pub(crate) const TESTS: &[Test] = list![];

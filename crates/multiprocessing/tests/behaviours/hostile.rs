//! Whatever comes: properties that hold for any bytes.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::seed;

/// Checks `property` for many values, which come from the seed, and tells the
/// simplest one for which it fails.
#[track_caller]
pub(crate) fn for_all<S: Strategy>(
    cases: u32,
    values: S,
    property: impl Fn(S::Value),
) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, random);
    let result = runner.run(&values, |value| {
        property(value);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

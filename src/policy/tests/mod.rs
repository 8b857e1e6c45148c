//! Tests of the policy language: tables of what the AWS pages say, and properties over generated documents.

mod canonical;
mod check;
mod diff;
mod exception;
mod generate;
mod hierarchy;
mod operators;
mod pack;
mod parse;
mod properties;
mod statements;
mod verdict;

use proptest::test_runner::{Config, RngSeed};

/// The same cases in every run: a failure is a change of the code, never luck. Longer runs are for
/// `PROPTEST_CASES` and another seed by hand.
pub(super) fn cases() -> Config {
    Config { rng_seed: RngSeed::Fixed(20_261_130), failure_persistence: None, ..Config::default() }
}

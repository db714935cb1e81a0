//! Runs a target.

use std::env;
use std::fmt::Debug;
use std::time::Instant;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};

/// How many executions a target makes, unless the environment says otherwise.
const USUAL_EXECUTIONS: u32 = 2_000;

/// The environment variable with another number.
const EXECUTIONS: &str = "FUZZ_EXECUTIONS";

/// Tries a property with inputs, and prints a line that `scripts/fuzz` reads: the target, its executions, its seconds, and whether it
/// has failed.
///
/// # Panics
///
/// If the property panics. The message shows the smallest input that was found.
pub fn fuzz<Input: Debug>(target: &str, inputs: &impl Strategy<Value = Input>, property: impl Fn(Input)) {
    let executions = env::var(EXECUTIONS).map_or(USUAL_EXECUTIONS, |text| text.parse().expect(EXECUTIONS));
    let config = Config { cases: executions, failure_persistence: None, ..Config::default() };
    let began = Instant::now();
    let result = TestRunner::new(config).run(inputs, |input| {
        property(input);
        Ok(())
    });
    // A line of its own, whatever the test runner has printed before.
    let (seconds, failed) = (began.elapsed().as_secs_f64(), u8::from(result.is_err()));
    println!("\nfuzz {target} {executions} {seconds:.1} {failed}");
    if let Err(error) = result {
        panic!("{target}: {error}");
    }
}

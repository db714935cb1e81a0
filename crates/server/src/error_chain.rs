//! An error as a person reads it: with everything that it came from.

use std::error::Error;
use std::iter::successors;

/// An error and everything that it came from, in one line.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let causes = successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

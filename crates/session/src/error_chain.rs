//! An error together with its causes, for people to read.

use std::error::Error;
use std::iter::successors;

/// Writes an error and all of its causes in one line.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut causes: Vec<_> =
        successors(Some(error), |cause| (*cause).source()).map(ToString::to_string).collect();
    // Some errors already end with the text of their cause.
    causes.dedup_by(|cause, outer| outer.ends_with(&**cause));
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct TestError {
        text: &'static str,
        source: Option<Box<TestError>>,
    }

    #[test]
    fn each_cause_appears_once() {
        let innermost = TestError { text: "refused", source: None };
        let inner = TestError { text: "cannot connect: refused", source: Some(innermost.into()) };
        let outer = TestError { text: "no answer", source: Some(inner.into()) };
        assert_eq!(error_chain(&outer), "no answer: cannot connect: refused");
    }
}

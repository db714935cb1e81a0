//! An error as a person reads it: with everything that it came from.

use std::error::Error;
use std::iter::successors;

/// An error and everything that it came from, in one line.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut causes: Vec<_> =
        successors(Some(error), |cause| (*cause).source()).map(ToString::to_string).collect();
    // Some errors tell their cause themselves.
    causes.dedup_by(|cause, said| said.ends_with(&**cause));
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Said {
        text: &'static str,
        source: Option<Box<Said>>,
    }

    #[test]
    fn a_cause_is_told_once() {
        let innermost = Said { text: "refused", source: None };
        let inner = Said { text: "cannot connect: refused", source: Some(innermost.into()) };
        let outer = Said { text: "no answer", source: Some(inner.into()) };
        assert_eq!(error_chain(&outer), "no answer: cannot connect: refused");
    }
}

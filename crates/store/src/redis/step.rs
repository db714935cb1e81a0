//! What a server does with a Redis when it starts, step by step.

use std::error::Error;
use std::fmt;

use deadpool_redis::redis::RedisError;

/// A question to a Redis at the start. What an error means depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Connects and logs in.
    Connect,
    /// Chooses the database.
    Select,
    /// Asks for the masters of the cluster.
    FindMasters,
    /// Reads sessions.
    Read,
    /// Publishes a change.
    Publish,
    /// Uses the index of sessions.
    Index,
    /// Asks for its settings and its clock.
    Inspect,
}

/// A step that has failed.
#[derive(Debug)]
pub(super) struct FailedStep {
    pub(super) step: Step,
    pub(super) error: RedisError,
}

impl Step {
    /// Makes the error of this step.
    pub(super) const fn failed(self, error: RedisError) -> FailedStep {
        FailedStep { step: self, error }
    }
}

impl FailedStep {
    /// Returns whether Redis has not answered at all, as opposed to an answer that is an error.
    pub(super) fn has_no_answer(&self) -> bool {
        self.error.is_io_error()
    }
}

impl fmt::Display for FailedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for FailedStep {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

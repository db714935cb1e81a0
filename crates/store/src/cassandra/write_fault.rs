//! Why Cassandra refuses a write although it answers.

use scylla::errors::DbError;
use tickseed_session::StoreError;

use super::connection::{answered, execution_error};
use crate::write_health::Cause;

/// Returns the cause behind an answer, if it is about more than one session and lasts.
pub(super) fn cause_of(error: &StoreError) -> Option<Cause> {
    let (phrase, remedy) = match execution_error(error).and_then(answered)? {
        DbError::Unauthorized => (
            "Cassandra denies this server a permission",
            "give its user SELECT and MODIFY on the keyspace, as docs/stores/cassandra.md says",
        ),
        DbError::WriteFailure { .. } | DbError::TruncateError => {
            ("the replicas of Cassandra fail to write", "their logs say why; it may be that a disk is full")
        }
        DbError::Invalid | DbError::ConfigError | DbError::SyntaxError => {
            ("Cassandra refuses writes", "its answer says why; run tickseed migrate if a table is missing")
        }
        _ => return None,
    };
    Some(Cause { phrase, remedy })
}

#[cfg(test)]
mod tests {
    use scylla::errors::{ExecutionError, RequestAttemptError};

    use super::*;

    fn phrase(answer: DbError) -> Option<&'static str> {
        let attempt = RequestAttemptError::DbError(answer, "no".to_owned());
        let error = StoreError::unavailable(ExecutionError::LastAttemptError(attempt));
        cause_of(&error).map(|cause| cause.phrase)
    }

    #[test]
    fn answers_that_last_have_a_cause_and_those_of_a_moment_have_none() {
        assert_eq!(phrase(DbError::Unauthorized), Some("Cassandra denies this server a permission"));
        assert_eq!(phrase(DbError::Invalid), Some("Cassandra refuses writes"));
        for answer in [DbError::Overloaded, DbError::ServerError, DbError::IsBootstrapping] {
            assert_eq!(phrase(answer), None);
        }
        assert!(cause_of(&StoreError::NotAsked).is_none());
    }
}

//! Why PostgreSQL refuses writes although it answers.

use deadpool_postgres::tokio_postgres::Error;
use deadpool_postgres::tokio_postgres::error::SqlState;

use crate::write_health::Cause;

/// Returns the cause behind an answer, if it is about more than one session and lasts.
pub(super) fn cause(error: &Error) -> Option<Cause> {
    let (phrase, remedy) = match error.code()? {
        &SqlState::READ_ONLY_SQL_TRANSACTION => (
            "PostgreSQL is read-only",
            "it is a standby, or default_transaction_read_only is on: --store must name a server that accepts writes",
        ),
        &SqlState::DISK_FULL => ("the disk of PostgreSQL is full", "make room on it"),
        &SqlState::INSUFFICIENT_PRIVILEGE => {
            ("PostgreSQL denies this server a right", "grant its user what docs/stores/postgres.md lists")
        }
        &SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_FUNCTION | &SqlState::UNDEFINED_COLUMN => (
            "the tables of tickseed are missing in PostgreSQL",
            "restore them, or start this server again to make empty ones",
        ),
        _ => return None,
    };
    Some(Cause { phrase, remedy })
}

//! What is said to Cassandra. `K` stands for the keyspace.
//!
//! Sessions are written only by UPDATE: INSERT would leave a marker behind that a later time to live does not reach, so a row
//! without contents would stay.

use scylla::client::session::Session as Driver;
use scylla::errors::PrepareError;
use scylla::statement::Consistency;
use scylla::statement::SerialConsistency;
use scylla::statement::prepared::PreparedStatement;

use super::address::Reach;

const READ: &str =
    "SELECT number, record, replaced, deadline_us, WRITETIME(number) FROM K.sessions WHERE id = ?";

const CREATE: &str = "UPDATE K.sessions USING TTL ? SET number = ?, record = ?, replaced = ?, deadline_us = ? WHERE id = ? IF number = null";

const REPLACE: &str = "UPDATE K.sessions USING TTL ? SET number = ?, record = ?, replaced = ?, deadline_us = ? WHERE id = ? IF number = ?";

const CLEAN_UP: &str = "DELETE FROM K.sessions WHERE id = ? IF number = ?";

/// The entry with the latest end wins, whenever it was written: its timestamp is the end of its session.
const ADD_SPAN: &str =
    "INSERT INTO K.session_index (prefix, entry) VALUES (?, ?) USING TIMESTAMP ? AND TTL ?";

/// The last entry wins, so that a session can be deleted and created again.
const ADD_ENTRY: &str = "INSERT INTO K.session_index (prefix, entry) VALUES (?, ?) USING TTL ?";

const REMOVE_ENTRY: &str = "DELETE FROM K.session_index USING TIMESTAMP ? WHERE prefix = ? AND entry = ?";

const ENTRIES_FROM: &str = "SELECT entry FROM K.session_index WHERE prefix = ? AND entry <= ? LIMIT ?";

const ENTRIES_BELOW: &str = "SELECT entry FROM K.session_index WHERE prefix = ? AND entry < ? LIMIT ?";

const RESERVE: &str =
    "INSERT INTO K.requests (id, version, record) VALUES (?, ?, ?) IF NOT EXISTS USING TTL ?";

const UPDATE_REQUEST: &str =
    "UPDATE K.requests USING TTL ? SET version = ?, record = ? WHERE id = ? IF version = ?";

const RELEASE: &str = "DELETE FROM K.requests WHERE id = ? IF version = ?";

const READ_REQUEST: &str = "SELECT version, record FROM K.requests WHERE id = ?";

/// Everything that is said again and again, as Cassandra knows it.
pub(super) struct Statements {
    /// Sees everything acknowledged.
    pub(super) read: PreparedStatement,
    /// Ends whatever change is half done, and sees everything visible.
    pub(super) read_serially: PreparedStatement,
    pub(super) create: PreparedStatement,
    pub(super) replace: PreparedStatement,
    pub(super) clean_up: PreparedStatement,
    pub(super) add_span: PreparedStatement,
    pub(super) add_entry: PreparedStatement,
    pub(super) remove_entry: PreparedStatement,
    pub(super) entries_from: PreparedStatement,
    pub(super) entries_below: PreparedStatement,
    pub(super) reserve: PreparedStatement,
    pub(super) update_request: PreparedStatement,
    pub(super) release: PreparedStatement,
    pub(super) read_request_serially: PreparedStatement,
}

impl Reach {
    pub(super) const fn majority(self) -> Consistency {
        match self {
            Self::All => Consistency::Quorum,
            Self::Local => Consistency::LocalQuorum,
        }
    }

    const fn serial_read(self) -> Consistency {
        match self {
            Self::All => Consistency::Serial,
            Self::Local => Consistency::LocalSerial,
        }
    }

    const fn serial(self) -> SerialConsistency {
        match self {
            Self::All => SerialConsistency::Serial,
            Self::Local => SerialConsistency::LocalSerial,
        }
    }
}

impl Statements {
    /// Makes Cassandra know all of them.
    pub(super) async fn prepare(driver: &Driver, keyspace: &str, reach: Reach) -> Result<Self, PrepareError> {
        let prepare = async |text: &str, consistency| {
            let mut statement = driver.prepare(text.replace("K.", &format!("{keyspace}."))).await?;
            statement.set_consistency(consistency);
            statement.set_serial_consistency(Some(reach.serial()));
            Ok::<_, PrepareError>(statement)
        };
        let (majority, serial) = (reach.majority(), reach.serial_read());
        Ok(Self {
            read: prepare(READ, majority).await?,
            read_serially: prepare(READ, serial).await?,
            create: prepare(CREATE, majority).await?,
            replace: prepare(REPLACE, majority).await?,
            clean_up: prepare(CLEAN_UP, majority).await?,
            add_span: prepare(ADD_SPAN, majority).await?,
            add_entry: prepare(ADD_ENTRY, majority).await?,
            remove_entry: prepare(REMOVE_ENTRY, majority).await?,
            entries_from: prepare(ENTRIES_FROM, majority).await?,
            entries_below: prepare(ENTRIES_BELOW, majority).await?,
            reserve: prepare(RESERVE, majority).await?,
            update_request: prepare(UPDATE_REQUEST, majority).await?,
            release: prepare(RELEASE, majority).await?,
            read_request_serially: prepare(READ_REQUEST, serial).await?,
        })
    }
}

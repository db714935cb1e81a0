//! The rows of sessions: reads them, and replaces them by lightweight transactions.

use std::sync::Arc;
use std::time::{Duration, Instant as StdInstant};

use scylla::response::query_result::QueryResult;
use scylla::value::{CqlValue, Row as Values};
use tickseed_session::{SessionId, StoreError};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::connection::{Connection, unexpected};
use super::row::Row;
use super::turns::Turn;
use super::write_fault::cause_of;
use crate::write_health::{Refusal, WriteHealth};

/// Writes to Cassandra fail or work as a whole.
const PART: u16 = 0;

/// How often it is found out whether writes work again, and how many times less often while nothing is wrong.
const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBE_WORKING_EVERY: u64 = 5;

/// How long after a transaction with an unknown outcome Cassandra is asked for it: about as long as two that compete need.
const ASK_AFTER: Duration = Duration::from_millis(5);

/// The id of the row that a probe changes only if it has a number that it does not have.
const PROBED: [u8; 16] = [0; 16];

/// What has become of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proposed {
    /// The row is written, and was not read again.
    Applied,
    /// The row is written, and this is how Cassandra has dated it.
    Found(Row),
    /// The row that was to be replaced is another one by now. Nothing has changed.
    Refused,
}

/// The rows of sessions.
pub(super) struct Rows {
    pub(super) connection: Arc<Connection>,
    name: String,
    writes: WriteHealth,
}

impl Rows {
    pub(super) fn new(connection: Arc<Connection>, name: String) -> Self {
        Self { connection, name, writes: WriteHealth::default() }
    }

    /// Reads the row of a session as all acknowledged changes have left it.
    pub(super) async fn read(&self, id: SessionId, until: Instant) -> Result<Option<Row>, StoreError> {
        let id = (&id.as_bytes()[..],);
        Row::of(self.connection.send_again(|statements| &statements.read, &id, until).await?)
    }

    /// Reads the row of a session with SERIAL consistency: it completes or ends whatever change is half done.
    pub(super) async fn read_serially(
        &self,
        id: SessionId,
        until: Instant,
    ) -> Result<Option<Row>, StoreError> {
        let id = (&id.as_bytes()[..],);
        Row::of(self.connection.send_again(|statements| &statements.read_serially, &id, until).await?)
    }

    /// Writes a row in the place of the one with the number `base`, or of none. If Cassandra does not say whether it has, it is asked
    /// again as long as there is time. After such an attempt, a refusal proves nothing: Cassandra may have carried the attempt out since
    /// it was asked, and another change may have come after that.
    pub(super) async fn propose(
        &self,
        id: SessionId,
        base: Option<Uuid>,
        row: &Row,
        ttl_seconds: i32,
        (turn, until): (&Turn, Instant),
    ) -> Result<Proposed, StoreError> {
        let mut unknown = None;
        loop {
            let error = match self.transact(id, base, row, ttl_seconds, (turn, until)).await {
                Ok(Outcome::Applied) => return Ok(Proposed::Applied),
                Ok(Outcome::Refused(number)) if number != Some(row.number) => {
                    return unknown.map_or(Ok(Proposed::Refused), Err);
                }
                // An attempt before this one has written it.
                Ok(Outcome::Refused(_)) => unexpected("Cassandra has written a session without saying so"),
                Err(error) => error,
            };
            let had_no_effect = matches!(error, StoreError::NotAsked | StoreError::NotWritable { .. });
            let error = unknown.get_or_insert(error).clone();
            if had_no_effect || Instant::now() + ASK_AFTER >= until {
                return Err(error);
            }
            sleep(ASK_AFTER).await;
            match self.read_serially(id, until).await.map_err(|_| error.clone())? {
                Some(found) if found.number == row.number => return Ok(Proposed::Found(found)),
                found if found.as_ref().map(|found| found.number) == base => {}
                // Another change may have replaced this one.
                _ => return Err(error),
            }
        }
    }

    async fn transact(
        &self,
        id: SessionId,
        base: Option<Uuid>,
        row: &Row,
        ttl_seconds: i32,
        (turn, until): (&Turn, Instant),
    ) -> Result<Outcome, StoreError> {
        let Row { number, record, replaced, deadline_us, .. } = row.clone();
        let id = id.as_bytes().to_vec();
        let answer = match base {
            None => {
                let values = (ttl_seconds, number, record, replaced, deadline_us, id);
                self.connection.transact(|statements| &statements.create, values, turn, until).await
            }
            Some(base) => {
                let values = (ttl_seconds, number, record, replaced, deadline_us, id, base);
                self.connection.transact(|statements| &statements.replace, values, turn, until).await
            }
        };
        Outcome::of(self.noted(answer)?)
    }

    /// Removes a row that only says that a session has been deleted, unless somebody else has.
    pub(super) async fn clean_up(&self, id: SessionId, number: Uuid) -> Result<(), StoreError> {
        let values = (&id.as_bytes()[..], number);
        let until = self.connection.limit();
        self.connection.send(|statements| &statements.clean_up, &values, until).await.map(drop)
    }

    /// Notes whether writes work, and returns the error for the caller.
    pub(super) fn noted<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        let error = match answer {
            Ok(answer) => {
                self.writes.works(PART);
                return Ok(answer);
            }
            Err(error) => error,
        };
        Err(self.note(error, 1))
    }

    fn note(&self, error: StoreError, writes: u64) -> StoreError {
        let StoreError::Unavailable(source) = &error else { return error };
        let Some(cause) = cause_of(&error) else { return error };
        let refusal = Refusal { cause, error: Arc::clone(source), writes };
        self.writes.failed(PART, &self.name, refusal, StdInstant::now())
    }

    /// Returns why writes fail, if they do.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.writes.failure()
    }

    /// Finds out from time to time whether writes work. Never ends.
    pub(super) async fn keep_probing(self: Arc<Self>) {
        for round in 0_u64.. {
            sleep(PROBE_EVERY).await;
            if self.writes.failure().is_some() || round.is_multiple_of(PROBE_WORKING_EVERY) {
                self.probe().await;
            }
        }
    }

    /// Makes a change that Cassandra refuses, because no row has that number. It needs the same permissions as one that it makes.
    async fn probe(&self) {
        let (nothing, number) = (None::<Vec<u8>>, Uuid::new_v4());
        let values = (1, number, &nothing, &nothing, None::<i64>, &PROBED[..], number);
        let until = self.connection.limit();
        match self.connection.send(|statements| &statements.replace, &values, until).await {
            Ok(_) => self.writes.works(PART),
            Err(error) => drop(self.note(error, 0)),
        }
    }
}

/// What Cassandra says of a transaction.
pub(super) enum Outcome {
    Applied,
    /// Nothing has changed, and the row has this number.
    Refused(Option<Uuid>),
}

impl Outcome {
    fn of(answer: QueryResult) -> Result<Self, StoreError> {
        let columns = Columns::of(answer)?;
        if columns.is_applied()? {
            return Ok(Self::Applied);
        }
        Ok(Self::Refused(columns.get("number").and_then(CqlValue::as_uuid)))
    }
}

/// The row that answers a transaction, by the names of its columns: `[applied]` alone, or with those of the row.
pub(super) struct Columns(Vec<(String, Option<CqlValue>)>);

impl Columns {
    pub(super) fn of(answer: QueryResult) -> Result<Self, StoreError> {
        let rows = answer.into_rows_result().map_err(unexpected)?;
        let names = rows.column_specs().iter().map(|column| column.name().to_owned()).collect::<Vec<_>>();
        let Values { columns } = rows.first_row().map_err(unexpected)?;
        Ok(Self(names.into_iter().zip(columns).collect()))
    }

    pub(super) fn is_applied(&self) -> Result<bool, StoreError> {
        let applied = self.get("[applied]").and_then(CqlValue::as_boolean);
        applied.ok_or_else(|| unexpected("Cassandra does not say whether it has carried a transaction out"))
    }

    pub(super) fn get(&self, name: &str) -> Option<&CqlValue> {
        self.0.iter().find(|(found, _)| found == name)?.1.as_ref()
    }
}

//! The way of requests to Cassandra: a time limit for each, and a circuit breaker.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use scylla::client::session::Session as Driver;
use scylla::errors::{DbError, ExecutionError, NewSessionError, PrepareError, RequestAttemptError};
use scylla::response::query_result::QueryResult;
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use tickseed_session::StoreError;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::CassandraAddress;
use super::driver;
use super::routing::SilentNodes;
use super::statements::Statements;
use super::turns::Turn;
use crate::StoreTimeout;
use crate::remote::breaker::Breaker;

/// How often a read is sent at most: a node that dies takes the requests with it that it has just got.
const MOST_READS: u32 = 3;

/// How long after an error a read is sent again.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// How long a transaction may take after its caller has given up. Cassandra itself gives up about then.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(2);

/// A statement, by the name that [`Statements`] gives it.
pub(super) type Choice = fn(&Statements) -> &PreparedStatement;

/// Connections, and what Cassandra knows of the statements that go over them.
pub(super) struct Connected {
    pub(super) driver: Driver,
    statements: Statements,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Disconnected {
    #[error(transparent)]
    Driver(#[from] NewSessionError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

/// The connections that all requests share.
pub(super) struct Connection {
    address: CassandraAddress,
    silent: Arc<SilentNodes>,
    answer: Duration,
    current: RwLock<Arc<Connected>>,
    pub(super) breaker: Breaker,
    pub(super) is_suspect: Notify,
}

impl Connected {
    pub(super) async fn prepare(driver: Driver, address: &CassandraAddress) -> Result<Self, PrepareError> {
        let statements = Statements::prepare(&driver, address.keyspace(), address.reach()).await?;
        Ok(Self { driver, statements })
    }
}

impl Connection {
    pub(super) fn new(
        address: CassandraAddress,
        silent: Arc<SilentNodes>,
        timeout: StoreTimeout,
        connected: Connected,
    ) -> Self {
        let current = RwLock::new(Arc::new(connected));
        let answer = timeout.duration();
        Self { address, silent, answer, current, breaker: Breaker::default(), is_suspect: Notify::new() }
    }

    /// Returns how long an answer may take.
    pub(super) const fn answer(&self) -> Duration {
        self.answer
    }

    /// Returns until when a call that begins now must end.
    pub(super) fn limit(&self) -> Instant {
        Instant::now() + self.answer
    }

    /// Returns how many times a node has fallen silent. It may have lost what it had acknowledged.
    pub(super) fn silences(&self) -> u64 {
        self.silent.silences()
    }

    pub(super) fn current(&self) -> Arc<Connected> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connects anew. The driver by itself waits for up to ten seconds before it tries again.
    pub(super) async fn reconnect(&self) -> Result<(), Disconnected> {
        let driver = driver::connect(&self.address, &self.silent).await?;
        let connected = Connected::prepare(driver, &self.address).await?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(connected);
        Ok(())
    }

    /// Sends a statement once, unless the breaker is open.
    pub(super) async fn send(
        &self,
        choice: Choice,
        values: &(impl SerializeRow + Sync),
        until: Instant,
    ) -> Result<QueryResult, StoreError> {
        if self.breaker.is_open() {
            return Err(StoreError::NotAsked);
        }
        self.send_always(choice, values, until).await.inspect_err(|_| self.suspect())
    }

    /// Sends a statement that may be sent twice, and a second time if it has to.
    pub(super) async fn send_again(
        &self,
        choice: Choice,
        values: &(impl SerializeRow + Sync),
        until: Instant,
    ) -> Result<QueryResult, StoreError> {
        let mut answer = self.send(choice, values, until).await;
        for _ in 1..MOST_READS {
            let may_pass = answer.as_ref().err().and_then(execution_error).is_some_and(may_pass);
            if !may_pass || Instant::now() + READ_AGAIN_AFTER >= until {
                break;
            }
            sleep(READ_AGAIN_AFTER).await;
            answer = self.send(choice, values, until).await;
        }
        answer
    }

    /// Begins a transaction, unless the breaker is open. It keeps its turn until Cassandra has answered, also if its caller gives up.
    pub(super) async fn transact(
        &self,
        choice: Choice,
        values: impl SerializeRow + Send + Sync + 'static,
        turn: &Turn,
        until: Instant,
    ) -> Result<QueryResult, StoreError> {
        if self.breaker.is_open() {
            return Err(StoreError::NotAsked);
        }
        let (current, turn) = (self.current(), turn.clone());
        let transaction = tokio::spawn(async move {
            let answer = current.driver.execute_unpaged(choice(&current.statements), values);
            let answer = timeout(LONGEST_TRANSACTION, answer).await;
            drop(turn);
            answer
        });
        let answer = match timeout_at(until, transaction).await {
            Ok(Ok(Ok(answer))) => answer.map_err(StoreError::unavailable),
            Ok(Err(panicked)) => Err(StoreError::unavailable(panicked)),
            Ok(Ok(Err(_))) | Err(_) => Err(self.no_answer()),
        };
        answer.inspect_err(|_| self.suspect())
    }

    /// Sends a statement, also while the breaker is open.
    pub(super) async fn send_always(
        &self,
        choice: Choice,
        values: &(impl SerializeRow + Sync),
        until: Instant,
    ) -> Result<QueryResult, StoreError> {
        let current = self.current();
        let answer = current.driver.execute_unpaged(choice(&current.statements), values);
        match timeout_at(until, answer).await {
            Ok(answer) => answer.map_err(StoreError::unavailable),
            Err(_) => {
                Err(StoreError::unavailable(format!("Cassandra did not answer within {:?}", self.answer)))
            }
        }
    }

    fn no_answer(&self) -> StoreError {
        StoreError::unavailable(format!("Cassandra did not answer within {:?}", self.answer))
    }

    fn suspect(&self) {
        if self.breaker.becomes_suspect() {
            self.is_suspect.notify_one();
        }
    }
}

/// Returns the answer of Cassandra or the error of the connection, unless the time was over.
pub(super) fn execution_error(error: &StoreError) -> Option<&ExecutionError> {
    match error {
        StoreError::Unavailable(source) => source.downcast_ref(),
        _ => None,
    }
}

/// Returns what Cassandra has said.
pub(super) fn answered(error: &ExecutionError) -> Option<&DbError> {
    match error {
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(answer, _)) => Some(answer),
        _ => None,
    }
}

/// Returns whether the same request may succeed soon, perhaps on another node.
fn may_pass(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::ConnectionPoolError(_) => true,
        ExecutionError::LastAttemptError(attempt) => match attempt {
            RequestAttemptError::DbError(answer, _) => !is_final(answer),
            _ => true,
        },
        _ => false,
    }
}

/// Returns whether an answer means that the request will have no effect, now or later.
pub(super) const fn is_final(answer: &DbError) -> bool {
    matches!(
        answer,
        DbError::Unauthorized
            | DbError::Invalid
            | DbError::SyntaxError
            | DbError::ConfigError
            | DbError::AuthenticationError
            | DbError::ProtocolError
    )
}

/// Makes the error of an answer that is not as expected.
pub(super) fn unexpected(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::unavailable(error)
}

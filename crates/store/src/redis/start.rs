//! Connects to Redis when the server starts, and logs what a crash of Redis can lose.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{ConnectionInfo, cmd};
use futures_util::future::join_all;
use tickseed_session::{Clock, error_chain};
use tokio::time::{Instant, sleep};

use super::RedisAddress;
use super::connection::{SharedConnection, check_keys, exists};
use super::driver::connect as connect_to;
use super::index;
use super::inspection::Inspection;
use super::mistake;
use super::monitor::Monitor;
use super::promises::Promises;
use super::step::{FailedStep, Step};
use super::topology::{Failure, Topology};
use crate::remote::background::Background;
use crate::{StoreLoss, StoreTimeout};

/// How long after a failed attempt the next one begins.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// What connecting needs besides an address. It is exhaustive on purpose, so that others can write
/// `RedisOptions { wait, ..RedisOptions::new(clock) }`; a new field is a new minor version before 1.0, and a major one after it.
#[derive(Clone)]
pub struct RedisOptions {
    /// For how long to try to reach Redis.
    pub wait: Duration,
    /// How long Redis may take to answer.
    pub timeout: StoreTimeout,
    /// How much acknowledged writing Redis may lose, where its settings do not say it. Without this, nothing is promised then.
    pub loss: Option<StoreLoss>,
    /// The clock of the server.
    pub clock: Arc<dyn Clock>,
}

impl RedisOptions {
    /// Tries once, with the default time limit.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { wait: Duration::ZERO, timeout: StoreTimeout::default(), loss: None, clock }
    }
}

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// It could not be reached.
    #[error(
        "could not reach {address} within {waited:?}; is it running? --store says where it is, --store-wait for how long to try"
    )]
    Unreachable {
        /// Its address.
        address: String,
        /// How long the server tried.
        waited: Duration,
        /// Why the last attempt failed.
        source: Failure,
    },
    /// Its address or its login is wrong, or it is of a kind that cannot be used.
    #[error("{address} cannot be used: {mistake}")]
    Refused {
        /// Its address.
        address: String,
        /// What is wrong.
        mistake: String,
        /// Its answer.
        source: Failure,
    },
    /// The thread for the connections cannot be started.
    #[error("the thread for Redis cannot be started")]
    Thread(#[from] std::io::Error),
}

/// Connects, retrying for up to `wait`, and logs what a crash of Redis can lose.
pub(super) async fn connect(
    background: &Background,
    address: &RedisAddress,
    wait: Duration,
    timeout: StoreTimeout,
    promises: &Arc<Promises>,
) -> Result<SharedConnection, ConnectError> {
    // Only the first call in a process has an effect.
    drop(rustls::crypto::ring::default_provider().install_default());
    let began = Instant::now();
    let mut has_warned = false;
    loop {
        let error = match first_contact(background, address, timeout, promises).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let mistake = mistake::find(&error, address).await;
        let address = address.to_string();
        if let Some(mistake) = mistake {
            return Err(ConnectError::Refused { address, mistake, source: error });
        }
        if began.elapsed() + RETRY_AFTER > wait {
            return Err(ConnectError::Unreachable { address, waited: wait, source: error });
        }
        if !has_warned {
            tracing::warn!(
                error = error_chain(&*error),
                "cannot reach {address} yet; retrying for up to {wait:?}"
            );
            has_warned = true;
        }
        sleep(RETRY_AFTER).await;
    }
}

/// Asks every master for its settings and whether this server may use it, then connects, and keeps watch from then on.
async fn first_contact(
    background: &Background,
    address: &RedisAddress,
    timeout: StoreTimeout,
    promises: &Arc<Promises>,
) -> Result<SharedConnection, Failure> {
    let topology = Topology::find(address, None).await?;
    let answers = topology
        .masters
        .iter()
        .map(async |master| (master.name(), try_out(&master.node, address, promises.clock()).await));
    let inspections = those_that_answer(join_all(answers).await)?;
    let (connection, suspects) =
        background.run(SharedConnection::open(address.clone(), topology, timeout)).await??;
    background.spawn(connection.clone().keep_alive(suspects));
    let mut monitor = Monitor::new(address.clone(), Arc::clone(promises));
    for (name, inspection) in inspections {
        let question = promises.ask_loss(&name);
        monitor.note(name, &question, inspection);
    }
    background.spawn(monitor.run(connection.is_new()));
    Ok(connection)
}

/// Returns the answers of those masters that answer. One master of a cluster may be away: the sessions on the others are served.
fn those_that_answer(
    answers: Vec<(String, Result<Inspection, FailedStep>)>,
) -> Result<Vec<(String, Inspection)>, FailedStep> {
    let somebody_answers = answers.iter().any(|(_, answer)| answer.is_ok());
    let mut inspections = Vec::new();
    for (name, answer) in answers {
        match answer {
            Ok(inspection) => inspections.push((name, inspection)),
            Err(failed) if failed.has_no_answer() && somebody_answers => {
                let error = error_chain(&failed);
                tracing::warn!(
                    error,
                    "Redis at {name} does not answer: the server starts without the sessions there"
                );
            }
            Err(failed) => return Err(failed),
        }
    }
    Ok(inspections)
}

/// Does everything once that this server will do, and asks a Redis about itself.
async fn try_out(
    node: &ConnectionInfo,
    address: &RedisAddress,
    clock: &dyn Clock,
) -> Result<Inspection, FailedStep> {
    let settings = node.redis_settings().clone();
    let database = settings.db();
    let node = node.clone().set_redis_settings(settings.set_db(0));
    let mut connection = connect_to(node).await.map_err(|error| Step::Connect.failed(error))?;
    if database != 0 {
        let select = cmd("SELECT").arg(database).exec_async(&mut connection).await;
        select.map_err(|error| Step::Select.failed(error))?;
    }
    if !address.is_cluster() {
        for key in check_keys() {
            let answer = exists(&key).exec_async(&mut connection).await;
            answer.map_err(|error| Step::Read.failed(error))?;
        }
    }
    let published = cmd("PUBLISH").arg(address.channel()).arg("").exec_async(&mut connection).await;
    published.map_err(|error| Step::Publish.failed(error))?;
    index::try_out(&mut connection).await.map_err(|error| Step::Index.failed(error))?;
    let inspection = Inspection::of(&mut connection, database, clock).await;
    inspection.map_err(|error| Step::Inspect.failed(error))
}

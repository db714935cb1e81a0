//! Connects to Redis when the server starts, and logs what a crash of Redis can lose.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{ConnectionInfo, cmd};
use futures_util::future::join_all;
use tickseed_session::{Clock, error_chain};

use super::RedisAddress;
use super::connection::{SharedConnection, check_keys, exists};
use super::driver::connect as connect_to;
use super::index;
use super::inspection::Inspection;
use super::mistake;
use super::monitor::Monitor;
use super::promises::Promises;
use super::step::{FailedStep, Step};
use super::topology::Topology;
use crate::StoreTimeout;
use crate::remote::background::Background;
use crate::remote::connect::{ConnectError, Failure, retry};

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
    let attempt = async || first_contact(background, address, timeout, promises).await;
    let mistake = async |failure: &Failure| mistake::find(failure, address).await;
    retry(&address.to_string(), wait, attempt, mistake).await
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

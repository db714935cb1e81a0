//! Asks every node for its time, again and again, and what it can lose.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use scylla::client::session::Session as Driver;
use scylla::errors::ExecutionError;
use scylla::policies::load_balancing::{NodeIdentifier, SingleTargetLoadBalancingPolicy};
use scylla::response::query_result::QueryResult;
use scylla::statement::{Consistency, Statement};
use scylla::value::CqlTimestamp;
use tokio::time::{MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use super::connection::{Connection, answered, is_final};
use super::durability::{Copies, Durability};
use super::promises::Promises;
use crate::remote::clock_distance::ClockReading;

/// How often each node is asked for its time. The answer counts for two seconds.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// After so many rounds, each node is asked again what it can lose.
const ROUNDS_BETWEEN_SETTINGS: u32 = 40;

/// How long a node may take to say what it can lose.
const SETTINGS_TIMEOUT: Duration = Duration::from_secs(2);

const TIME: &str = "SELECT toTimestamp(now()) FROM system.local";

/// The settings of Cassandra 4 and later, and those of ScyllaDB.
const SETTINGS: [&str; 2] = [
    "SELECT name, value FROM system_views.settings WHERE name IN ('commitlog_sync', 'paxos_variant')",
    "SELECT name, value FROM system.config WHERE name IN ('commitlog_sync')",
];

/// Asks the nodes for ever.
pub(super) async fn watch(connection: Arc<Connection>, promises: Arc<Promises>, keyspace: String) {
    let mut rounds = interval(ASK_EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 1_u32.. {
        rounds.tick().await;
        let driver = &connection.current().driver;
        measure(driver, &promises, connection.answer()).await;
        for (name, line) in promises.clock_changes() {
            line.log("Cassandra", &name);
        }
        let hosts = if round.is_multiple_of(ROUNDS_BETWEEN_SETTINGS) {
            hosts(driver).into_keys().collect()
        } else {
            promises.unasked()
        };
        ask_settings(driver, &promises, &keyspace, hosts).await;
    }
}

/// Returns the nodes of the cluster and their names.
fn hosts(driver: &Driver) -> BTreeMap<Uuid, String> {
    let cluster = driver.get_cluster_state();
    cluster.get_nodes_info().iter().map(|node| (node.host_id, node.address.to_string())).collect()
}

/// Asks every node for its time.
pub(super) async fn measure(driver: &Driver, promises: &Promises, limit: Duration) {
    let hosts = hosts(driver);
    promises.keep(&hosts);
    join_all(hosts.into_keys().map(async |host| {
        let asked = ClockReading::now(promises.clock());
        let answer = timeout(limit, ask(driver, host, TIME)).await;
        let answered = ClockReading::now(promises.clock());
        match answer.ok().and_then(Result::ok).and_then(time_of) {
            Some(millis) => promises.note_clock(host, asked, millis.saturating_mul(1_000), answered),
            None => promises.note_silence(host),
        }
    }))
    .await;
}

/// Asks nodes what they can lose, and logs what is new.
pub(super) async fn ask_settings(driver: &Driver, promises: &Promises, keyspace: &str, hosts: Vec<Uuid>) {
    join_all(hosts.into_iter().map(async |host| {
        let Ok(Some(settings)) = timeout(SETTINGS_TIMEOUT, settings_of(driver, host)).await else { return };
        let [commit_log, paxos] = settings;
        let durability = Durability { commit_log, paxos, copies: Copies::of(driver, keyspace) };
        if let Some((name, line)) = promises.note_durability(host, durability) {
            line.log("Cassandra", &name);
        }
    }))
    .await;
}

/// Returns the values of `commitlog_sync` and `paxos_variant`, or `None` if the node does not answer. A node may hide them.
async fn settings_of(driver: &Driver, host: Uuid) -> Option<[Option<String>; 2]> {
    let mut hides_them = false;
    for text in SETTINGS {
        match ask(driver, host, text).await {
            Ok(answer) => {
                return Some(["commitlog_sync", "paxos_variant"].map(|name| value_of(&answer, name)));
            }
            Err(error) if answered(&error).is_some_and(is_final) => hides_them = true,
            Err(_) => return None,
        }
    }
    hides_them.then(Default::default)
}

fn value_of(answer: &QueryResult, name: &str) -> Option<String> {
    let rows = answer.clone().into_rows_result().ok()?;
    let mut rows = rows.rows::<(String, Option<String>)>().ok()?;
    rows.find_map(|row| row.ok().filter(|(found, _)| found == name)?.1)
        .map(|value| value.to_ascii_lowercase())
}

fn time_of(answer: QueryResult) -> Option<i64> {
    let rows = answer.into_rows_result().ok()?;
    let (CqlTimestamp(millis),) = rows.first_row().ok()?;
    Some(millis)
}

/// Asks one node about itself.
async fn ask(driver: &Driver, host: Uuid, text: &str) -> Result<QueryResult, ExecutionError> {
    let mut statement = Statement::new(text);
    statement.set_consistency(Consistency::One);
    let only = SingleTargetLoadBalancingPolicy::new(NodeIdentifier::HostId(host), None);
    statement.set_load_balancing_policy(Some(only));
    driver.query_unpaged(statement, ()).await
}

//! The store is killed repeatedly while two servers create, read and stop sessions: nothing acknowledged is lost, and no response
//! is wrong.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::block_in_place;
use tokio::time::timeout;

use super::pair::{Observation, Pair, immutable_fields, map_concurrently, on_every_store, wait_for_turn};
use crate::support::{Api, DEADLINE, Response};
use tickseed_store::test_servers::StoreKind;

on_every_store!(
    #[ignore = "takes long, and always runs on Redis; scripts/test-long runs it"]
    repeated_kills_of_the_store_lose_nothing_acknowledged_and_cause_no_wrong_response
);

const KILLS: usize = 3;
/// How many sessions are created between one outage and the next.
const CREATED_BETWEEN: usize = 400;
/// How many requests are refused in each outage.
const REFUSED_IN_AN_OUTAGE: usize = 200;

/// A session whose creation was acknowledged.
#[derive(Clone)]
struct AcknowledgedSession {
    created: Value,
    stop: Option<AcknowledgedStop>,
}

#[derive(Clone)]
struct AcknowledgedStop {
    acknowledged_at: Instant,
    stopped_at: Value,
}

/// Everything that the servers have acknowledged to the clients.
#[derive(Default)]
struct Ledger {
    sessions: Mutex<HashMap<String, AcknowledgedSession>>,
    counts: watch::Sender<Counts>,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    created: usize,
    refused: usize,
    is_finished: bool,
}

impl Ledger {
    fn record_creation(&self, path: &str, created: Value) {
        let session = AcknowledgedSession { created, stop: None };
        let previous = self.sessions.lock().unwrap().insert(path.to_owned(), session);
        assert!(previous.is_none(), "{path} is not new");
        self.counts.send_modify(|counts| counts.created += 1);
    }

    fn record_stop(&self, path: &str, stopped_at: &Value) {
        let stop = AcknowledgedStop { acknowledged_at: Instant::now(), stopped_at: stopped_at.clone() };
        self.sessions.lock().unwrap().entry(path.to_owned()).and_modify(|session| session.stop = Some(stop));
    }

    fn record_refusal(&self, response: &Response) {
        response.problem(503, "store_unavailable");
        self.counts.send_modify(|counts| counts.refused += 1);
    }

    fn is_finished(&self) -> bool {
        self.counts.borrow().is_finished
    }

    /// Returns a copy of a random session.
    fn random_session(&self) -> Option<(String, AcknowledgedSession)> {
        let sessions = self.sessions.lock().unwrap();
        let (path, session) = sessions.iter().nth(fastrand::usize(..sessions.len().max(1)))?;
        Some((path.clone(), session.clone()))
    }

    /// Waits until the counts are high enough.
    async fn wait_until(&self, is_enough: impl FnMut(&Counts) -> bool) {
        let mut counts = self.counts.subscribe();
        timeout(DEADLINE, counts.wait_for(is_enough))
            .await
            .expect("the counts rise in time")
            .expect("the ledger exists");
    }
}

async fn repeated_kills_of_the_store_lose_nothing_acknowledged_and_cause_no_wrong_response(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let mut pair = Pair::on(kind);
    let apis = pair.both().map(Clone::clone);
    let ledger = Ledger::default();
    let clients = apis.iter().flat_map(|api| (0..3).map(|_| run_client(api, &ledger)));
    let kills = async {
        for _ in 0..KILLS {
            let created = ledger.counts.borrow().created + CREATED_BETWEEN;
            ledger.wait_until(|counts| counts.created >= created).await;
            block_in_place(|| pair.store.kill());
            let refused = ledger.counts.borrow().refused + REFUSED_IN_AN_OUTAGE;
            ledger.wait_until(|counts| counts.refused >= refused).await;
            block_in_place(|| pair.store.start_again());
        }
        let created = ledger.counts.borrow().created + CREATED_BETWEEN;
        ledger.wait_until(|counts| counts.created >= created).await;
        ledger.counts.send_modify(|counts| counts.is_finished = true);
    };
    tokio::join!(kills, join_all(clients));

    let sessions = ledger.sessions.into_inner().unwrap();
    let stops = sessions.values().filter(|session| session.stop.is_some()).count();
    println!("{} sessions and {stops} stops were acknowledged and none is lost", sessions.len());
    assert!(stops > 100, "{stops} stops");
    map_concurrently(&sessions, async |(path, session)| {
        for api in &apis {
            // One from memory, with its age, may be from before a stop: the store of a busy machine is slow at times.
            let response = Observation::certain(api, path).await.response;
            assert_eq!(immutable_fields(&response.json()), immutable_fields(&session.created));
            if let Some(stop) = &session.stop {
                assert_eq!(response.json()["stopped_at"], stop.stopped_at);
            }
        }
    })
    .await;
}

/// Creates, reads and stops sessions on one server until the test ends. The sessions may come from any client.
async fn run_client(api: &Api, ledger: &Ledger) {
    let mut seen = HashMap::new();
    while !ledger.is_finished() {
        create(api, ledger).await;
        for _ in 0..3 {
            read(api, ledger, &mut seen).await;
        }
        stop(api, ledger).await;
        read(api, ledger, &mut seen).await;
    }
}

async fn create(api: &Api, ledger: &Ledger) {
    let response = api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
    match response.status {
        201 => ledger.record_creation(response.header("location"), response.json()),
        _ => ledger.record_refusal(&response),
    }
}

/// Stops a random session.
async fn stop(api: &Api, ledger: &Ledger) {
    let Some((path, _)) = ledger.random_session() else { return };
    let response = api.post(&format!("{path}/stop"), "").await;
    match response.status {
        200 => ledger.record_stop(&path, &response.json()["stopped_at"]),
        // A stop that got a 503 may have been made all the same.
        409 => ledger.record_stop(&path, &response.problem(409, "session_stopped")["stopped_at"]),
        _ => ledger.record_refusal(&response),
    }
}

/// Reads a random session and checks it. `seen` holds the newest revision of each session that this client has seen.
async fn read(api: &Api, ledger: &Ledger, seen: &mut HashMap<String, u64>) {
    let Some((path, acknowledged)) = ledger.random_session() else { return };
    let observation = Observation::request(api, &path).await;
    if observation.response.status != 200 {
        return ledger.record_refusal(&observation.response);
    }
    let session = observation.response.json();
    assert_eq!(immutable_fields(&session), immutable_fields(&acknowledged.created));
    if let Some(stop) = acknowledged.stop {
        observation.assert_within_bound(stop.acknowledged_at);
    }
    let revision = session["revision"].as_u64().expect("a number");
    let seen = seen.entry(path).or_default();
    assert!(
        revision >= *seen || observation.age().is_some(),
        "revision {seen} was seen before {observation:?}"
    );
    *seen = revision.max(*seen);
}

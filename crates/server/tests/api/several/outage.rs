//! The store is killed or hangs: cached sessions are served with their age, everything else is refused at once, and the servers
//! recover on their own.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;

use super::pair::{
    BOUND, Observation, Pair, RECOVERED_WITHIN, create, median, on_every_store, retry_while_unavailable,
    summary, time_until_created, wait_for_turn, wait_until,
};
use crate::listener::Listener;
use crate::support::{Api, Response};
use tickseed_store::test_servers::{RedisServer, StoreKind, StoreServer};

on_every_store!(
    without_the_store_cached_sessions_are_served_with_their_age_and_the_rest_is_refused_at_once,
    while_the_store_hangs_cached_sessions_are_served_with_their_age_and_the_rest_is_refused_at_once
);

/// How soon the first request of an outage is refused.
const FIRST_REFUSED_WITHIN: Duration = Duration::from_millis(250);
/// How soon every later request is refused.
const REFUSED_WITHIN: Duration = Duration::from_millis(50);

const OUTAGES: usize = 5;

/// A way in which the store fails.
#[derive(Debug, Clone, Copy)]
enum Outage {
    Killed,
    Hanging,
}

impl Outage {
    fn begin(self, store: &mut StoreServer) {
        match self {
            Self::Killed => store.kill(),
            Self::Hanging => store.pause(),
        }
    }

    /// Brings the store back and checks that it answers.
    fn end(self, store: &mut StoreServer) {
        match self {
            Self::Killed => store.start_again(),
            Self::Hanging => store.go_on(),
        }
        store.assert_answers();
    }
}

/// The durations measured in several outages.
#[derive(Default)]
struct Measurements {
    first_refusals: Vec<Duration>,
    later_refusals: Vec<Duration>,
    recoveries: Vec<Duration>,
}

async fn without_the_store_cached_sessions_are_served_with_their_age_and_the_rest_is_refused_at_once(
    kind: StoreKind,
) {
    let _turn = wait_for_turn().await;
    measure(Outage::Killed, kind).await;
}

async fn while_the_store_hangs_cached_sessions_are_served_with_their_age_and_the_rest_is_refused_at_once(
    kind: StoreKind,
) {
    let _turn = wait_for_turn().await;
    measure(Outage::Hanging, kind).await;
}

async fn measure(outage: Outage, kind: StoreKind) {
    let mut pair = Pair::on(kind);
    let mut measurements = Measurements::default();
    for _ in 0..OUTAGES {
        measure_one(outage, &mut pair, &mut measurements).await;
    }
    let Measurements { mut first_refusals, mut later_refusals, mut recoveries } = measurements;
    println!("{outage:?}: until the first request is refused: {}", summary(&mut first_refusals));
    println!("{outage:?}: until later requests are refused: {}", summary(&mut later_refusals));
    println!(
        "{outage:?}: from the store's return until a session can be created: {}",
        summary(&mut recoveries)
    );
    assert!(median(&first_refusals) < FIRST_REFUSED_WITHIN);
    assert!(median(&later_refusals) < REFUSED_WITHIN);
    assert!(median(&recoveries) < RECOVERED_WITHIN);
}

async fn measure_one(outage: Outage, pair: &mut Pair, measurements: &mut Measurements) {
    let known = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    wait_until(&pair.b.api, &known, Observation::is_running).await;
    let (mut listener, first) = Listener::start_with_first_event(&pair.b.api, &known).await;
    assert_eq!(first.event, "session");
    let unknown_to_b = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    outage.begin(&mut pair.store);
    let started_at = Instant::now();
    for api in pair.both() {
        measurements.first_refusals.push(time_refusal(api, Request::Create).await);
        for request in [Request::Create, Request::Stop(&known), Request::Read("/readyz")] {
            measurements.later_refusals.push(time_refusal(api, request).await);
        }
        assert_eq!(api.get("/healthz").await.status, 200);
        for path in [known.clone(), format!("{known}/state")] {
            wait_until(api, &path, |observation| is_from_memory(observation, started_at)).await;
        }
    }
    for path in [unknown_to_b.clone(), format!("{unknown_to_b}/state")] {
        measurements.later_refusals.push(time_refusal(&pair.b.api, Request::Read(&path)).await);
    }
    // An error status would keep browsers from reconnecting.
    let refused = Listener::start(&pair.b.api, &unknown_to_b).await;
    let [hint] = refused.remaining_blocks().await.try_into().expect("only a reconnection hint arrives");
    assert!(!hint.is_event() && !hint.retry.is_empty(), "{hint:?}");
    // An age of at least a second outlasts the timeout of every connection attempt.
    let stale = wait_until(&pair.b.api, &known, |observation| observation.age() > Some(Duration::ZERO)).await;
    let age = stale.age().unwrap_or_default() + Duration::from_secs(1);
    assert!(stale.sent_at < started_at + age, "{stale:?} in an outage that started at {started_at:?}");
    let request =
        pair.b.api.request(Method::GET, &known).header("if-none-match", stale.response.header("etag"));
    let unchanged = Response::read(request.send().await.unwrap()).await;
    assert!(unchanged.status == 304 && !unchanged.header("age").is_empty(), "{unchanged:?}");
    assert_eq!(unchanged.header("x-accel-expires"), "0", "nginx must not cache it");

    outage.end(&mut pair.store);
    measurements.recoveries.extend(join_all(pair.both().map(time_until_created)).await);
    for api in pair.both() {
        wait_until(api, "/readyz", Observation::is_ok).await;
        for path in [&known, &unknown_to_b] {
            let observation = wait_until(api, path, Observation::is_certain).await;
            // A refused stop may have been made all the same, for example by a store that resumed.
            assert!(
                observation.is_running() || observation.is_stopped() && path == &known,
                "{observation:?}"
            );
        }
    }
    // If a refused stop was made, this one gets a 409.
    retry_while_unavailable(async || pair.a.api.post(&format!("{known}/stop"), "").await).await;
    assert_eq!(listener.event().await.event, "stopped");
}

/// Returns whether a session is served from memory with an age. Checks that it has one once the bound has passed.
fn is_from_memory(observation: &Observation, started_at: Instant) -> bool {
    assert!(observation.is_running(), "{observation:?}");
    let has_age = observation.age().is_some();
    assert!(
        has_age || observation.sent_at < started_at + BOUND,
        "{observation:?} in an outage that started at {started_at:?}"
    );
    has_age
}

/// A request that needs the store.
enum Request<'path> {
    Create,
    Stop(&'path str),
    Read(&'path str),
}

/// Checks that a request is refused, and returns how long that took.
async fn time_refusal(api: &Api, request: Request<'_>) -> Duration {
    let sent_at = Instant::now();
    let response = match request {
        Request::Create => api.post("/v1/sessions", r#"{"tick_ms":100}"#).await,
        Request::Stop(path) => api.post(&format!("{path}/stop"), "").await,
        Request::Read(path) => api.get(path).await,
    };
    let took = sent_at.elapsed();
    assert_unavailable(&response);
    took
}

fn assert_unavailable(response: &Response) {
    response.problem(503, "store_unavailable");
    assert!(response.header("retry-after").parse::<u32>().is_ok(), "{response:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_redis_loses_is_gone_on_every_server_and_for_its_listeners() {
    let _turn = wait_for_turn().await;
    let mut pair = Pair::start(&[]);
    let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    wait_until(&pair.b.api, &path, Observation::is_running).await;
    let (mut listener, first) = Listener::start_with_first_event(&pair.b.api, &path).await;
    assert_eq!(first.event, "session");
    pair.store.kill();
    pair.store.start_again();
    assert_eq!(listener.event().await.event, "expired");
    assert_eq!(listener.remaining_blocks().await, []);
    for api in pair.both() {
        wait_until(api, &path, |observation| observation.response.status == 404).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_readers_of_a_session_cost_few_reads_of_redis_after_an_outage() {
    const READERS: usize = 200;
    let _turn = wait_for_turn().await;
    let mut pair = Pair::on(StoreKind::Redis);
    let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    let b = &pair.b.api;
    wait_until(b, &path, Observation::is_running).await;
    for outage in [Outage::Killed, Outage::Hanging] {
        let mut costs = Vec::new();
        for _ in 0..3 {
            outage.begin(&mut pair.store);
            join_all((0..READERS).map(|_| wait_until(b, &path, |observation| observation.age().is_some())))
                .await;
            outage.end(&mut pair.store);
            let before = reads(pair.redis());
            // Every reader polls until it gets a response without an age.
            join_all((0..READERS).map(|_| wait_until(b, &path, |observation| observation.age().is_none())))
                .await;
            costs.push(reads(pair.redis()) - before);
        }
        println!("{outage:?}: number of Redis reads for {READERS} readers, by outage: {costs:?}");
        costs.sort_unstable();
        assert!(costs[1] < READERS as u64 / 2, "{costs:?}");
    }
}

/// Returns how many sessions Redis has read since it started.
fn reads(redis: &RedisServer) -> u64 {
    let statistics: String = redis.ask(&["INFO", "commandstats"]);
    let get = statistics.lines().find_map(|line| line.strip_prefix("cmdstat_get:calls="));
    let calls = get.and_then(|rest| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

//! Two servers on one store, and what they show of their sessions.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard, watch};

use crate::support::{Api, DEADLINE, LOOK_EVERY, Process, Response};
use tickseed_store::test_servers::{RedisServer, StoreKind, StoreServer};

/// How long after the acknowledgement of a stop any server may still show the session as running. The documentation promises
/// this bound.
pub(crate) const BOUND: Duration = Duration::from_millis(250);

/// How soon sessions can be created after Redis answers again, unless the machine is too busy.
pub(crate) const RECOVERED_WITHIN: Duration = Duration::from_secs(1);

/// How many requests a test has in progress at the same time.
pub(crate) const CONCURRENCY: usize = 32;

/// Held by every test that keeps the whole machine busy. Together, such tests would slow a store down until it timed out.
static TURN: Mutex<()> = Mutex::const_new(());

/// Waits until no other such test runs.
pub(crate) async fn wait_for_turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// Two servers, A and B, on one store.
pub(crate) struct Pair {
    pub(crate) a: Process,
    pub(crate) b: Process,
    pub(crate) store: StoreServer,
}

/// Makes a test of a function that takes the kind of the store, on Cassandra. Its tests share one node, which they leave in peace.
macro_rules! on_cassandra {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {
        mod on_cassandra {
            use tickseed_store::test_servers::StoreKind;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                $(#[$attribute])*
                async fn $name() {
                    super::$name(StoreKind::Cassandra).await;
                }
            )+
        }
    };
}
pub(crate) use on_cassandra;

/// Makes two tests of a function that takes the kind of the store. An attribute is that of the second test.
macro_rules! on_every_store {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {$(
        mod $name {
            use tickseed_store::test_servers::StoreKind;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_redis() {
                super::$name(StoreKind::Redis).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $(#[$attribute])*
            async fn on_postgres() {
                super::$name(StoreKind::Postgres).await;
            }
        }
    )+};
}
pub(crate) use on_every_store;

impl Pair {
    /// Starts a Redis with `arguments` and both servers.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(StoreServer::Redis(RedisServer::start(arguments)))
    }

    /// Starts a store that loses no acknowledged write, and both servers.
    pub(crate) fn on(kind: StoreKind) -> Self {
        Self::of(StoreServer::start(kind))
    }

    fn of(store: StoreServer) -> Self {
        Self { a: server_on(&store.address()), b: server_on(&store.address()), store }
    }

    /// Returns the Redis of a test that only Redis can have.
    pub(crate) fn redis(&self) -> &RedisServer {
        match &self.store {
            StoreServer::Redis(redis) => redis,
            _ => panic!("the store is no Redis"),
        }
    }

    pub(crate) const fn both(&self) -> [&Api; 2] {
        [&self.a.api, &self.b.api]
    }
}

/// Starts a server on the store at this address. It does not log the requests that fail in an outage.
///
/// One node of Cassandra has one copy of each session, so it does not know by itself that nothing is lost.
pub(crate) fn server_on(store: &str) -> Process {
    let mut settings = vec![("TICKSEED_STORE", store), ("TICKSEED_LOG", "error,tickseed_server::http=off")];
    if store.starts_with("cassandra") {
        settings.push(("TICKSEED_STORE_LOSS_MS", "0"));
    }
    Process::with_settings(&settings)
}

/// Runs an operation on every item, up to [`CONCURRENCY`] at a time, and returns the results in any order.
pub(crate) async fn map_concurrently<T, R, F: Future<Output = R>>(
    items: impl IntoIterator<Item = T>,
    operation: impl FnMut(T) -> F,
) -> Vec<R> {
    stream::iter(items).map(operation).buffer_unordered(CONCURRENCY).collect().await
}

/// Repeats a request while the response is 503. That response is correct when the store on a busy machine does not answer in time.
pub(crate) async fn retry_while_unavailable(send: impl AsyncFn() -> Response) -> Response {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let response = send().await;
        if response.status != 503 {
            return response;
        }
        assert!(Instant::now() < deadline, "{}", response.text);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Creates a session and returns its path.
pub(crate) async fn create(api: &Api, body: &str) -> String {
    let response = retry_while_unavailable(async || api.post("/v1/sessions", body).await).await;
    assert_eq!(response.status, 201, "{}", response.text);
    response.header("location").to_owned()
}

/// Creates this many sessions and returns their paths.
pub(crate) async fn create_many(api: &Api, count: usize) -> Vec<String> {
    map_concurrently(0..count, |_| create(api, r#"{"tick_ms":100}"#)).await
}

/// Stops a session and returns when the stop was acknowledged. A 409 counts after a 503, because that stop may have been made.
pub(crate) async fn stop(api: &Api, path: &str) -> Instant {
    let (address, refusals) = (format!("{path}/stop"), AtomicU32::new(0));
    let response = retry_while_unavailable(async || {
        let response = api.post(&address, "").await;
        refusals.fetch_add(u32::from(response.status == 503), Ordering::Relaxed);
        response
    });
    let response = response.await;
    let acknowledged_at = Instant::now();
    let was_stopped = response.status == 409 && refusals.into_inner() > 0;
    assert!(response.status == 200 || was_stopped, "{}", response.text);
    acknowledged_at
}

/// Requests a path until the response is as expected, and returns it.
pub(crate) async fn wait_until(
    api: &Api,
    path: &str,
    is_expected: impl Fn(&Observation) -> bool,
) -> Observation {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let observation = Observation::request(api, path).await;
        if is_expected(&observation) {
            return observation;
        }
        assert!(Instant::now() < deadline, "unexpected: {observation:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Requests a path repeatedly until well after the bound for a stop has passed.
pub(crate) async fn poll_past_bound(
    api: &Api,
    path: &str,
    stopped_at: watch::Receiver<Option<Instant>>,
) -> Vec<Observation> {
    let mut observations = Vec::new();
    loop {
        let is_past_bound = stopped_at.borrow().is_some_and(|at| at.elapsed() > BOUND + BOUND / 5);
        let observation = Observation::request(api, path).await;
        let is_ok = observation.is_ok();
        observations.push(observation);
        if is_past_bound && is_ok {
            return observations;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Returns how long it takes until a session can be created.
pub(crate) async fn time_until_created(api: &Api) -> Duration {
    let since = Instant::now();
    while api.post("/v1/sessions", r#"{"tick_ms":100}"#).await.status != 201 {
        assert!(since.elapsed() < DEADLINE, "the server does not recover");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    since.elapsed()
}

/// A server's response to a request for a session or its state.
#[derive(Debug)]
pub(crate) struct Observation {
    pub(crate) sent_at: Instant,
    pub(crate) response: Response,
}

impl Observation {
    /// Requests a path once.
    pub(crate) async fn request(api: &Api, path: &str) -> Self {
        let sent_at = Instant::now();
        Self { sent_at, response: api.get(path).await }
    }

    /// Requests a path until the response is certain.
    pub(crate) async fn certain(api: &Api, path: &str) -> Self {
        wait_until(api, path, Self::is_certain).await
    }

    /// Returns whether the request succeeded.
    pub(crate) fn is_ok(&self) -> bool {
        self.response.status == 200
    }

    /// Returns whether the response shows a running session.
    pub(crate) fn is_running(&self) -> bool {
        self.is_ok() && self.response.json()["status"] == "running"
    }

    /// Returns whether the response shows a stopped session.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_ok() && self.response.json()["status"] == "stopped"
    }

    /// Returns the age in the response, if it has one.
    pub(crate) fn age(&self) -> Option<Duration> {
        let seconds = self.response.headers.get("age")?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// Returns whether the request succeeded and the response has no age.
    pub(crate) fn is_certain(&self) -> bool {
        self.is_ok() && self.age().is_none()
    }

    /// Checks that the response does not show a session as running too long after its stop. A response without an age may be
    /// out of date by the bound, and one with an age by that many seconds and the fraction that the header omits.
    pub(crate) fn assert_within_bound(&self, stopped_at: Instant) {
        let bound = self.age().map_or(BOUND, |age| age + Duration::from_secs(1));
        let is_past_bound = self.sent_at > stopped_at + bound;
        assert!(!is_past_bound || !self.is_running(), "{self:?} of a session stopped at {stopped_at:?}");
    }
}

/// Checks that two responses show the same session byte for byte.
pub(crate) fn assert_identical(one: &Response, other: &Response) {
    assert_eq!((one.status, &one.text), (200, &other.text));
    assert_eq!(one.header("etag"), other.header("etag"));
    assert!(one.header("etag").starts_with('"'), "a strong tag: {}", one.header("etag"));
}

/// Returns a session without the fields that a stop changes.
pub(crate) fn immutable_fields(session: &Value) -> Value {
    let mut session = session.clone();
    for key in ["status", "stopped_at", "revision"] {
        session.as_object_mut().expect("a session is an object").remove(key);
    }
    session
}

/// Summarizes durations in one line: the median, the 99th percentile and the maximum.
pub(crate) fn summary(durations: &mut [Duration]) -> String {
    durations.sort_unstable();
    let at = |share: usize| durations[(durations.len() - 1) * share / 100];
    format!("median {:.1?}, p99 {:.1?}, max {:.1?} (of {})", at(50), at(99), at(100), durations.len())
}

/// Returns the median, which tolerates a few delays on a busy machine.
pub(crate) fn median(durations: &[Duration]) -> Duration {
    let mut durations = durations.to_vec();
    durations.sort_unstable();
    durations[durations.len() / 2]
}

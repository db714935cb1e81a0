//! Two servers on one Redis, and what is known of their sessions.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard, watch};

use crate::support::{Answer, Api, DEADLINE, Process};
use tickseed_store::test_servers::RedisServer;

/// How long after a stop was answered any server may still show the session running: what the project promises.
pub(crate) const BOUND: Duration = Duration::from_millis(250);

/// How soon after Redis answers again sessions can be created, unless the machine is too busy.
pub(crate) const RECOVERED_WITHIN: Duration = Duration::from_secs(1);

/// Arguments of a Redis that loses nothing that it has acknowledged.
pub(crate) const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// How many requests a test has under way at once.
pub(crate) const AT_ONCE: usize = 32;

/// Taken by every test that keeps a whole machine busy: beside one another Redis would seem to them not to answer in time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other such test runs.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// Two servers, A and B, on one Redis.
pub(crate) struct Pair {
    pub(crate) a: Process,
    pub(crate) b: Process,
    pub(crate) redis: RedisServer,
}

impl Pair {
    /// Starts a Redis with `arguments` and both servers.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let redis = RedisServer::start(arguments);
        Self { a: server_on(&redis.address()), b: server_on(&redis.address()), redis }
    }

    pub(crate) const fn both(&self) -> [&Api; 2] {
        [&self.a.api, &self.b.api]
    }
}

/// A server on the store of that address. It does not log every request that an outage fails.
pub(crate) fn server_on(store: &str) -> Process {
    Process::with_settings(&[("TICKSEED_STORE", store), ("TICKSEED_LOG", "error,tickseed_server::http=off")])
}

/// Does something with each, [`AT_ONCE`] of them at once, and gives what that comes to in any order.
pub(crate) async fn each<T, R, F: Future<Output = R>>(
    all: impl IntoIterator<Item = T>,
    work: impl FnMut(T) -> F,
) -> Vec<R> {
    stream::iter(all).map(work).buffer_unordered(AT_ONCE).collect().await
}

/// Asks again while the answer is 503, which asks for that: on a busy machine Redis may not answer in time, and to say so is
/// no wrong answer.
pub(crate) async fn patiently(ask: impl AsyncFn() -> Answer) -> Answer {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = ask().await;
        if answer.status != 503 {
            return answer;
        }
        assert!(Instant::now() < deadline, "{}", answer.text);
    }
}

/// Creates a session and gives its path.
pub(crate) async fn create(api: &Api, body: &str) -> String {
    let answer = patiently(async || api.post("/v1/sessions", body).await).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.header("location").to_owned()
}

/// Creates so many sessions and gives their paths.
pub(crate) async fn create_many(api: &Api, count: usize) -> Vec<String> {
    each(0..count, |_| create(api, r#"{"tick_ms":100}"#)).await
}

/// Stops a session and gives the moment at which that was answered. After a 503 it may have been stopped all the same.
pub(crate) async fn stop(api: &Api, path: &str) -> Instant {
    let (address, refusals) = (format!("{path}/stop"), AtomicU32::new(0));
    let answer = patiently(async || {
        let answer = api.post(&address, "").await;
        refusals.fetch_add(u32::from(answer.status == 503), Ordering::Relaxed);
        answer
    });
    let answer = answer.await;
    let answered_at = Instant::now();
    let was_stopped = answer.status == 409 && refusals.into_inner() > 0;
    assert!(answer.status == 200 || was_stopped, "{}", answer.text);
    answered_at
}

/// Asks until an answer is what was hoped for, and gives that.
pub(crate) async fn wait_until(api: &Api, path: &str, is_hoped_for: impl Fn(&Sight) -> bool) -> Sight {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let sight = Sight::take(api, path).await;
        if is_hoped_for(&sight) {
            return sight;
        }
        assert!(Instant::now() < deadline, "this was not hoped for: {sight:?}");
    }
}

/// Asks again and again, until some time after the bound that counts from a stop.
pub(crate) async fn look_on(api: &Api, path: &str, stopped: watch::Receiver<Option<Instant>>) -> Vec<Sight> {
    let mut sights = Vec::new();
    loop {
        let over = stopped.borrow().is_some_and(|stopped_at| stopped_at.elapsed() > BOUND + BOUND / 5);
        let sight = Sight::take(api, path).await;
        let is_answered = sight.is_answered();
        sights.push(sight);
        if over && is_answered {
            return sights;
        }
    }
}

/// How long it takes until sessions can be created.
pub(crate) async fn until_created(api: &Api) -> Duration {
    let since = Instant::now();
    while api.post("/v1/sessions", r#"{"tick_ms":100}"#).await.status != 201 {
        assert!(since.elapsed() < DEADLINE, "it does not come back");
    }
    since.elapsed()
}

/// What a server showed to who asked for a session or its state.
#[derive(Debug)]
pub(crate) struct Sight {
    pub(crate) asked_at: Instant,
    pub(crate) answer: Answer,
}

impl Sight {
    /// Asks.
    pub(crate) async fn take(api: &Api, path: &str) -> Self {
        let asked_at = Instant::now();
        Self { asked_at, answer: api.get(path).await }
    }

    /// Asks until it is answered, and not with what was so some time ago.
    pub(crate) async fn of(api: &Api, path: &str) -> Self {
        wait_until(api, path, Self::is_sure).await
    }

    /// Whether it shows what was asked for.
    pub(crate) fn is_answered(&self) -> bool {
        self.answer.status == 200
    }

    /// Whether it shows a session that runs.
    pub(crate) fn is_running(&self) -> bool {
        self.is_answered() && self.answer.json()["status"] == "running"
    }

    /// Whether it shows a session that has stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_answered() && self.answer.json()["status"] == "stopped"
    }

    /// How old it says it may be.
    pub(crate) fn age(&self) -> Option<Duration> {
        let seconds = self.answer.headers.get("age")?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// Whether it shows what was asked for, and not what was so some time ago.
    pub(crate) fn is_sure(&self) -> bool {
        self.is_answered() && self.age().is_none()
    }

    /// Checks that it does not show the session running although a stop was answered longer ago than the answer may be out of date. An
    /// answer with an age may be as old as that, which is told in whole seconds.
    pub(crate) fn assert_keeps_the_promise(&self, stopped_at: Instant) {
        let late = self.age().map_or(BOUND, |age| age + Duration::from_secs(1));
        let is_late = self.asked_at > stopped_at + late;
        assert!(!is_late || !self.is_running(), "{self:?} of a session stopped at {stopped_at:?}");
    }
}

/// Checks that two answers show the same session, to the byte.
pub(crate) fn assert_same(one: &Answer, other: &Answer) {
    assert_eq!((one.status, &one.text), (200, &other.text));
    assert_eq!(one.header("etag"), other.header("etag"));
    assert!(one.header("etag").starts_with('"'), "a strong tag: {}", one.header("etag"));
}

/// A session without what a stop changes.
pub(crate) fn unchanging(session: &Value) -> Value {
    let mut session = session.clone();
    for key in ["status", "stopped_at", "revision"] {
        session.as_object_mut().expect("a session is an object").remove(key);
    }
    session
}

/// Durations as a line of text: the middle, the 99th percentile and the longest.
pub(crate) fn summary(durations: &mut [Duration]) -> String {
    durations.sort_unstable();
    let at = |share: usize| durations[(durations.len() - 1) * share / 100];
    format!("median {:.1?}, p99 {:.1?}, max {:.1?} (of {})", at(50), at(99), at(100), durations.len())
}

/// The middle one: a busy machine may make some of several late.
pub(crate) fn median(durations: &[Duration]) -> Duration {
    let mut durations = durations.to_vec();
    durations.sort_unstable();
    durations[durations.len() / 2]
}

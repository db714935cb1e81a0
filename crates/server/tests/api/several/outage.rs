//! Redis is killed, or hangs: what is in memory is served with its age, the rest is refused at once, and all comes back by
//! itself.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;

use super::pair::{
    BOUND, DURABLE, Pair, RECOVERED_WITHIN, Sight, alone, create, median, patiently, summary, until_created,
    wait_until,
};
use crate::listener::Listener;
use crate::support::{Answer, Api};
use tickseed_store::test_servers::RedisServer;

/// How soon the first who asks is told that Redis does not answer.
const FIRST_REFUSED_WITHIN: Duration = Duration::from_millis(250);
/// How soon everybody else is.
const REFUSED_WITHIN: Duration = Duration::from_millis(50);

const OUTAGES: usize = 5;

/// A way in which Redis is away.
#[derive(Debug, Clone, Copy)]
enum Outage {
    Killed,
    Hanging,
}

impl Outage {
    fn begin(self, redis: &mut RedisServer) {
        match self {
            Self::Killed => redis.kill(),
            Self::Hanging => redis.pause(),
        }
    }

    /// Redis answers when this is done.
    fn end(self, redis: &mut RedisServer) {
        match self {
            Self::Killed => redis.start_again(),
            Self::Hanging => redis.go_on(),
        }
        assert_eq!(redis.ask::<String>(&["PING"]), "PONG");
    }
}

/// How long what is promised a time took.
#[derive(Default)]
struct Measured {
    first: Vec<Duration>,
    later: Vec<Duration>,
    recoveries: Vec<Duration>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_memory_is_served_with_its_age_and_the_rest_is_refused_at_once() {
    let _alone = alone().await;
    measure(Outage::Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_hangs_memory_is_served_with_its_age_and_the_rest_is_refused_at_once() {
    let _alone = alone().await;
    measure(Outage::Hanging).await;
}

async fn measure(outage: Outage) {
    let mut pair = Pair::start(&DURABLE);
    let mut measured = Measured::default();
    for _ in 0..OUTAGES {
        go_through(outage, &mut pair, &mut measured).await;
    }
    let Measured { mut first, mut later, mut recoveries } = measured;
    println!("{outage:?}: until the first is refused: {}", summary(&mut first));
    println!("{outage:?}: until others are refused: {}", summary(&mut later));
    println!("{outage:?}: after Redis answers, until a session is created: {}", summary(&mut recoveries));
    assert!(median(&first) < FIRST_REFUSED_WITHIN);
    assert!(median(&later) < REFUSED_WITHIN);
    assert!(median(&recoveries) < RECOVERED_WITHIN);
}

async fn go_through(outage: Outage, pair: &mut Pair, measured: &mut Measured) {
    let known = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    wait_until(&pair.b.api, &known, Sight::is_running).await;
    let (mut listener, first) = Listener::told_of(&pair.b.api, &known).await;
    assert_eq!(first.event, "session");
    let unknown_to_b = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    outage.begin(&mut pair.redis);
    let began_at = Instant::now();
    for api in pair.both() {
        measured.first.push(refused(api, Request::Create).await);
        for request in [Request::Create, Request::Stop(&known), Request::Read("/readyz")] {
            measured.later.push(refused(api, request).await);
        }
        assert_eq!(api.get("/healthz").await.status, 200);
        for path in [known.clone(), format!("{known}/state")] {
            wait_until(api, &path, |sight| is_from_memory(sight, began_at)).await;
        }
    }
    for path in [unknown_to_b.clone(), format!("{unknown_to_b}/state")] {
        measured.later.push(refused(&pair.b.api, Request::Read(&path)).await);
    }
    // An error would tell a browser never to come back.
    let [hint] = Listener::start(&pair.b.api, &unknown_to_b).await.rest().await.try_into().expect("one hint");
    assert!(!hint.is_event() && !hint.retry.is_empty(), "{hint:?}");
    // Longer than connections are given.
    let old = wait_until(&pair.b.api, &known, |sight| sight.age() > Some(Duration::ZERO)).await;
    let age = old.age().unwrap_or_default() + Duration::from_secs(1);
    assert!(old.asked_at < began_at + age, "{old:?} of an outage that began at {began_at:?}");
    let request = pair.b.api.request(Method::GET, &known).header("if-none-match", old.answer.header("etag"));
    let known_already = Answer::of(request.send().await.unwrap()).await;
    assert!(known_already.status == 304 && !known_already.header("age").is_empty(), "{known_already:?}");
    assert_eq!(known_already.header("x-accel-expires"), "0", "nginx must not keep it");

    outage.end(&mut pair.redis);
    measured.recoveries.extend(join_all(pair.both().map(until_created)).await);
    for api in pair.both() {
        wait_until(api, "/readyz", Sight::is_answered).await;
        for path in [&known, &unknown_to_b] {
            let sight = wait_until(api, path, Sight::is_sure).await;
            // Stops that were refused may have been made: one that Redis took up when it went on, say.
            assert!(sight.is_running() || sight.is_stopped() && path == &known, "{sight:?}");
        }
    }
    // It may have been stopped by a request that was refused, and then this is.
    patiently(async || pair.a.api.post(&format!("{known}/stop"), "").await).await;
    assert_eq!(listener.event().await.event, "stopped");
}

/// Whether an answer of a session that is in memory says so; checks that it does if it has to.
fn is_from_memory(sight: &Sight, began_at: Instant) -> bool {
    assert!(sight.is_running(), "{sight:?}");
    let has_age = sight.age().is_some();
    assert!(
        has_age || sight.asked_at < began_at + BOUND,
        "{sight:?} of an outage that began at {began_at:?}"
    );
    has_age
}

/// Something that needs Redis.
enum Request<'path> {
    Create,
    Stop(&'path str),
    Read(&'path str),
}

/// Checks that a request is refused, and tells how long that took.
async fn refused(api: &Api, request: Request<'_>) -> Duration {
    let asked_at = Instant::now();
    let answer = match request {
        Request::Create => api.post("/v1/sessions", r#"{"tick_ms":100}"#).await,
        Request::Stop(path) => api.post(&format!("{path}/stop"), "").await,
        Request::Read(path) => api.get(path).await,
    };
    let took = asked_at.elapsed();
    assert_unavailable(&answer);
    took
}

fn assert_unavailable(answer: &Answer) {
    answer.problem(503, "store_unavailable");
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_redis_has_lost_is_gone_on_every_server_and_its_listeners_are_told() {
    let _alone = alone().await;
    let mut pair = Pair::start(&[]);
    let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    wait_until(&pair.b.api, &path, Sight::is_running).await;
    let (mut listener, first) = Listener::told_of(&pair.b.api, &path).await;
    assert_eq!(first.event, "session");
    pair.redis.kill();
    pair.redis.start_again();
    assert_eq!(listener.event().await.event, "expired");
    assert_eq!(listener.rest().await, []);
    for api in pair.both() {
        wait_until(api, &path, |sight| sight.answer.status == 404).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_many_readers_of_a_session_cost_few_reads_of_redis() {
    const READERS: usize = 200;
    let _alone = alone().await;
    let mut pair = Pair::start(&DURABLE);
    let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    let b = &pair.b.api;
    wait_until(b, &path, Sight::is_running).await;
    for outage in [Outage::Killed, Outage::Hanging] {
        let mut costs = Vec::new();
        for _ in 0..3 {
            outage.begin(&mut pair.redis);
            join_all((0..READERS).map(|_| wait_until(b, &path, |sight| sight.age().is_some()))).await;
            outage.end(&mut pair.redis);
            let before = reads(&pair.redis);
            // They ask all the time until each has had an answer that is sure again.
            join_all((0..READERS).map(|_| wait_until(b, &path, |sight| sight.age().is_none()))).await;
            costs.push(reads(&pair.redis) - before);
        }
        println!("{outage:?}: {READERS} readers cost so many reads of Redis: {costs:?}");
        costs.sort_unstable();
        assert!(costs[1] < READERS as u64 / 2, "{costs:?}");
    }
}

/// How many sessions Redis has been asked for since it started.
fn reads(redis: &RedisServer) -> u64 {
    let statistics: String = redis.ask(&["INFO", "commandstats"]);
    let get = statistics.lines().find_map(|line| line.strip_prefix("cmdstat_get:calls="));
    let calls = get.and_then(|rest| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

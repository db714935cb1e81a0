//! `/metrics` of the real binary.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use reqwest::Method;
use tickseed_server::app::Options;
use tickseed_server::telemetry::metrics::{FAMILIES, Family, Kind, Metrics};
use tickseed_session::{
    Created, Deadline, Deleted, Replaced, Session, SessionId, SessionPage, SessionStore, StoreError,
    Timestamp,
};
use tickseed_store::test_servers::RedisServer;

use super::Logged;
use crate::operation::eventually;
use crate::support::{Api, LocalServer, TestClock};

const FREE_PORT: [&str; 2] = ["--metrics-addr", "127.0.0.1:0"];

/// The values of a scrape, by the name and the labels.
pub(super) struct Scrape {
    text: String,
    values: BTreeMap<String, f64>,
}

impl Scrape {
    pub(super) async fn of(api: &Api) -> Self {
        let response = api.get("/metrics").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        let lines = response.text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let value = |line: &str| {
            let (series, value) = line.rsplit_once(' ').expect("a series and its value");
            (series.to_owned(), value.parse().expect("a number"))
        };
        Self { values: lines.map(value).collect(), text: response.text }
    }

    fn value(&self, series: &str) -> f64 {
        *self.values.get(series).unwrap_or_else(|| panic!("no {series} in {}", self.text))
    }

    fn is(&self, series: &str, value: f64) -> bool {
        self.values.get(series).is_some_and(|other| (other - value).abs() < 1e-9)
    }

    /// Returns the names of all metrics; those of a histogram without what Prometheus adds.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let histograms: Vec<_> = FAMILIES.iter().filter(|family| family.kind == Kind::Histogram).collect();
        let name = |series: &'_ str| {
            let name = series.split('{').next().unwrap_or_default();
            let of = |family: &&&Family| name.starts_with(family.name);
            histograms.iter().find(of).map_or_else(|| name.to_owned(), |family| family.name.to_owned())
        };
        let names: BTreeSet<String> = self.values.keys().map(|series| name(series)).collect();
        FAMILIES.iter().map(|family| family.name).filter(|name| names.contains(*name)).collect()
    }
}

/// Has Prometheus's own tool read a scrape.
fn assert_promtool_accepts(text: &str) {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = promtool.spawn().expect("promtool is installed (scripts/install-tools --tests)");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status() {
    let server = Logged::start(|command| command.args(FREE_PORT));
    let (api, metrics) = (server.server.api.clone(), server.metrics());
    let path = api.create(r#"{"tick_ms":100}"#).await;
    for _ in 0..3 {
        assert_eq!(api.get(&path).await.status, 200);
    }
    assert_eq!(api.get("/v1/sessions/sess_00000000-0000-4000-8000-000000000000/state").await.status, 404);
    let stream = api.request(Method::GET, &format!("{path}/events")).send().await.unwrap();
    let scrape = Scrape::of(&metrics).await;
    assert_promtool_accepts(&scrape.text);
    for (series, value) in [
        (r#"tickseed_http_requests_total{method="POST",route="/v1/sessions",status="201"}"#, 1.0),
        (r#"tickseed_http_requests_total{method="GET",route="/v1/sessions/{id}",status="200"}"#, 3.0),
        (r#"tickseed_http_requests_total{method="GET",route="/v1/sessions/{id}/state",status="404"}"#, 1.0),
        (r#"tickseed_http_request_duration_seconds_count{route="/v1/sessions/{id}"}"#, 3.0),
        (r#"tickseed_http_request_duration_seconds_bucket{route="/v1/sessions/{id}",le="+Inf"}"#, 3.0),
        (r#"tickseed_store_duration_seconds_count{operation="create"}"#, 1.0),
        (r#"tickseed_store_duration_seconds_count{operation="find"}"#, 1.0),
        // An event stream looks twice.
        (r#"tickseed_cache_lookups_total{result="hit"}"#, 5.0),
        (r#"tickseed_cache_lookups_total{result="miss"}"#, 1.0),
        ("tickseed_cache_sessions", 1.0),
        ("tickseed_event_streams", 1.0),
        ("tickseed_store_open", 1.0),
        ("tickseed_store_writable", 1.0),
        (r#"tickseed_store_feed_up{node="embedded"}"#, 1.0),
        ("tickseed_sweeping_waits_seconds", 0.0),
        ("tickseed_requests_shed_total", 0.0),
        (concat!(r#"tickseed_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""}"#), 1.0),
    ] {
        assert!(scrape.is(series, value), "{series} {value}: {}", scrape.text);
    }
    let (open, most) = (scrape.value("process_open_fds"), scrape.value("process_max_fds"));
    assert!(open > 5.0 && open < most, "{open} {most}");
    assert!(scrape.value("process_resident_memory_bytes") > 1e6);
    assert!(scrape.value("tickseed_cache_bytes") > 500.0);
    drop(stream);
    // The server notices that with the next heartbeat at the latest.
    eventually("the stream has ended", async || Scrape::of(&metrics).await.is("tickseed_event_streams", 0.0))
        .await;
}

#[tokio::test]
async fn whatever_clients_send_there_are_only_so_many_series() {
    let server = Logged::start(|command| command.args(FREE_PORT));
    let (api, metrics) = (server.server.api.clone(), server.metrics());
    let send = async |number: usize| {
        let method = Method::from_bytes(format!("METHOD{number}").as_bytes()).unwrap();
        for path in ["/v1/sessions", "/v1/sessions/x", "/"].map(|path| format!("{path}{number}")) {
            api.get(&path).await;
            api.get(&format!("{path}?opensesame={number}")).await;
            drop(api.request(method.clone(), &path).send().await.unwrap());
        }
    };
    send(0).await;
    let before = Scrape::of(&metrics).await;
    for number in 1..30 {
        send(number).await;
    }
    let after = Scrape::of(&metrics).await;
    let added: Vec<_> = after.values.keys().filter(|series| !before.values.contains_key(*series)).collect();
    assert!(added.is_empty(), "{added:?}");
    assert!(!after.text.contains("opensesame") && !after.text.contains("METHOD"), "{}", after.text);
    let requests = |scrape: &Scrape| {
        let series =
            scrape.values.iter().filter(|(series, _)| series.starts_with("tickseed_http_requests_total"));
        series.map(|(_, value)| value).sum::<f64>()
    };
    assert!((requests(&after) - 30.0 * 9.0).abs() < 1e-9, "{}", after.text);
}

#[tokio::test]
async fn a_redis_has_a_clock_a_memory_and_a_breaker() {
    let mut redis = RedisServer::start(&["--maxmemory", "100mb"]);
    let address = redis.address();
    let server = Logged::start(|command| command.args(FREE_PORT).args(["--store", &address]));
    let (api, metrics) = (server.server.api.clone(), server.metrics());
    api.create(r#"{"tick_ms":100}"#).await;
    let node =
        format!(r#"{{node="{}"}}"#, address.strip_prefix("redis://").unwrap().split('/').next().unwrap());
    let series = |name: &str| format!("{name}{node}");
    let offset = series("tickseed_store_clock_offset_seconds");
    eventually("the clock is measured", async || Scrape::of(&metrics).await.values.contains_key(&offset))
        .await;
    let scrape = Scrape::of(&metrics).await;
    assert!(scrape.value(&offset).abs() < 0.25);
    assert!(scrape.is(&series("tickseed_store_limit_bytes"), 104_857_600.0), "{}", scrape.text);
    assert!(scrape.value(&series("tickseed_store_used_bytes")) > 100_000.0);
    for (name, value) in [
        ("tickseed_store_answers", 1.0),
        ("tickseed_store_feed_up", 1.0),
        ("tickseed_store_evicted_total", 0.0),
        ("tickseed_store_restarts_total", 0.0),
    ] {
        assert!(scrape.is(&series(name), value), "{name}: {}", scrape.text);
    }
    redis.kill();
    eventually("the breaker opens and the feed is lost", async || {
        api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
        let scrape = Scrape::of(&metrics).await;
        scrape.is(&series("tickseed_store_answers"), 0.0)
            && scrape.is(&series("tickseed_store_feed_up"), 0.0)
            && scrape.value(r#"tickseed_store_errors_total{kind="not_asked"}"#) > 0.0
    })
    .await;
    redis.start_again();
    eventually("the restart is counted", async || {
        Scrape::of(&metrics).await.is(&series("tickseed_store_restarts_total"), 1.0)
    })
    .await;
    redis.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    let full = r#"tickseed_store_write_failure{reason="Redis is full"}"#;
    eventually("the store is full", async || {
        api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
        let scrape = Scrape::of(&metrics).await;
        scrape.values.keys().any(|series| series.starts_with(&full[..40]))
            && scrape.is("tickseed_store_writable", 0.0)
    })
    .await;
    // Now there is a series of every metric.
    let scrape = Scrape::of(&metrics).await;
    let missing: Vec<_> =
        FAMILIES.iter().map(|family| family.name).filter(|name| !scrape.names().contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}: {}", scrape.text);
    for Family { name, kind, help, .. } in FAMILIES {
        let kind = format!("{kind:?}").to_lowercase();
        for line in [format!("# HELP {name} {help}"), format!("# TYPE {name} {kind}")] {
            assert_eq!(
                scrape.text.lines().filter(|other| **other == line).count(),
                1,
                "{line}: {}",
                scrape.text
            );
        }
    }
    assert_promtool_accepts(&scrape.text);
}

#[tokio::test]
async fn metrics_are_on_their_own_port_only() {
    let server = Logged::start(|command| command.args(FREE_PORT));
    assert_eq!(server.server.api.get("/metrics").await.status, 404);
    let metrics = server.metrics();
    for path in ["/", "/v1/time", "/healthz"] {
        assert_eq!(metrics.get(path).await.status, 404, "{path}");
    }
    let log = server.end();
    assert!(log.contains("--metrics-addr=127.0.0.1:0"), "{log}");
}

#[tokio::test]
async fn a_port_that_is_taken_ends_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = crate::support::serve_command(folder.path());
    let output = command.args(["--metrics-addr", &address]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && text.contains(&format!("cannot serve metrics on {address}")),
        "{text}"
    );
}

#[tokio::test]
async fn requests_beyond_a_limit_are_counted() {
    let server =
        Logged::start(|command| command.args(FREE_PORT).args(["--rate-limit", "1", "--rate-burst", "1"]));
    let (api, metrics) = (server.server.api.clone(), server.metrics());
    let mut refused = 0.0;
    for _ in 0..5 {
        refused += if api.get("/v1/sessions").await.status == 429 { 1.0 } else { 0.0 };
    }
    assert!(refused >= 1.0, "one of five requests comes too soon after another");
    let scrape = Scrape::of(&metrics).await;
    assert!(scrape.is(r#"tickseed_requests_limited_total{by="address"}"#, refused), "{}", scrape.text);
    assert!(scrape.is(r#"tickseed_requests_limited_total{by="key"}"#, 0.0), "{}", scrape.text);
}

/// A store in which every operation panics.
struct PanickingStore;

#[async_trait::async_trait]
impl SessionStore for PanickingStore {
    async fn create(&self, _session: Session) -> Result<Created, StoreError> {
        panic!("planted")
    }

    async fn find(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        panic!("planted")
    }

    async fn compare_and_set(&self, _: Session, _: Option<Deadline>) -> Result<Replaced, StoreError> {
        panic!("planted")
    }

    async fn delete(&self, _: Session, _: Option<Deadline>) -> Result<Deleted, StoreError> {
        panic!("planted")
    }

    async fn list(&self, _: Option<SessionId>, _: usize) -> Result<SessionPage, StoreError> {
        panic!("planted")
    }

    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_request_whose_handler_panics_is_counted_too() {
    let metrics = Metrics::leak();
    let options = Options { metrics: Some(metrics), ..Options::default() };
    let server = LocalServer::with_store(Arc::new(PanickingStore), TestClock::new(), options);
    assert_eq!(server.api.post("/v1/sessions", r#"{"tick_ms":100}"#).await.status, 500);
    let text = metrics.render();
    let series = r#"tickseed_http_requests_total{method="POST",route="/v1/sessions",status="500"} 1"#;
    assert!(text.lines().any(|line| line == series), "{text}");
}

//! The text that Prometheus reads.
//!
//! The text is written from a recorder that is made anew each time. So the series of a node that is gone disappear, and nothing is
//! recorded between two scrapes.

use std::time::Duration;

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::formatting::{write_help_line, write_metric_line, write_type_line};
use metrics_exporter_prometheus::{LabelSet, PrometheusBuilder, PrometheusRecorder};
use tickseed_session::{NodeVitals, SessionService, StoreError, Vitals};

use super::families::{
    BUILD_INFO, CACHE_BYTES, CACHE_LOOKUPS, CACHE_SESSIONS, CLOCK_OFFSET, EVICTED, FAMILIES, FEED_AGE,
    FEED_UP, FILE_LIMIT, Kind, LIMITED, NEWER_RECORDS, OPEN_FILES, REQUEST_DURATION, REQUESTS,
    RESIDENT_MEMORY, RESTARTS, SHED, STORE_ANSWERS, STORE_DURATION, STORE_ERRORS, STORE_LIMIT, STORE_OPEN,
    STORE_USED, STORE_WRITABLE, STREAMS, SWEEPING_WAITS, WRITE_FAILURE,
};
use super::histogram::Totals;
use super::{Metrics, Refusal, tally};
use crate::platform;

/// How old the last proof of a change feed may be. A feed proves itself every 25 ms.
const FEED_IS_UP: Duration = Duration::from_secs(1);

/// A label and its value.
type Labels<'a> = &'a [(&'static str, &'a str)];

/// Returns all metrics.
pub(super) fn text(metrics: &Metrics) -> String {
    let page = Page::new();
    page.process();
    page.requests(metrics);
    if let Some(service) = metrics.service.get() {
        page.cache(service);
        page.store(&service.vitals(), service.write_failure().as_ref());
    }
    page.gauge(STORE_OPEN, &[], number(metrics.service.get().is_some()));
    for (kind, count) in metrics.store.errors() {
        page.counter(STORE_ERRORS, &[("kind", kind)], count);
    }
    let mut text = page.0.handle().render();
    let tallies = metrics.tallies();
    let durations = tally::durations(&tallies);
    write_histograms(&mut text, REQUEST_DURATION, "route", durations.into_iter());
    write_histograms(&mut text, STORE_DURATION, "operation", metrics.store.durations());
    text
}

/// The counters and gauges of one scrape.
struct Page(PrometheusRecorder);

impl Page {
    fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        for family in FAMILIES {
            match family.kind {
                Kind::Counter => recorder.describe_counter(family.name.into(), None, family.help.into()),
                Kind::Gauge => recorder.describe_gauge(family.name.into(), None, family.help.into()),
                // Written from ranges that are counted already.
                Kind::Histogram => {}
            }
        }
        Self(recorder)
    }

    fn counter(&self, name: &'static str, labels: Labels<'_>, value: u64) {
        self.0.register_counter(&key(name, labels), &METADATA).absolute(value);
    }

    fn gauge(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        self.0.register_gauge(&key(name, labels), &METADATA).set(value);
    }

    fn process(&self) {
        self.gauge(BUILD_INFO, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        for (name, value) in [
            (RESIDENT_MEMORY, platform::resident_bytes()),
            (OPEN_FILES, platform::open_files()),
            (FILE_LIMIT, platform::open_files_limit()),
        ] {
            if let Some(value) = value {
                self.gauge(name, &[], float(value));
            }
        }
    }

    fn requests(&self, metrics: &Metrics) {
        let tallies = metrics.tallies();
        for requests in tally::requests(&tallies) {
            let (method, route, status) = (requests.method, requests.route, &*requests.status);
            let labels = [("method", method), ("route", route), ("status", status)];
            self.counter(REQUESTS, &labels, requests.count);
        }
        self.counter(LIMITED, &[("by", "address")], Refusal::LimitedByAddress.count());
        self.counter(LIMITED, &[("by", "key")], Refusal::LimitedByKey.count());
        self.counter(SHED, &[], Refusal::Shed.count());
        if let Some(streams) = metrics.streams.get() {
            self.gauge(STREAMS, &[], float(streams.count()));
        }
    }

    fn cache(&self, service: &SessionService) {
        let cache = service.cache_statistics();
        self.counter(CACHE_LOOKUPS, &[("result", "hit")], cache.hits);
        self.counter(CACHE_LOOKUPS, &[("result", "miss")], cache.misses);
        self.gauge(CACHE_BYTES, &[], float(cache.bytes));
        self.gauge(CACHE_SESSIONS, &[], float(cache.sessions));
        self.counter(NEWER_RECORDS, &[], cache.newer_records);
    }

    fn store(&self, vitals: &Vitals, write_failure: Option<&StoreError>) {
        self.gauge(STORE_WRITABLE, &[], number(write_failure.is_none()));
        if let Some(StoreError::NotWritable { reason, .. }) = write_failure {
            self.gauge(WRITE_FAILURE, &[("reason", reason)], 1.0);
        }
        self.gauge(SWEEPING_WAITS, &[], vitals.sweeping_waits.unwrap_or_default().as_secs_f64());
        vitals.nodes.iter().for_each(|node| self.node(node));
    }

    fn node(&self, node: &NodeVitals) {
        let labels = [("node", &*node.name)];
        self.gauge(STORE_ANSWERS, &labels, number(node.is_answering));
        self.gauge(FEED_UP, &labels, number(node.feed_age.is_some_and(|age| age <= FEED_IS_UP)));
        let seconds = |micros: i64| {
            let size = Duration::from_micros(micros.unsigned_abs()).as_secs_f64();
            if micros < 0 { -size } else { size }
        };
        for (name, value) in [
            (FEED_AGE, node.feed_age.map(|age| age.as_secs_f64())),
            (CLOCK_OFFSET, node.clock_ahead_us.map(seconds)),
            (STORE_USED, node.used_bytes.map(float)),
            (STORE_LIMIT, node.limit_bytes.map(float)),
        ] {
            if let Some(value) = value {
                self.gauge(name, &labels, value);
            }
        }
        self.counter(EVICTED, &labels, node.evicted);
        self.counter(RESTARTS, &labels, node.restarts);
    }
}

/// Appends a histogram for each value of a label.
#[expect(
    clippy::default_trait_access,
    reason = "the type of the global labels is in a crate that is not ours"
)]
fn write_histograms(
    text: &mut String,
    name: &'static str,
    label: &'static str,
    histograms: impl Iterator<Item = (&'static str, Totals)>,
) {
    let help = FAMILIES.iter().find(|family| family.name == name).map_or("", |family| family.help);
    write_help_line(text, name, None, None, help);
    write_type_line(text, name, None, None, "histogram");
    for (value, totals) in histograms {
        let labels = LabelSet::from_key_and_global(&key(name, &[(label, value)]), &Default::default());
        for (end, count) in totals.cumulative() {
            let end = end.map_or_else(|| "+Inf".to_owned(), |end| end.to_string());
            write_metric_line(text, name, Some("bucket"), &labels, Some(("le", end)), count, None);
        }
        write_metric_line::<&str, _>(text, name, Some("sum"), &labels, None, totals.sum_seconds(), None);
        write_metric_line::<&str, _>(text, name, Some("count"), &labels, None, totals.count(), None);
    }
}

/// What the facade wants to know of the place that records. Nobody reads it.
static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

fn key(name: &'static str, labels: Labels<'_>) -> Key {
    let labels = labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(name, labels.collect::<Vec<_>>())
}

fn number(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

/// Beyond 2^53, the last digits do not matter.
#[expect(clippy::cast_precision_loss, reason = "Prometheus knows only floating-point numbers")]
const fn float(number: u64) -> f64 {
    number as f64
}

//! Counts repeated events, so that a flood of them takes only a few lines: the first of a kind is written at once, and
//! the number of its repetitions ten seconds later.
//!
//! Events are of one kind if they come from the same place in the code, with the same message and the same values of
//! [`FIELDS`]. Other fields, such as the path of a request, do not matter. Events for debugging are never counted.

use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer};

use super::format::{self, LogFormat};

/// How many events of one kind are written in a row: enough to show that a cause comes and goes.
const BURST: u32 = 5;

/// How long after them the repetitions are only counted.
const COUNT_FOR: Duration = Duration::from_secs(10);

/// The fields that tell kinds apart, besides the message: which part of the store it is about, the status of a request, and where
/// a panic happened.
const FIELDS: [&str; 5] = ["node", "store", "status", "location", "log.target"];

/// The largest number of kinds that message and fields distinguish. Beyond it, only the place in the code counts.
const MAX_KINDS: usize = 1_000;

/// The lines of the access log. Each is another request, so they are never counted.
pub(crate) const ACCESS_TARGET: &str = "tickseed::access";

/// What events of one kind have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    callsite: Identifier,
    text: String,
}

/// Where an event comes from, and what it says of its kind.
#[derive(Debug)]
struct Origin {
    level: Level,
    target: &'static str,
    message: String,
    fields: Vec<format::Field>,
}

/// The repetitions of one kind.
#[derive(Debug)]
struct Repeated {
    level: Level,
    target: &'static str,
    message: String,
    fields: Vec<format::Field>,
    /// When the first event of the burst, or the last count, was written.
    since: Instant,
    /// How many events of the burst have been written.
    written: u32,
    count: u64,
}

/// A count to report.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    level: Level,
    target: &'static str,
    message: String,
    fields: Vec<format::Field>,
    count: u64,
}

#[derive(Debug, Default)]
struct Kinds(HashMap<Kind, Repeated>);

impl Kinds {
    /// Counts an event. Returns whether it is one of the first of its kind, which are to be written.
    fn is_to_write(&mut self, mut kind: Kind, origin: Origin, now: Instant) -> bool {
        let Origin { level, target, mut message, mut fields } = origin;
        if self.0.len() >= MAX_KINDS && !self.0.contains_key(&kind) {
            "and others".clone_into(&mut kind.text);
            message.clone_from(&kind.text);
            fields.clear();
        }
        let begin = || Repeated { level, target, message, fields, since: now, written: 0, count: 0 };
        let repeated = self.0.entry(kind).or_insert_with(begin);
        if repeated.written < BURST {
            repeated.written += 1;
            return true;
        }
        repeated.count += 1;
        false
    }

    /// Returns the counts that are due, and forgets the kinds that have not been repeated.
    fn due(&mut self, now: Instant) -> Vec<Report> {
        let is_due = |repeated: &Repeated| now.saturating_duration_since(repeated.since) >= COUNT_FOR;
        self.0.retain(|_, repeated| repeated.count > 0 || !is_due(repeated));
        self.take(now, is_due)
    }

    /// Returns the counts that pass a filter, and starts them anew.
    fn take(&mut self, now: Instant, filter: impl Fn(&Repeated) -> bool) -> Vec<Report> {
        let chosen = self.0.iter_mut().filter(|(_, repeated)| repeated.count > 0 && filter(repeated));
        chosen
            .map(|(_, repeated)| {
                repeated.since = now;
                let count = std::mem::take(&mut repeated.count);
                let (message, fields) = (repeated.message.clone(), repeated.fields.clone());
                Report { level: repeated.level, target: repeated.target, message, fields, count }
            })
            .collect()
    }
}

/// The layer of the log that counts repeated events, and writes their numbers with a writer. Clones share the counts.
#[derive(Clone)]
pub(super) struct RepeatedEvents<W> {
    kinds: Arc<Mutex<Kinds>>,
    writer: W,
    format: LogFormat,
}

impl<W: for<'writer> MakeWriter<'writer>> RepeatedEvents<W> {
    pub(super) fn new(writer: W, format: LogFormat) -> Self {
        Self { kinds: Arc::default(), writer, format }
    }

    /// Writes the counts that are due.
    pub(super) fn report(&self, now: Instant) {
        let due = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).due(now);
        self.write(&due);
    }

    /// Writes all counts.
    pub(super) fn report_all(&self) {
        let all = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now(), |_| true);
        self.write(&all);
    }

    fn write(&self, reports: &[Report]) {
        for Report { level, target, message, fields, count } in reports {
            let fields: Vec<_> = fields.iter().cloned().chain([("repeated", Value::from(*count))]).collect();
            let line = self.format.line(*level, target, message, &fields);
            drop(self.writer.make_writer().write_all(line.as_bytes()));
        }
    }
}

impl<S: Subscriber, W: for<'writer> MakeWriter<'writer> + 'static> Layer<S> for RepeatedEvents<W> {
    fn event_enabled(&self, event: &Event<'_>, _context: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.target() == ACCESS_TARGET {
            return true;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let kind =
            Kind { callsite: metadata.callsite(), text: format!("{}{}", text.message, text.distinction) };
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let (level, target) = (*metadata.level(), metadata.target());
        let origin = Origin { level, target, message: text.message, fields: text.fields };
        kinds.is_to_write(kind, origin, Instant::now())
    }
}

/// The message of an event and the fields that belong to its kind.
#[derive(Default)]
struct Text {
    message: String,
    fields: Vec<format::Field>,
    /// The fields as text.
    distinction: String,
}

impl Text {
    fn record(&mut self, field: &Field, value: Value) {
        if FIELDS.contains(&field.name()) {
            // Writing to a string never fails.
            let _ = write!(self.distinction, " {}={value}", field.name());
            self.fields.push((field.name(), value));
        }
    }
}

impl Visit for Text {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, Value::from(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        }
        self.record(field, Value::from(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else if FIELDS.contains(&field.name()) {
            self.record(field, Value::from(format!("{value:?}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Returns the lines of a log that `events` fills, without their times. The counts are reported `after` the events.
    fn lines(after: Duration, events: impl Fn()) -> Vec<String> {
        let memory = Memory::default();
        let make = memory.clone();
        let make = move || make.clone();
        let repeated = RepeatedEvents::new(make.clone(), LogFormat::Text);
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(make);
        let log = tracing_subscriber::registry().with(lines).with(repeated.clone());
        with_default(log, events);
        repeated.report(Instant::now() + after);
        let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.split_once(' ').unwrap().1.trim_start().to_owned()).collect()
    }

    #[test]
    fn a_flood_takes_a_few_lines_with_the_exact_count() {
        let flood = || {
            for number in 0..10_000 {
                tracing::error!(path = format!("/v1/sessions/{number}"), status = 503, "a request failed");
            }
        };
        let target = module_path!();
        let written =
            |number| format!("ERROR {target}: a request failed path=\"/v1/sessions/{number}\" status=503");
        let counted = format!("ERROR {target}: a request failed status=503 repeated=9995");
        let expected: Vec<_> = (0..5).map(written).chain([counted]).collect();
        assert_eq!(lines(COUNT_FOR, flood), expected);
        assert_eq!(lines(Duration::from_secs(9), flood).len(), 5, "the count is not due yet");
    }

    #[test]
    fn events_of_other_kinds_are_written() {
        let events = || {
            for (node, status) in [("a", 500), ("a", 503), ("b", 503)] {
                for _ in 0..9 {
                    tracing::warn!(node, status, "it fails");
                }
            }
            tracing::warn!(node = "a", status = 500, "it fails");
            for _ in 0..9 {
                tracing::debug!("for debugging");
            }
        };
        assert_eq!(lines(Duration::ZERO, events).len(), 3 * 5 + 1 + 9);
    }

    #[test]
    fn panics_in_different_places_are_written() {
        let events = || {
            for location in
                ["a.rs:1:1", "a.rs:1:1", "a.rs:1:1", "a.rs:1:1", "a.rs:1:1", "a.rs:1:1", "b.rs:2:2"]
            {
                tracing::error!(location, reason = "planted", "a panic, which is a bug");
            }
        };
        assert_eq!(lines(Duration::ZERO, events).len(), 5 + 1);
    }

    #[test]
    fn the_access_log_is_never_counted() {
        let events = || (0..100).for_each(|_| tracing::info!(target: ACCESS_TARGET, "request"));
        assert_eq!(lines(COUNT_FOR, events).len(), 100);
    }

    fn origin() -> Origin {
        Origin { level: Level::WARN, target: "t", message: String::new(), fields: Vec::new() }
    }

    fn kind(text: &str) -> Kind {
        struct Nowhere;
        impl tracing::callsite::Callsite for Nowhere {
            fn set_interest(&self, _: tracing::subscriber::Interest) {}
            fn metadata(&self) -> &tracing::Metadata<'_> {
                unreachable!("nothing asks for it")
            }
        }
        static NOWHERE: Nowhere = Nowhere;
        Kind { callsite: Identifier(&NOWHERE), text: text.to_owned() }
    }

    #[test]
    fn a_flood_that_lasts_gives_a_count_every_ten_seconds_and_a_later_event_is_written_again() {
        let (mut kinds, begin) = (Kinds::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let note = |kinds: &mut Kinds, seconds| kinds.is_to_write(kind("a"), origin(), at(seconds));
        let mut counts = Vec::new();
        for second in 0..=25 {
            assert_eq!(note(&mut kinds, second), second < 5);
            counts.extend(kinds.due(at(second)).into_iter().map(|report| (second, report.count)));
        }
        assert_eq!(counts, [(10, 6), (20, 10)]);
        counts.clear();
        for second in 26..=50 {
            counts.extend(kinds.due(at(second)).into_iter().map(|report| (second, report.count)));
        }
        assert_eq!(counts, [(30, 5)]);
        assert!(kinds.0.is_empty() && note(&mut kinds, 51), "the kind is forgotten");
    }

    #[test]
    fn beyond_the_limit_kinds_share_a_count() {
        let (mut kinds, now) = (Kinds::default(), Instant::now());
        let mut written = 0;
        for number in 0..MAX_KINDS + 500 {
            written += usize::from(kinds.is_to_write(kind(&number.to_string()), origin(), now));
        }
        assert_eq!(written, MAX_KINDS + 5);
        let reports = kinds.due(now + COUNT_FOR);
        assert_eq!((reports.len(), reports[0].count, reports[0].message.as_str()), (1, 495, "and others"));
    }
}

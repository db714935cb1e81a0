//! Counts repeated events, so that a flood of them takes only a few lines: the first of a kind is written at once, and
//! the number of its repetitions ten seconds later.
//!
//! Events are of one kind if they come from the same place in the code, with the same message and the same values of
//! [`FIELDS`]. Other fields, such as the path of a request, do not matter. Events for debugging are never counted.

use std::collections::HashMap;
use std::fmt::{self, Debug, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, Layer};

/// How many events of one kind are written in a row: enough to show that a cause comes and goes.
const BURST: u32 = 5;

/// How long after them the repetitions are only counted.
const COUNT_FOR: Duration = Duration::from_secs(10);

/// The fields that tell kinds apart, besides the message: which part of the store it is about, the status of a request, and where
/// a panic happened.
const FIELDS: [&str; 5] = ["node", "store", "status", "location", "log.target"];

/// The largest number of kinds that message and fields distinguish. Beyond it, only the place in the code counts.
const MAX_KINDS: usize = 1_000;

/// What events of one kind have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    callsite: Identifier,
    text: String,
}

/// The repetitions of one kind.
#[derive(Debug)]
struct Repeated {
    level: Level,
    target: &'static str,
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
    text: String,
    count: u64,
}

#[derive(Debug, Default)]
struct Kinds(HashMap<Kind, Repeated>);

impl Kinds {
    /// Counts an event. Returns whether it is one of the first of its kind, which are to be written.
    fn is_to_write(&mut self, mut kind: Kind, level: Level, target: &'static str, now: Instant) -> bool {
        if self.0.len() >= MAX_KINDS && !self.0.contains_key(&kind) {
            "and others".clone_into(&mut kind.text);
        }
        let begin = Repeated { level, target, since: now, written: 0, count: 0 };
        let repeated = self.0.entry(kind).or_insert(begin);
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
            .map(|(kind, repeated)| {
                repeated.since = now;
                let count = std::mem::take(&mut repeated.count);
                Report { level: repeated.level, target: repeated.target, text: kind.text.clone(), count }
            })
            .collect()
    }
}

/// The layer of the log that counts repeated events, and writes their numbers with a writer. Clones share the counts.
#[derive(Clone)]
pub(super) struct RepeatedEvents<W> {
    kinds: Arc<Mutex<Kinds>>,
    writer: W,
}

impl<W: for<'writer> MakeWriter<'writer>> RepeatedEvents<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { kinds: Arc::default(), writer }
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
        for Report { level, target, text, count } in reports {
            let line = line(*level, target, &format!("{text} repeated={count}"));
            drop(self.writer.make_writer().write_all(line.as_bytes()));
        }
    }
}

impl<S: Subscriber, W: for<'writer> MakeWriter<'writer> + 'static> Layer<S> for RepeatedEvents<W> {
    fn event_enabled(&self, event: &Event<'_>, _context: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO {
            return true;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let kind = Kind { callsite: metadata.callsite(), text: text.message + &text.fields };
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.is_to_write(kind, *metadata.level(), metadata.target(), Instant::now())
    }
}

/// The message of an event and the fields that belong to its kind.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string never fails.
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else if FIELDS.contains(&field.name()) {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }
}

/// Returns a line of the log, in the format of the other lines.
pub(super) fn line(level: Level, target: &str, text: &str) -> String {
    let mut line = String::new();
    // Neither the clock nor a string fails.
    let _ = SystemTime.format_time(&mut Writer::new(&mut line));
    let _ = fmt::Write::write_fmt(&mut line, format_args!(" {level:>5} {target}: {text}\n"));
    line
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
        let repeated = RepeatedEvents::new(make.clone());
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
        let note = |kinds: &mut Kinds, seconds| kinds.is_to_write(kind("a"), Level::WARN, "t", at(seconds));
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
            written += usize::from(kinds.is_to_write(kind(&number.to_string()), Level::WARN, "t", now));
        }
        assert_eq!(written, MAX_KINDS + 5);
        let reports = kinds.due(now + COUNT_FOR);
        assert_eq!((reports.len(), reports[0].count, reports[0].text.as_str()), (1, 495, "and others"));
    }
}

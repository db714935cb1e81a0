//! The lines of an export.

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use serde_json::json;
use serde_json::value::RawValue;
use tickseed_session::{Session, SessionId, StoreError, Timestamp};

use super::digest::{LineHash, SessionDigest, hash};
use super::fields::Fields;
use crate::record::{self, FORM_1, FORM_3, Parts};

/// What the first line names as the format.
const FORMAT: &str = "tickseed sessions";

/// The version of the format that this version writes and reads.
pub const FORMAT_VERSION: u64 = 1;

/// Where an export comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The kind of the store, such as `embedded`.
    pub store: String,
    /// The version of tickseed.
    pub tickseed: String,
}

/// A line that is not as it must be. It never shows a text of the file, which may be a seed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// Its number, from 1.
    pub line: u64,
    /// Names the field, the values that are allowed and the one that was found.
    pub problem: String,
}

/// A line after the first.
#[derive(Debug)]
pub(super) enum Line {
    Session(Box<Session>),
    /// A session that only a later version understands.
    Newer {
        id: SessionId,
        reason: String,
    },
    End(End),
}

/// What the last line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) sessions: u64,
    pub(super) digest: SessionDigest,
    /// How many sessions of the store are not in the file, because they could not be read.
    pub(super) left_out: u64,
}

/// Returns the first line.
pub(super) fn first_line(origin: &Origin, now: Timestamp) -> String {
    let Origin { store, tickseed } = origin;
    json!({
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "tickseed": tickseed,
        "exported_at": now.to_string(),
        "store": store,
    })
    .to_string()
}

/// Checks the first line.
pub(super) fn check_first_line(line: &[u8]) -> Result<(), String> {
    const NOT_ONE: &str = "this is not an export of tickseed";
    let fields = Fields::read(line).map_err(|problem| format!("{problem}; {NOT_ONE}"))?;
    fields
        .text("format", &format!("\"{FORMAT}\""), |text| (text == FORMAT).then_some(()))
        .map_err(|problem| format!("{problem}; {NOT_ONE}"))?;
    fields
        .number("version", &FORMAT_VERSION.to_string(), |version| version == FORMAT_VERSION)
        .map_err(|problem| format!("{problem}; import the file with the version of tickseed that wrote it"))
        .map(drop)
}

/// Returns the line of a session.
pub(super) fn session_line(session: &Session) -> Result<String, StoreError> {
    let record = record::encode(session)?;
    let unreadable = || StoreError::Unreadable { id: session.id, reason: "it has no text".to_owned() };
    let Parts { form, revision, writes, json } = Parts::of(&record).ok_or_else(unreadable)?;
    let mut line = format!("{{\"id\":\"{}\",\"form\":{form}", session.id);
    if let Some(revision) = revision {
        let _ = write!(line, ",\"revision\":{revision}");
    }
    if let Some([write, replaces]) = writes {
        // As texts, because many programs round large numbers.
        let [write, replaces] = [write, replaces].map(|number: u64| HEXLOWER.encode(&number.to_be_bytes()));
        let _ = write!(line, ",\"write\":\"{write}\",\"replaces\":\"{replaces}\"");
    }
    let _ = write!(line, ",\"record\":{json}}}");
    Ok(line)
}

/// Returns the hash of the line of a session.
pub(super) fn hash_of(session: &Session) -> Result<LineHash, StoreError> {
    Ok(hash(session_line(session)?.as_bytes()))
}

/// Returns the last line.
pub(super) fn last_line(end: &End) -> String {
    let End { sessions, digest, left_out } = end;
    json!({ "sessions": sessions, "digest": digest.to_string(), "left_out": left_out }).to_string()
}

/// Reads a line after the first.
pub(super) fn read(line: &[u8]) -> Result<Line, String> {
    let fields = Fields::read(line)?;
    if fields.get("id").is_none() && fields.get("sessions").is_some() {
        return end(&fields).map(Line::End);
    }
    session(&fields)
}

fn end(fields: &Fields<'_>) -> Result<End, String> {
    const COUNT: &str = "a whole number";
    fields.allow(&["sessions", "digest", "left_out"])?;
    Ok(End {
        sessions: fields.number("sessions", COUNT, |_| true)?,
        digest: fields.text("digest", "64 hexadecimal digits in lower case", |text| text.parse().ok())?,
        left_out: fields.number("left_out", COUNT, |_| true)?,
    })
}

fn session(fields: &Fields<'_>) -> Result<Line, String> {
    let id = fields.text("id", "sess_ followed by a UUID in lower case with hyphens", |text| {
        text.parse::<SessionId>().ok()
    })?;
    let form = fields.number("form", "a whole number from 1 to 255", |form| (1..=255).contains(&form))?;
    let form = u8::try_from(form).unwrap_or(u8::MAX);
    if form > FORM_3 {
        let reason = format!("its form is {form}, and this version knows forms {FORM_1} to {FORM_3}");
        return Ok(Line::Newer { id, reason });
    }
    let record = Parts {
        form,
        revision: if form == FORM_1 { None } else { Some(revision(fields)?) },
        writes: if form == FORM_3 {
            Some([write(fields, "write")?, write(fields, "replaces")?])
        } else {
            None
        },
        json: fields
            .required("record", "an object", |value| value.get().starts_with('{').then(|| value.get()))?,
    };
    let names = ["id", "form", "record", "revision", "write", "replaces"];
    fields.allow(&names[..[3, 4, 6][usize::from(form) - 1]])?;
    match record::decode(id, &record.to_bytes()) {
        Ok(session) => Ok(Line::Session(Box::new(session))),
        Err(StoreError::NewerRecord { reason, .. }) => Ok(Line::Newer { id, reason }),
        Err(StoreError::Unreadable { reason, .. }) => {
            Err(format!("record{}: {reason}", field_of(record.json, &reason)))
        }
        Err(other) => Err(format!("record: {other}")),
    }
}

fn revision(fields: &Fields<'_>) -> Result<u64, String> {
    fields.number("revision", "a whole number from 1 to 9007199254740991", |_| true)
}

fn write(fields: &Fields<'_>, name: &str) -> Result<u64, String> {
    fields.text(name, "16 hexadecimal digits in lower case", |text| {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().map(u64::from_be_bytes).ok()
    })
}

/// Returns the name of the field of a record that an error of its JSON is about, which names only the column.
fn field_of(json: &str, reason: &str) -> String {
    let column = reason.rsplit_once(" column ").and_then(|(_, column)| column.parse::<usize>().ok());
    let name = column.and_then(|column| {
        let values = Fields::read(json.as_bytes()).ok()?;
        values.name_at(json, column)
    });
    name.map(|name| format!(".{name}")).unwrap_or_default()
}

impl<'line> Fields<'line> {
    /// Returns the name of the value that a column, from 1, is in or right behind.
    fn name_at(&self, json: &'line str, column: usize) -> Option<String> {
        let end = |value: &RawValue| value.get().as_ptr().addr() - json.as_ptr().addr() + value.get().len();
        self.iter().find(|(_, value)| column <= end(value) + 1).map(|(name, _)| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use tickseed_session::acceptance::{session, session_with_notice};

    use super::*;

    #[test]
    fn a_line_holds_a_session_exactly() {
        for session in [session(0), session(60), session_with_notice()] {
            let line = session_line(&session).unwrap();
            let Line::Session(read) = read(line.as_bytes()).unwrap() else { panic!("{line}") };
            assert_eq!(*read, session);
        }
    }

    /// Files with such lines are kept for years. If this test fails, make a new version of the format.
    #[test]
    fn the_lines_of_version_1_stay_as_they_are() {
        let end = End { sessions: 2, digest: SessionDigest::default(), left_out: 1 };
        let text = format!(r#"{{"sessions":2,"digest":"{}","left_out":1}}"#, "0".repeat(64));
        assert_eq!(last_line(&end), text);
        assert!(matches!(read(text.as_bytes()), Ok(Line::End(read)) if read == end));
        let id = "sess_550e8400-e29b-41d4-a716-446655440000";
        let record = r#"{"seed":"é","start_at":0,"tick_ms":100,"break_min":100,"break_max":300,"rounds_per_epoch":64,"engine_version":1,"created_at":1"#;
        for line in [
            format!(r#"{{"id":"{id}","form":1,"record":{record},"revision":7}}}}"#),
            format!(r#"{{"id":"{id}","form":2,"revision":7,"record":{record},"label":"é"}}}}"#),
            format!(
                r#"{{"id":"{id}","form":3,"revision":7,"write":"00000000000000ff","replaces":"fedcba9876543210","record":{record},"notice_ms":15000}}}}"#
            ),
        ] {
            let Line::Session(session) = read(line.as_bytes()).unwrap() else { panic!("{line}") };
            assert_eq!((session.revision.get(), session_line(&session).unwrap()), (7, line));
        }
    }

    #[test]
    fn a_bad_line_names_the_field_what_is_allowed_and_what_came_but_no_text() {
        let good = session_line(&session(0)).unwrap();
        for (from, to, problem) in [
            ("\"sess_", "\"opensesame_", "id: must be sess_ followed by a UUID"),
            ("\"form\":1", "\"form\":0", "form: must be a whole number from 1 to 255, got 0"),
            (
                "\"form\":1",
                "\"form\":\"opensesame\"",
                "form: must be a whole number from 1 to 255, got a text of 10 bytes",
            ),
            ("\"form\":1,", "", "form: must be a whole number from 1 to 255, but is missing"),
            (
                "\"form\":1",
                "\"form\":2",
                "revision: must be a whole number from 1 to 9007199254740991, but is missing",
            ),
            (
                "\"form\":1",
                "\"form\":1,\"extra\":2",
                "extra: must not be there; the fields are id, form, record",
            ),
            ("\"form\":1", "\"form\":1,\"form\":1", "no field may be there twice"),
            ("\"tick_ms\":1,", "\"tick_ms\":0,", "record: tick_ms must be from 1 to 86400000, got 0"),
            (
                "\"tick_ms\":1,",
                "\"tick_ms\":\"opensesame\",",
                "record.tick_ms: invalid type: string \"…\", expected u32",
            ),
            ("\"record\":{", "\"record\":[{", "must be a JSON object, but is none from column"),
            ("{\"id\"", "[{\"id\"", "must be a JSON object, got something else"),
            ("}}", "}", "must be a JSON object, but is none from column"),
        ] {
            let line = good.replacen(from, to, 1);
            assert_ne!(line, good);
            let error = read(line.as_bytes()).unwrap_err();
            assert!(error.starts_with(problem) && !error.contains("opensesame"), "{error}");
        }
    }

    #[test]
    fn records_of_a_later_version_are_told_apart_from_damaged_ones() {
        let good = session_line(&session(0)).unwrap();
        for line in [
            good.replace("\"form\":1", "\"form\":4,\"anything\":true"),
            good.replace("\"engine_version\":1", "\"engine_version\":2"),
        ] {
            assert!(matches!(read(line.as_bytes()), Ok(Line::Newer { .. })), "{line}");
        }
    }

    #[test]
    fn another_file_is_refused() {
        let origin = Origin { store: "redis".to_owned(), tickseed: "1.2.3".to_owned() };
        let now = Timestamp::from_millis(0).unwrap();
        let first = first_line(&origin, now);
        assert_eq!(
            first,
            r#"{"format":"tickseed sessions","version":1,"tickseed":"1.2.3","exported_at":"1970-01-01T00:00:00.000Z","store":"redis"}"#
        );
        assert_eq!(check_first_line(first.as_bytes()), Ok(()));
        for (from, to, problem) in [
            (
                "\"version\":1",
                "\"version\":2",
                "version: must be 1, got 2; import the file with the version of tickseed",
            ),
            (
                "tickseed sessions",
                "else",
                "format: must be \"tickseed sessions\", got a text of 4 bytes; this is not",
            ),
            ("{", "", "must be a JSON object"),
        ] {
            let error = check_first_line(first.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}

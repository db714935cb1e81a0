//! The bytes of a session that every store keeps: one byte that says which form follows, then JSON.
//!
//! What a released version has written, every later version reads: a new form gets a new byte beside the old one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tickseed_engine::{BreakInterval, ENGINE_VERSION, Rules, Schedule, Seed};

use crate::session::{Metadata, Session, SessionId, StoreError, Timestamp};

/// The first byte of the only form so far.
const FORM_1: u8 = 1;

/// Form 1. Instants are milliseconds since the Unix epoch.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    seed: String,
    start_at: i64,
    tick_ms: u32,
    break_min: u32,
    break_max: u32,
    rounds_per_epoch: u32,
    engine_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Value>>,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    revision: u64,
}

/// The bytes to keep for a session. Its id is not among them: stores have it as the key.
pub(super) fn encode(session: &Session) -> Result<Vec<u8>, StoreError> {
    let interval = session.rules.break_interval();
    let record = Record {
        seed: session.seed.as_str().to_owned(),
        start_at: session.schedule.start_at(),
        tick_ms: session.schedule.tick_ms(),
        break_min: interval.min(),
        break_max: interval.max(),
        rounds_per_epoch: session.rules.rounds_per_epoch(),
        engine_version: session.engine_version,
        metadata: session.metadata.as_ref().map(|metadata| metadata.object().clone()),
        created_at: session.created_at.millis(),
        stopped_at: session.stopped_at.map(Timestamp::millis),
        expires_at: session.expires_at.map(Timestamp::millis),
        revision: session.revision,
    };
    let mut bytes = vec![FORM_1];
    serde_json::to_writer(&mut bytes, &record).map_err(|error| unreadable(session.id, error))?;
    Ok(bytes)
}

/// The session that [`encode`] made `bytes` of.
pub(super) fn decode(id: SessionId, bytes: &[u8]) -> Result<Session, StoreError> {
    match bytes.split_first() {
        Some((&FORM_1, json)) => {
            let record = serde_json::from_slice(json).map_err(|error| unreadable(id, error))?;
            session(id, record)
        }
        Some((form, _)) => Err(unreadable(id, format!("form {form} is not known to this version"))),
        None => Err(unreadable(id, "it is empty")),
    }
}

/// Checks everything again: bytes from a disk are not trusted more than those from a network.
fn session(id: SessionId, record: Record) -> Result<Session, StoreError> {
    if record.engine_version != ENGINE_VERSION {
        return Err(unreadable(id, format!("it is of engine version {}", record.engine_version)));
    }
    let engine = |error: tickseed_engine::Error| unreadable(id, error);
    let instant = |millis| Timestamp::from_millis(millis).map_err(|error| unreadable(id, error));
    let interval = BreakInterval::new(record.break_min, record.break_max).map_err(engine)?;
    Ok(Session {
        id,
        seed: Seed::new(&record.seed).map_err(engine)?,
        schedule: Schedule::new(record.start_at, record.tick_ms).map_err(engine)?,
        rules: Rules::new(interval, record.rounds_per_epoch).map_err(engine)?,
        engine_version: record.engine_version,
        metadata: record.metadata.map(Metadata::new).transpose().map_err(|error| unreadable(id, error))?,
        created_at: instant(record.created_at)?,
        stopped_at: record.stopped_at.map(instant).transpose()?,
        expires_at: record.expires_at.map(instant).transpose()?,
        revision: record.revision,
    })
}

fn unreadable(id: SessionId, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable(format!("{id}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "sess_550e8400-e29b-41d4-a716-446655440000";

    /// What version 0.1.0 writes. These bytes are on people's disks: they must always be read, so a failure here is
    /// mended by a new form, never by changing this text.
    const GOLDEN: &str = concat!(
        "\u{1}",
        r#"{"seed":"é","start_at":1700000000000,"tick_ms":100,"break_min":100,"break_max":300,"rounds_per_epoch":64,"#,
        r#""engine_version":1,"metadata":{"z":1,"a":[0.1,null]},"created_at":1700000000001,"stopped_at":1700000000002,"#,
        r#""expires_at":1700000000003,"revision":7}"#
    );

    #[test]
    fn the_bytes_of_form_1_are_read_and_written_the_same_for_ever() {
        let id = ID.parse().unwrap();
        let session = decode(id, GOLDEN.as_bytes()).unwrap();
        assert_eq!(session.revision, 7);
        assert_eq!(session.stopped_at, Timestamp::from_millis(1_700_000_000_002).ok());
        assert_eq!(String::from_utf8(encode(&session).unwrap()).unwrap(), GOLDEN);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_says_why() {
        let id: SessionId = ID.parse().unwrap();
        let message = |bytes: &[u8]| decode(id, bytes).unwrap_err().to_string();
        assert!(message(b"").ends_with("it is empty"), "{}", message(b""));
        assert!(message(b"\x02{}").ends_with("form 2 is not known to this version"));
        let broken = GOLDEN.replace(r#""tick_ms":100"#, r#""tick_ms":0"#);
        assert!(message(broken.as_bytes()).ends_with("tick_ms must be from 1 to 86400000, got 0"));
        let newer = GOLDEN.replace(r#""engine_version":1"#, r#""engine_version":2"#);
        assert!(message(newer.as_bytes()).ends_with("it is of engine version 2"));
        assert!(message(&GOLDEN.as_bytes()[..40]).contains(ID));
    }
}

//! The bytes of a session in every store: one byte for the form of the record, then the record.
//!
//! - Form 1: JSON, with the revision as its last field. Servers that know only form 1 refuse a record with an unknown field,
//!   so this form never gets another one.
//! - Form 2: the revision in 8 bytes, big-endian, then the other fields of form 1 as JSON, the hash of the control token and the
//!   name of the creator's API key, if there are any, and fields of later versions.
//! - Form 3: as form 2, with the ids of the write and of the one that it replaces behind the revision, in 8 bytes each, big-endian,
//!   and behind the fields of form 1 the notice and the schedule, unless they are 0 and empty.
//!
//! A form that was ever released is read forever. Anything that changes a session's state or promise is a new form, which
//! older versions refuse with [`StoreError::NewerRecord`]. Anything else is a field, which they pass on unread; its numbers are
//! 64-bit integers or doubles, so that they survive. The control token and the API key are such fields: they change neither state
//! nor promise, and a server that does not know them passes the right on. It does not ask for it either. A record is
//! written in the oldest form that can hold it, so that the previous version's servers can read it. From form 2 on, every form
//! begins with its number and the revision; so a compare-and-set need not understand the rest.

mod fields;
#[cfg(test)]
mod fuzz;
mod parts;
pub(crate) mod request;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;
use tickseed_engine::{BreakInterval, Change, ENGINE_VERSION, Rules, Schedule, Seed};
use tickseed_session::{
    ControlHash, KeyName, Metadata, Notice, Revision, Session, SessionId, SessionSchedule, StoreError,
    Timestamp, UnknownFields, WriteId, scheduled,
};

pub(crate) use self::fields::Name;
use self::fields::Record;
pub(crate) use self::parts::Parts;

/// JSON with the revision at its end.
pub(crate) const FORM_1: u8 = 1;
/// The revision, then JSON that may have unknown fields.
pub(crate) const FORM_2: u8 = 2;
/// As form 2, with a notice, a schedule or both.
pub(crate) const FORM_3: u8 = 3;

/// How many bytes the revision has, from form 2 on, and the id of a write.
const NUMBER_LENGTH: usize = 8;
/// How long the reason is at most that an error gives.
const MAX_REASON_CHARACTERS: usize = 300;
/// What precedes the revision in form 1.
#[cfg(feature = "redis")]
const REVISION_KEY: &[u8] = b"\"revision\":";

/// Writes a session. Its id is not part of the record, because stores use it as the key.
pub(crate) fn encode(session: &Session) -> Result<Vec<u8>, StoreError> {
    let revision = session.revision.get();
    let mut bytes = Vec::new();
    let unknown = session.unknown_fields.text();
    let form = form_of(session);
    bytes.push(form);
    let record = if form == FORM_1 {
        record_of(session, Some(revision))
    } else {
        bytes.extend(revision.to_be_bytes());
        if form == FORM_3 {
            bytes
                .extend([session.write, session.replaces].iter().flat_map(|write| write.get().to_be_bytes()));
        }
        record_of(session, None)
    };
    serde_json::to_writer(&mut bytes, &record).map_err(|error| unreadable(session.id, error))?;
    if let Some(unknown) = unknown {
        // One object of both.
        bytes.pop();
        bytes.push(b',');
        bytes.extend(&unknown.get().as_bytes()[1..]);
    }
    Ok(bytes)
}

/// Returns the oldest form that can hold a session.
fn form_of(session: &Session) -> u8 {
    if !session.notice.is_none() || session.schedule.changes().len() > 0 {
        FORM_3
    } else if session.unknown_fields.is_empty() && session.control.is_none() && session.key.is_none() {
        FORM_1
    } else {
        FORM_2
    }
}

/// Reads a session that [`encode`] has written, in this or another version.
pub(crate) fn decode(id: SessionId, bytes: &[u8]) -> Result<Session, StoreError> {
    let (form, rest) = bytes.split_first().ok_or_else(|| unreadable(id, "it is empty"))?;
    let mut json = rest;
    let mut number = |name| {
        let (number, rest) = json
            .split_first_chunk::<NUMBER_LENGTH>()
            .ok_or_else(|| unreadable(id, format_args!("it ends within its {name}")))?;
        json = rest;
        Ok(u64::from_be_bytes(*number))
    };
    let (header, writes) = match *form {
        FORM_1 => (None, Writes::default()),
        FORM_2 => (Some(number("revision")?), Writes::default()),
        FORM_3 => {
            let revision = number("revision")?;
            (Some(revision), Writes { write: number("write")?, replaces: number("write before")? })
        }
        0 => return Err(unreadable(id, "no record has form 0")),
        form => {
            let reason = format!("its form is {form}, and this version knows forms {FORM_1} to {FORM_3}");
            return Err(StoreError::NewerRecord { id, reason });
        }
    };
    let (record, unknown_fields) = fields::read(json).map_err(|error| {
        // A later engine version may need other fields, so its version counts first.
        newer_engine(id, json).unwrap_or_else(|| unreadable(id, error))
    })?;
    let number = match (header, record.revision) {
        (Some(number), None) => number,
        // Where a compare-and-set looks for it.
        (None, Some(number)) if json.ends_with(format!("\"revision\":{number}}}").as_bytes()) => number,
        (None, Some(_)) => return Err(unreadable(id, "its revision is not the last field")),
        (Some(_), Some(_)) => return Err(unreadable(id, "it has two revisions")),
        (None, None) => return Err(unreadable(id, "it has no revision")),
    };
    if *form < FORM_3 && (record.notice_ms.is_some() || record.schedule.is_some()) {
        // A server that knows only this form would pass them on unread, and compute another state.
        return Err(unreadable(id, format!("form {form} has neither a notice nor a schedule")));
    }
    let revision = Revision::new(number).map_err(|error| unreadable(id, error))?;
    session(id, &record, (revision, writes), unknown_fields)
}

/// The numbers of the writes in a record, 0 before form 3.
#[derive(Clone, Copy, Default)]
struct Writes {
    write: u64,
    replaces: u64,
}

/// Reads the revision of a record, even of one in a later version's form.
#[cfg(feature = "redis")]
pub(crate) fn revision(bytes: &[u8]) -> Option<Revision> {
    let (form, rest) = bytes.split_first()?;
    let number = match *form {
        0 => return None,
        FORM_1 => {
            let rest = rest.strip_suffix(b"}")?;
            let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            let (before, digits) = rest.split_at(rest.len() - digits);
            before.ends_with(REVISION_KEY).then_some(())?;
            str::from_utf8(digits).ok()?.parse().ok()?
        }
        _ => u64::from_be_bytes(*rest.first_chunk()?),
    };
    Revision::new(number).ok()
}

fn record_of(session: &Session, revision: Option<u64>) -> Record<'_> {
    let interval = session.rules.break_interval();
    Record {
        seed: session.seed.as_str().into(),
        start_at: session.schedule.start_at(),
        tick_ms: session.schedule.tick_ms(),
        break_min: interval.min(),
        break_max: interval.max(),
        rounds_per_epoch: session.rules.rounds_per_epoch(),
        engine_version: session.engine_version,
        metadata: session.metadata.as_ref().map(Metadata::text),
        created_at: session.created_at.millis(),
        stopped_at: session.stopped_at.map(Timestamp::millis),
        expires_at: session.expires_at.map(Timestamp::millis),
        notice_ms: (!session.notice.is_none()).then(|| session.notice.millis()),
        schedule: (session.schedule.changes().len() > 0)
            .then(|| session.schedule.changes().map(|change| (change.at(), change.tick_ms())).collect()),
        control: session.control.map(|control| control.to_hex().into()),
        key: session.key.as_ref().map(|key| key.as_str().into()),
        revision,
    }
}

/// Checks every value that the session's types limit. A limit on requests does not apply: an earlier version may have had another
/// one, and its sessions stay readable.
fn session(
    id: SessionId,
    record: &Record<'_>,
    (revision, writes): (Revision, Writes),
    unknown_fields: UnknownFields,
) -> Result<Session, StoreError> {
    check_engine_version(id, record.engine_version)?;
    let engine = |error: tickseed_engine::Error| unreadable(id, error);
    let instant = |millis| Timestamp::from_millis(millis).map_err(|error| unreadable(id, error));
    let metadata = record.metadata.map(Metadata::from_record).transpose();
    let interval = BreakInterval::new(record.break_min, record.break_max).map_err(engine)?;
    let notice = Notice::from_millis(record.notice_ms.unwrap_or(0));
    let control = record.control.as_deref().map(ControlHash::from_hex).transpose();
    let key = record.key.as_deref().map(KeyName::new).transpose();
    Ok(Session {
        id,
        seed: Seed::new(&record.seed).map_err(engine)?,
        schedule: schedule(record).map_err(engine)?,
        notice: notice.map_err(|error| unreadable(id, format_args!("notice_ms {error}")))?,
        rules: Rules::new(interval, record.rounds_per_epoch).map_err(engine)?,
        engine_version: record.engine_version,
        metadata: metadata.map_err(|error| unreadable(id, error))?,
        created_at: instant(record.created_at)?,
        stopped_at: record.stopped_at.map(instant).transpose()?,
        expires_at: record.expires_at.map(instant).transpose()?,
        revision,
        write: WriteId::new(writes.write),
        replaces: WriteId::new(writes.replaces),
        control: control.map_err(|error| unreadable(id, format_args!("control {error}")))?,
        key: key.map_err(|error| unreadable(id, format_args!("key {error}")))?,
        unknown_fields,
    })
}

fn schedule(record: &Record<'_>) -> Result<SessionSchedule, tickseed_engine::Error> {
    let schedule = Schedule::new(record.start_at, record.tick_ms)?;
    let changes = record.schedule.iter().flatten().map(|(at, tick_ms)| Change::new(*at, *tick_ms));
    scheduled(&schedule, &changes.collect::<Result<Vec<_>, _>>()?)
}

/// Returns an error if the engine version of a record that cannot be read otherwise is a later one.
fn newer_engine(id: SessionId, json: &[u8]) -> Option<StoreError> {
    #[derive(Deserialize)]
    struct Versioned {
        engine_version: u64,
    }
    let Versioned { engine_version } = serde_json::from_slice(json).ok()?;
    (engine_version > ENGINE_VERSION.into()).then(|| newer_engine_version(id, engine_version))
}

fn newer_engine_version(id: SessionId, version: u64) -> StoreError {
    let reason =
        format!("its engine version is {version}, and this version computes engine version {ENGINE_VERSION}");
    StoreError::NewerRecord { id, reason }
}

fn check_engine_version(id: SessionId, version: u32) -> Result<(), StoreError> {
    if version > ENGINE_VERSION {
        return Err(newer_engine_version(id, version.into()));
    }
    if version == ENGINE_VERSION {
        Ok(())
    } else {
        Err(unreadable(id, format!("no engine has version {version}")))
    }
}

fn unreadable(id: SessionId, reason: impl fmt::Display) -> StoreError {
    StoreError::Unreadable { id, reason: discreet(&reason.to_string()) }
}

/// Returns the beginning of a reason, for the log: without the text that it quotes, which may be a seed, and without characters that
/// act on a terminal.
fn discreet(reason: &str) -> String {
    let quoted = reason.find('"').zip(reason.rfind('"')).filter(|(start, end)| start < end);
    let (before, after) = quoted.map_or((reason, ""), |(start, end)| (&reason[..=start], &reason[end..]));
    let mark = if quoted.is_some() { "…" } else { "" };
    let shown = before.chars().chain(mark.chars()).chain(after.chars()).take(MAX_REASON_CHARACTERS);
    shown.map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

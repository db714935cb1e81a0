//! Fuzz targets: the bodies and the URLs of the routes of sessions, through the code that reads them for a request.

use serde_json::{Map, Value, json};
use tickseed_engine::Seed;
use tickseed_fuzzing::{assert_tame, bytes, fuzz, texts};
use tickseed_session::{
    ListFilter, Moment, NewSession, ScheduleRequest, Session, SessionId, Status, TickMs, TimeToLive,
    Timestamp, When,
};

use super::change::read_when;
use super::{SessionJson, create, cursor, extend, list, rate, resume, session_id, state, stop, withdraw};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::json_object;
use crate::http::protection::CreationLimits;

const ID: &str = "sess_0199c0f2-6d7a-7f0e-9a55-2f3b1d7c8e21";

const CREATE: &[&[u8]] = &[
    br#"{"tick_ms":100}"#,
    br#"{"tick_ms":100,"start_at":"2026-12-31T22:59:50Z","seed":"new year","rules":{"break_interval":{"min":30,"max":80},
        "rounds_per_epoch":64},"metadata":{"game":"countdown"},"ttl_seconds":3600,"notice_ms":15000}"#,
    br#"{"tick_ms":1e2,"start_at":"2026-01-31 12:00:00.123456+01:00","schedule":[{"at":"2026-01-31T12:00:00Z","paused":true},
        {"at":"2026-01-31T12:00:01Z","tick_ms":100}],"rules":null}"#,
    br#"{"tick_ms":86400000,"metadata":{"a":[{"b":[1.5,-0.0,18446744073709551615,null,true,"\u00e9\ud83c\udfb2"]}]},"seed":"opensesame"}"#,
];

const CHANGE: &[&[u8]] = &[
    b"{}",
    b"null",
    br#"{"at":"2026-12-31T23:30:00Z"}"#,
    br#"{"at":"2026-12-31T23:30:00.5+02:00","replace_later":true,"tick_ms":50}"#,
    br#"{"tick_ms":50.0,"replace_later":false}"#,
    br#"{"from":"2026-12-31t23:30:00z"}"#,
    br#"{"ttl_seconds":86400}"#,
];

fn now() -> Timestamp {
    Timestamp::parse("2026-01-31T12:00:00Z").unwrap()
}

/// Checks the text of an error that goes to a client.
fn assert_error_is_tame(error: &ApiError) {
    assert_tame(&error.to_string());
    if let ApiError::InvalidFields(errors) = error {
        for error in errors {
            assert_tame(&error.message);
            assert!(error.field.len() <= 1_000 && !error.field.contains(char::is_control), "{error:?}");
        }
    }
}

/// Reads a body as a route does. Whatever is JSON comes back when it is written and read again.
fn read_body<T>(body: &[u8], read: impl FnOnce(Fields) -> Result<T, ApiError>) -> Option<T> {
    let object = json_object::parse(body).inspect_err(assert_error_is_tame).ok()?;
    let written = serde_json::to_vec(&object).unwrap();
    assert_eq!(json_object::parse(&written).ok().as_ref(), Some(&object));
    read(Fields::new(object)).inspect_err(assert_error_is_tame).ok()
}

fn read_new(body: &[u8]) -> Option<NewSession> {
    read_body(body, |fields| create::read(fields, now(), CreationLimits::default()))
}

fn session_of(mut new: NewSession) -> Session {
    let seed = new.seed.take().unwrap_or_else(|| Seed::new("any").unwrap());
    let time_to_live = new.time_to_live.unwrap_or(TimeToLive::from_seconds(0));
    Session::create(ID.parse().unwrap(), seed, new, time_to_live)
}

/// The fields of a session that a new session can have.
fn creation_of(session: &Session) -> Vec<u8> {
    let json = serde_json::to_value(SessionJson::new(session, Status::Running).unwrap()).unwrap();
    let fields = ["seed", "start_at", "tick_ms", "schedule", "notice_ms", "rules", "metadata"];
    let fields = fields.into_iter().filter_map(|name| Some((name.to_owned(), json.get(name)?.clone())));
    serde_json::to_vec(&fields.collect::<Map<_, _>>()).unwrap()
}

#[test]
fn bodies_that_create_a_session() {
    fuzz("body of a creation", &bytes(CREATE), |body| {
        let Some(new) = read_new(&body) else { return };
        let time_to_live = new.time_to_live;
        let session = session_of(new);
        let again = read_new(&creation_of(&session)).expect("a session can be created from what it shows");
        assert_eq!(session_of(NewSession { time_to_live, ..again }), session);
    });
}

/// Tries a body that changes a session. `written` is the body of an accepted request.
fn fuzz_change<T: Copy + PartialEq + std::fmt::Debug>(
    target: &str,
    read: impl Fn(&mut Fields) -> Option<T>,
    written: impl Fn(T) -> Value,
) {
    let read = |body: &[u8]| {
        read_body(body, |mut fields| {
            let value = read(&mut fields);
            fields.finish(value)
        })
    };
    fuzz(target, &bytes(CHANGE), |body| {
        if let Some(request) = read(&body) {
            assert_eq!(read(written(request).to_string().as_bytes()), Some(request));
        }
    });
}

fn written_when(when: When) -> Value {
    json!({"at": when.at, "replace_later": when.replace_later})
}

#[test]
fn bodies_that_pause_a_session() {
    fuzz_change("body of a pause", |fields| Some(read_when(fields)), written_when);
}

#[test]
fn bodies_that_resume_a_session() {
    fuzz_change("body of a resumption", |fields| Some(resume::read(fields)), written_schedule_request);
}

#[test]
fn bodies_that_change_the_rate() {
    fuzz_change("body of a rate", rate::read, written_schedule_request);
}

#[test]
fn bodies_that_withdraw_changes() {
    fuzz_change("body of a withdrawal", |fields| Some(withdraw::read(fields)), written_schedule_request);
}

#[test]
fn bodies_that_stop_a_session() {
    fuzz_change("body of a stop", |fields| Some(stop::read(fields)), |at| json!({"at": at}));
}

#[test]
fn bodies_that_extend_a_session() {
    let read = |fields: &mut Fields| extend::read(fields, CreationLimits::default());
    // How long that is shows only in a session.
    let end =
        |time_to_live| session_of(NewSession { time_to_live: Some(time_to_live), ..plain() }).expires_at;
    let seconds = |time_to_live| end(time_to_live).map_or(0, |at| (at.millis() - now().millis()) / 1_000);
    fuzz_change("body of an extension", read, |time_to_live| json!({"ttl_seconds": seconds(time_to_live)}));
}

#[test]
fn bodies_without_fields() {
    fuzz_change("body without fields", |_| Some(()), |()| json!({}));
}

/// A session that starts now.
fn plain() -> NewSession {
    let body = json!({"tick_ms": 1, "start_at": now()});
    read_new(body.to_string().as_bytes()).unwrap()
}

fn written_schedule_request(request: ScheduleRequest) -> Value {
    match request {
        ScheduleRequest::Pause(when) => written_when(when),
        ScheduleRequest::Resume(when, tick_ms) => {
            let mut body = written_when(when);
            body["tick_ms"] = json!(tick_ms.map(TickMs::millis));
            body
        }
        ScheduleRequest::Rate(when, tick_ms) => {
            let mut body = written_when(when);
            body["tick_ms"] = json!(tick_ms.millis());
            body
        }
        ScheduleRequest::Withdraw(from) => json!({"from": from}),
    }
}

#[test]
fn ids_of_sessions() {
    fuzz("session id", &texts(&[ID, "sess_"]), |text| match session_id(&text) {
        Ok(id) => assert_eq!(id.to_string(), text),
        Err(error) => assert_error_is_tame(&error),
    });
}

#[test]
fn cursors_of_lists() {
    const CURSOR: &str = "550e8400e29b41d4a7164466554400003b45f4a9364d085b";
    fuzz("cursor of a list", &texts(&[CURSOR]), |text| {
        if let Some(after) = cursor::read(&text, &ListFilter::default()) {
            assert_eq!(cursor::write(after, &ListFilter::default()), text);
        }
    });
}

#[test]
fn queries_of_lists() {
    const QUERIES: &[&str] = &[
        "limit=2&status=running&cursor=550e8400e29b41d4a7164466554400003b45f4a9364d085b",
        "key=studio&limit=100",
        "key=opensesame%20&status=paused",
        "",
    ];
    fuzz("query of a list", &texts(QUERIES), |query| match list::read(Fields::from_query(&query)) {
        Ok(request) => assert_eq!(list::read(Fields::from_query(&written_list(&request))).unwrap(), request),
        Err(error) => assert_error_is_tame(&error),
    });
}

fn written_list(request: &tickseed_session::ListRequest) -> String {
    let status = match request.filter.status {
        None => "",
        Some(Status::Running) => "&status=running",
        Some(Status::Paused) => "&status=paused",
        Some(Status::Stopped) => "&status=stopped",
    };
    let key = request.filter.key.as_ref().map(|key| format!("&key={}", key.as_str())).unwrap_or_default();
    let cursor = |after: SessionId| format!("&cursor={}", cursor::write(after, &request.filter));
    format!("limit={}{status}{key}{}", request.limit, request.after.map(cursor).unwrap_or_default())
}

#[test]
fn queries_of_states() {
    const QUERIES: &[&str] = &[
        "at=2026-01-31T12:00:03.000Z",
        "at=2026-01-31T13:00:03%2B01:00",
        "at=2026-01-31T13:00:03+01:00",
        "step=42",
        "",
    ];
    fuzz("query of a state", &texts(QUERIES), |query| match state::read(Fields::from_query(&query)) {
        Ok(moment) => {
            let written = match moment {
                Moment::Now => String::new(),
                Moment::At(at) => format!("at={at}"),
                Moment::Step(step) => format!("step={}", step.get()),
            };
            assert_eq!(state::read(Fields::from_query(&written)).unwrap(), moment);
        }
        Err(error) => assert_error_is_tame(&error),
    });
}

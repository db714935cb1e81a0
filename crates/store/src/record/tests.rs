//! The bytes of every form, and the rules for records of other versions.

use super::*;

const ID: &str = "sess_550e8400-e29b-41d4-a716-446655440000";

/// A record in form 1. Such bytes are on people's disks. If this test fails, make a new form; never change this text.
const GOLDEN_1: &str = concat!(
    "\u{1}",
    r#"{"seed":"é","start_at":1700000000000,"tick_ms":100,"break_min":100,"break_max":300,"rounds_per_epoch":64,"#,
    r#""engine_version":1,"metadata":{"z":1,"a":[0.1,null]},"created_at":1700000000001,"stopped_at":1700000000002,"#,
    r#""expires_at":1700000000003,"revision":7}"#
);

/// The same in form 2, with two fields that this version does not know.
const GOLDEN_2: &str = concat!(
    "\u{2}\0\0\0\0\0\0\0\u{7}",
    r#"{"seed":"é","start_at":1700000000000,"tick_ms":100,"break_min":100,"break_max":300,"rounds_per_epoch":64,"#,
    r#""engine_version":1,"metadata":{"z":1,"a":[0.1,null]},"created_at":1700000000001,"stopped_at":1700000000002,"#,
    r#""expires_at":1700000000003,"label":"é","later":{"z":[1.5],"a":null}}"#
);

/// The same in form 3, with the ids of two writes, a notice, a pause, a resumption and another rate.
const GOLDEN_3: &str = concat!(
    "\u{3}\0\0\0\0\0\0\0\u{7}writtenAreplaced",
    r#"{"seed":"é","start_at":1700000000000,"tick_ms":100,"break_min":100,"break_max":300,"rounds_per_epoch":64,"#,
    r#""engine_version":1,"metadata":{"z":1,"a":[0.1,null]},"created_at":1700000000001,"stopped_at":1700000000002,"#,
    r#""expires_at":1700000000003,"notice_ms":15000,"schedule":[[1700000001050,0],[1700000005000,100],"#,
    r#"[1700000006050,50]],"label":"é","later":{"z":[1.5],"a":null}}"#
);

/// The hash of a control token and the name of an API key, in forms 2 and 3. To a server of before they are fields of a later
/// version, so it writes the same bytes: the right survives.
const RIGHTS: &str = concat!(
    r#","control":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","#,
    r#""key":"Studio-1_eu.west""#
);

/// The bytes of that hash.
const FIRST_BYTES: &[u8; 32] = b"\0\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\
    \x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f";

/// What form 3 has besides form 2.
const NOTICE: &str = r#","notice_ms":15000"#;
const SCHEDULE: &str = r#","schedule":[[1700000001050,0],[1700000005000,100],[1700000006050,50]]"#;

fn read(record: &str) -> Session {
    decode(ID.parse().unwrap(), record.as_bytes()).unwrap()
}

fn written(session: &Session) -> String {
    String::from_utf8(encode(session).unwrap()).unwrap()
}

fn error(record: &[u8]) -> StoreError {
    decode(ID.parse().unwrap(), record).unwrap_err()
}

#[test]
fn the_bytes_of_form_1_never_change() {
    let session = read(GOLDEN_1);
    assert_eq!(session.revision.get(), 7);
    assert_eq!(session.stopped_at, Timestamp::from_millis(1_700_000_000_002).ok());
    assert_eq!(written(&session), GOLDEN_1);
}

#[test]
fn the_parts_of_a_record_are_all_of_it() {
    for golden in [GOLDEN_1, GOLDEN_2, GOLDEN_3] {
        let parts = Parts::of(golden.as_bytes()).unwrap();
        assert_eq!(parts.to_bytes(), golden.as_bytes());
    }
    assert_eq!(Parts::of(b"\x02short"), None);
}

#[test]
fn the_bytes_of_form_2_never_change() {
    let session = read(GOLDEN_2);
    assert_eq!(written(&session), GOLDEN_2);
    let known = Session { unknown_fields: UnknownFields::default(), ..session };
    assert_eq!(known, read(GOLDEN_1));
    assert_eq!(written(&known), GOLDEN_1, "form 1 can hold it");
}

#[test]
fn the_bytes_of_form_3_never_change() {
    let session = read(GOLDEN_3);
    assert_eq!((session.revision.get(), session.notice.millis()), (7, 15_000));
    let changes: Vec<_> = session.schedule.changes().map(|change| (change.at(), change.tick_ms())).collect();
    assert_eq!(session.write, WriteId::new(u64::from_be_bytes(*b"writtenA")));
    assert_eq!(session.replaces, WriteId::new(u64::from_be_bytes(*b"replaced")));
    assert_eq!(changes, [(1_700_000_001_050, 0), (1_700_000_005_000, 100), (1_700_000_006_050, 50)]);
    assert_eq!(written(&session), GOLDEN_3);
    let stopped = session.stopped(Timestamp::from_millis(1_700_000_000_001).unwrap());
    let expected = GOLDEN_3.replace('\u{7}', "\u{8}").replace("1700000000002", "1700000000001");
    assert_eq!(stopped.replaces, session.write);
    let stopped = Session { write: session.write, replaces: session.replaces, ..stopped };
    assert_eq!(written(&stopped), expected, "fields of a later version survive a rewrite");
}

/// Servers of the previous version read everything that they can compute.
#[test]
fn a_session_has_form_3_only_with_a_notice_or_a_schedule() {
    let full = read(GOLDEN_3);
    let without_notice = Session { notice: Notice::NONE, ..full.clone() };
    assert_eq!(written(&without_notice), GOLDEN_3.replace(NOTICE, ""));
    let schedule = scheduled(&full.schedule, &[]).unwrap();
    let without_schedule = Session { schedule: schedule.clone(), ..full.clone() };
    assert_eq!(written(&without_schedule), GOLDEN_3.replace(SCHEDULE, ""));
    let none = WriteId::new(0);
    let without_both = Session { schedule, write: none, replaces: none, ..without_notice };
    assert_eq!(written(&without_both), GOLDEN_2);
    let without_all = Session { unknown_fields: UnknownFields::default(), ..without_both };
    assert_eq!(written(&without_all), GOLDEN_1);
    for session in [without_schedule, without_all] {
        assert_eq!(read(&written(&session)), session);
    }
}

/// A server that knows only an earlier form would pass these fields on unread, and compute another state.
#[test]
fn an_earlier_form_with_a_notice_or_a_schedule_is_unreadable() {
    for (golden, form) in [(GOLDEN_1, 1), (GOLDEN_2, 2)] {
        for field in [NOTICE, SCHEDULE] {
            let record = golden.replace(r#","expires_at""#, &format!(r#"{field},"expires_at""#));
            let error = error(record.as_bytes());
            assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
            let cause = format!("form {form} has neither a notice nor a schedule");
            assert!(error.to_string().ends_with(&cause), "{error}");
        }
    }
}

fn with_rights(golden: &str) -> String {
    golden.replace(r#","label""#, &format!(r#"{RIGHTS},"label""#))
}

#[test]
fn the_bytes_of_rights_never_change() {
    for golden in [GOLDEN_2, GOLDEN_3] {
        let record = with_rights(golden);
        let session = read(&record);
        assert_eq!(session.control, Some(ControlHash::new(*FIRST_BYTES)));
        assert_eq!(session.key, KeyName::new("Studio-1_eu.west").ok());
        assert_eq!(written(&session), record);
        assert!(session.unknown_fields == read(golden).unknown_fields, "the rights are known");
        let stopped = session.stopped(Timestamp::from_millis(1_700_000_000_001).unwrap());
        let stopped = Session { write: session.write, replaces: session.replaces, ..stopped };
        assert!(written(&stopped).contains(RIGHTS), "they survive a change");
        assert_eq!(written(&Session { control: None, key: None, ..session }), golden);
    }
}

/// Servers that know only form 1 refuse a record with another field.
#[test]
fn a_session_with_rights_has_form_2_at_least() {
    let plain = read(GOLDEN_1);
    let full = read(&with_rights(GOLDEN_2));
    let (with_token, with_key) =
        (Session { control: full.control, ..plain.clone() }, Session { key: full.key, ..plain });
    for session in [with_token, with_key] {
        let record = written(&session);
        assert!(record.starts_with('\u{2}'), "{record:?}");
        assert_eq!(read(&record), session);
        let withdrawn = Session { control: None, key: None, ..session };
        assert_eq!(written(&withdrawn), GOLDEN_1, "without rights it has its old form");
    }
}

#[test]
fn fields_of_a_later_version_survive_a_rewrite() {
    let stopped = read(GOLDEN_2).stopped(Timestamp::from_millis(1_700_000_000_001).unwrap());
    let expected = GOLDEN_2.replace('\u{7}', "\u{8}").replace("1700000000002", "1700000000001");
    assert_eq!(written(&stopped), expected);
    // No version writes this, but it must not get lost either.
    let misplaced =
        GOLDEN_1.replace(r#""revision":7"#, r#""label":"é","later":{"z":[1.5],"a":null},"revision":7"#);
    assert_eq!(written(&read(&misplaced)), GOLDEN_2);
}

#[test]
fn every_field_keeps_its_spelling() {
    let respelled = GOLDEN_2
        .replace("[0.1,null]", "[1e16,1E2,-0,\"\\u00e9 \"]")
        .replace("[1.5]", "[10000000000000000.0]");
    assert_eq!(written(&read(&respelled)), respelled);
    let spaced = respelled.replace(r#""z":1,"#, "\"z\" : 1,\n").replace(r#""a":null"#, r#""a" : null"#);
    assert_ne!(spaced, respelled);
    // Nothing has ever written spaces, and nothing hands them out.
    let compact = read(&spaced);
    assert!(!compact.metadata.unwrap().text().get().contains('\n'));
    assert!(!compact.unknown_fields.text().unwrap().get().contains(" : "));
}

/// The limit is for requests. A release that writes numbers in another way, or allows less, reads all that is stored.
#[test]
fn metadata_at_the_limit_is_readable_when_numbers_are_spelled_longer_today() {
    let numbers = vec!["1e16"; 3_275].join(",");
    let metadata = format!(r#"{{"abc":[{numbers}]}}"#);
    assert_eq!(metadata.len(), Metadata::MAX_BYTES);
    let value: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    assert!(value.to_string().len() > Metadata::MAX_BYTES, "it has grown");
    for golden in [GOLDEN_1, GOLDEN_2, GOLDEN_3] {
        let record = golden.replace(r#"{"z":1,"a":[0.1,null]}"#, &metadata);
        let session = read(&record);
        assert_eq!(session.metadata.as_ref().unwrap().text().get(), metadata);
        assert_eq!(written(&session), record);
    }
}

#[test]
fn records_of_a_later_version_give_an_error_of_their_own() {
    for (record, part) in [
        ("\u{4}\0\0\0\0\0\0\0\u{7}whatever".to_owned(), "its form is 4, and this version knows forms 1 to 3"),
        (
            GOLDEN_1.replace(r#""engine_version":1"#, r#""engine_version":2"#),
            "its engine version is 2, and this version computes engine version 1",
        ),
        (
            GOLDEN_1.replace(r#""tick_ms":100,"#, r#""tick_ms":"100","#).replace("n\":1,", "n\":4294967296,"),
            "its engine version is 4294967296, and this version computes engine version 1",
        ),
    ] {
        let error = error(record.as_bytes());
        assert!(matches!(error, StoreError::NewerRecord { .. }), "{error:?}");
        assert_eq!(error.to_string(), format!("a later version wrote the record of {ID}: {part}"));
    }
}

#[test]
fn unreadable_records_give_an_error_that_names_the_cause() {
    let old = GOLDEN_1.replace(r#""engine_version":1"#, r#""engine_version":0"#);
    let broken = GOLDEN_1.replace(r#""tick_ms":100"#, r#""tick_ms":0"#);
    let twice = GOLDEN_1.replace(r#""tick_ms":100"#, r#""tick_ms":100,"tick_ms":7"#);
    let two_labels = GOLDEN_2.replace(r#","later""#, r#","label":1,"later""#);
    let two_revisions = GOLDEN_2.replace(r#""label""#, r#""revision":99,"label""#);
    let early_revision =
        GOLDEN_1.replace(r#","revision":7"#, "").replace(r#"{"seed""#, r#"{"revision":7,"seed""#);
    let unrevised = GOLDEN_2.replace('\u{7}', "\0");
    let within_a_tick = GOLDEN_3.replace("[1700000006050,50]", "[1700000006051,50]");
    let short_hash = with_rights(GOLDEN_2).replace("1e1f", "1e");
    let spaced_name = with_rights(GOLDEN_2).replace("Studio-1_eu.west", "Studio 1");
    let two_controls = with_rights(GOLDEN_2).replace(r#","key""#, r#","control":"","key""#);
    let text_for_number = GOLDEN_1.replace(r#""tick_ms":100"#, r#""tick_ms":"open\"sesame""#);
    let long_notice = GOLDEN_3.replace("15000", "86400001");
    for (record, cause) in [
        (&b""[..], "it is empty"),
        (b"\0{}", "no record has form 0"),
        (b"\x02{}", "it ends within its revision"),
        (&GOLDEN_3.as_bytes()[..16], "it ends within its write"),
        (&GOLDEN_3.as_bytes()[..24], "it ends within its write before"),
        (old.as_bytes(), "no engine has version 0"),
        (broken.as_bytes(), "tick_ms must be from 1 to 86400000, got 0"),
        (unrevised.as_bytes(), "revision must be from 1 to 9007199254740991, got 0"),
        (
            within_a_tick.as_bytes(),
            "schedule[2].at must be where a tick begins, got 1 ms after the beginning of a tick of 100 ms",
        ),
        (long_notice.as_bytes(), "notice_ms must be an integer from 0 to 86400000"),
        (short_hash.as_bytes(), "control must be 64 hexadecimal digits in lower case"),
        (
            spaced_name.as_bytes(),
            "key must be 1 to 64 ASCII letters, digits, -, _ and ., and begin with a letter or a digit",
        ),
        (two_controls.as_bytes(), "duplicate field `control` at line 1 column 326"),
        (text_for_number.as_bytes(), "invalid type: string \"…\", expected u32 at line 1 column 62"),
        (twice.as_bytes(), "duplicate field `tick_ms` at line 1 column 61"),
        (two_labels.as_bytes(), "duplicate field `label` at line 1 column 262"),
        (two_revisions.as_bytes(), "it has two revisions"),
        (early_revision.as_bytes(), "its revision is not the last field"),
        (&GOLDEN_1.as_bytes()[..40], "EOF while parsing a string at line 1 column 39"),
    ] {
        let error = error(record);
        assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
        assert_eq!(error.to_string(), format!("the record of {ID} cannot be read: {cause}"));
    }
}

#[test]
#[cfg(feature = "redis")]
fn the_revision_of_a_record_needs_no_knowledge_of_the_rest() {
    for record in [GOLDEN_1, GOLDEN_2, GOLDEN_3, "\u{9}\0\0\0\0\0\0\0\u{7}", "\u{1}{\"revision\":7}"] {
        assert_eq!(revision(record.as_bytes()), Revision::new(7).ok(), "{record:?}");
    }
    for record in
        ["", "\0", "\u{1}", "\u{1}{}", "\u{1}{\"revision\":}", "\u{2}\0\0\0\0\0\0\u{7}", "\u{1}{\"a\":7}"]
    {
        assert_eq!(revision(record.as_bytes()), None, "{record:?}");
    }
}

/// The reason goes into the log. Before, it repeated whatever text stood where a number belongs.
#[test]
fn the_reason_quotes_no_text_and_is_short() {
    let id = ID.parse().unwrap();
    let secret = format!("\"{}\"", "opensesame \\u001b[2J".repeat(100));
    let error = decode(id, GOLDEN_1.replace("1700000000000", &secret).as_bytes()).unwrap_err().to_string();
    assert!(!error.contains("opensesame") && error.contains("line 1 column"), "{error}");
    let twice = format!("{secret}:1,{secret}:2,\"seed\"");
    let error = decode(id, GOLDEN_1.replace("\"seed\"", &twice).as_bytes()).unwrap_err().to_string();
    assert!(error.len() < 1_000 && !error.contains(char::is_control), "{error}");
}

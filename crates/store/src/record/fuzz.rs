//! Fuzz targets: the records of sessions and of requests, in every form.

use tickseed_fuzzing::{SECRET, assert_tame, bytes, fuzz};
use tickseed_session::error_chain;

use super::*;

const ID: &str = "sess_550e8400-e29b-41d4-a716-446655440000";

const SESSIONS: &[&[u8]] = &[
    b"\x01{\"seed\":\"\xc3\xa9\",\"start_at\":1700000000000,\"tick_ms\":100,\"break_min\":100,\"break_max\":300,\"rounds_per_epoch\":64,\
      \"engine_version\":1,\"metadata\":{\"z\":1,\"a\":[0.1,null]},\"created_at\":1700000000001,\"stopped_at\":1700000000002,\
      \"expires_at\":1700000000003,\"revision\":7}",
    b"\x02\0\0\0\0\0\0\0\x07{\"seed\":\"a\",\"start_at\":0,\"tick_ms\":1,\"break_min\":1,\"break_max\":1000000,\"rounds_per_epoch\":2,\
      \"engine_version\":1,\"created_at\":0,\"label\":\"\xc3\xa9\",\"later\":{\"z\":[1.5],\"a\":null},\
      \"control\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\",\"key\":\"Studio-1_eu.west\"}",
    b"\x03\0\0\0\0\0\0\0\x07writtenAreplaced{\"seed\":\"a\",\"start_at\":1700000000000,\"tick_ms\":100,\"break_min\":100,\"break_max\":300,\
      \"rounds_per_epoch\":64,\"engine_version\":1,\"created_at\":1700000000001,\"notice_ms\":15000,\
      \"schedule\":[[1700000001050,0],[1700000005000,100],[1700000006050,50]],\"later\":1e2}",
];

const REQUESTS: &[&[u8]] = &[
    b"\x01\0\0\0\0\0\0\0\x01\0\0\0\x9b{\"fingerprint\":\"abababababababababababababababababababababababababababababababab\",\
      \"salt\":\"07070707070707070707070707070707\",\"reserved_at_ms\":1769860800000}",
    b"\x01\0\0\0\0\0\0\0\x02\0\0\0\xf5{\"fingerprint\":\"abababababababababababababababababababababababababababababababab\",\
      \"salt\":\"07070707070707070707070707070707\",\"reserved_at_ms\":1769860800000,\"answer\":{\"status\":201,\
      \"headers\":[[\"etag\",\"\\\"a\\\"\"]],\"body\":\"{\\\"\xc3\xa9\\\":1}\",\"has_token\":true}}",
    b"\x01\0\0\0\0\0\0\0\x03\0\0\0\xce{\"fingerprint\":\"abababababababababababababababababababababababababababababababab\",\
      \"salt\":\"07070707070707070707070707070707\",\"reserved_at_ms\":1769860800000,\
      \"plan\":\"sess_550e8400-e29b-41d4-a716-446655440000\"}\x01{\"seed\":\"a\",\"start_at\":0,\"tick_ms\":1,\"break_min\":1,\"break_max\":2,\
      \"rounds_per_epoch\":2,\"engine_version\":1,\"created_at\":0,\"revision\":7}",
];

/// Checks the text of an error that goes to the log.
fn assert_error_is_tame(error: &StoreError) {
    let message = error_chain(error);
    assert_tame(&message);
    // The name of a field is no secret.
    let repeats_value = message.contains(SECRET) && !message.contains("duplicate field");
    assert!(message.len() <= 1_500 && !repeats_value, "{message}");
}

/// No version writes form 3 without a notice and a schedule. The ids of writes, which only that form has, would not come back.
fn as_written(session: Session) -> Session {
    if form_of(&session) == FORM_3 {
        session
    } else {
        Session { write: WriteId::new(0), replaces: WriteId::new(0), ..session }
    }
}

#[test]
fn records_of_sessions() {
    let id: SessionId = ID.parse().unwrap();
    fuzz("record of a session", &bytes(SESSIONS), |bytes| match decode(id, &bytes) {
        Ok(session) => {
            let written = encode(&session).unwrap();
            let again = decode(id, &written).expect("what is written can be read");
            assert_eq!(again, as_written(session.clone()));
            assert_eq!(encode(&again).unwrap(), written);
            #[cfg(feature = "redis")]
            assert_eq!(revision(&bytes), Some(session.revision), "Redis finds the same revision");
        }
        Err(error) => assert_error_is_tame(&error),
    });
}

#[test]
fn records_of_requests() {
    fuzz("record of a request", &bytes(REQUESTS), |bytes| match request::decode(&bytes) {
        Ok(reservation) => {
            let written = request::encode(&reservation).unwrap();
            let again = request::decode(&written).expect("what is written can be read");
            assert!(again == reservation);
            assert_eq!(request::encode(&again).unwrap(), written);
        }
        Err(error) => assert_error_is_tame(&error),
    });
}

/// The targets would try only damaged records if a seed were one.
#[test]
fn every_seed_is_a_record() {
    for bytes in SESSIONS {
        decode(ID.parse().unwrap(), bytes).unwrap();
    }
    for bytes in REQUESTS {
        let json = bytes.iter().position(|byte| *byte == b'{').unwrap();
        let length = u32::from_be_bytes(bytes[json - 4..json].try_into().unwrap());
        assert!(request::decode(bytes).is_ok(), "{length} of {} bytes", bytes.len() - json);
    }
}

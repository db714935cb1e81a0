//! The bytes of a request with an idempotency key, in every store.
//!
//! One byte for the form, the version in 8 bytes, the length of the JSON in 4 bytes (both big-endian), the JSON, and the record of the
//! session that the request is about to write, if there is one. A compare-and-set looks only at the version.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
#[cfg(any(feature = "embedded", feature = "postgres"))]
use tickseed_session::REQUEST_KEPT_FOR;
use tickseed_session::{Answer, Progress, Reservation, SessionId, StoreError, Timestamp};

const FORM: u8 = 1;
/// Where the version is.
pub(crate) const VERSION: std::ops::Range<usize> = 1..9;
/// Where the length of the JSON is.
const LENGTH: std::ops::Range<usize> = 9..13;

#[derive(Serialize, Deserialize)]
struct Fields {
    fingerprint: String,
    salt: String,
    reserved_at_ms: i64,
    /// The id of the planned session, whose record follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerFields>,
}

#[derive(Serialize, Deserialize)]
struct AnswerFields {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    has_token: bool,
}

/// Returns until when a store keeps a request.
#[cfg(any(feature = "embedded", feature = "postgres"))]
pub(crate) fn kept_until(reservation: &Reservation) -> Timestamp {
    reservation.reserved_at.after(REQUEST_KEPT_FOR).unwrap_or(Timestamp::MAX)
}

/// Writes a request.
pub(crate) fn encode(reservation: &Reservation) -> Result<Vec<u8>, StoreError> {
    let Reservation { version, fingerprint, salt, reserved_at, progress } = reservation;
    let (plan, record, answer) = match progress {
        Progress::Begun => (None, Vec::new(), None),
        Progress::Planned(session) => (Some(session.id.to_string()), super::encode(session)?, None),
        Progress::Answered(Answer { status, headers, body, has_token }) => {
            let (headers, body) = (headers.clone(), body.clone());
            let answer = AnswerFields { status: *status, headers, body, has_token: *has_token };
            (None, Vec::new(), Some(answer))
        }
    };
    let fields = Fields {
        fingerprint: HEXLOWER.encode(fingerprint),
        salt: HEXLOWER.encode(salt),
        reserved_at_ms: reserved_at.millis(),
        plan,
        answer,
    };
    let json = serde_json::to_vec(&fields).map_err(StoreError::unavailable)?;
    let length = u32::try_from(json.len()).map_err(StoreError::unavailable)?;
    Ok([&[FORM][..], &version.to_be_bytes(), &length.to_be_bytes(), &json, &record].concat())
}

/// Reads a request that [`encode`] has written, in this or another version.
pub(crate) fn decode(bytes: &[u8]) -> Result<Reservation, StoreError> {
    if bytes.first().is_some_and(|form| *form > FORM) {
        return Err(StoreError::unavailable(
            "a later version wrote this request, and this version cannot read it",
        ));
    }
    read(bytes).ok_or_else(|| {
        StoreError::unavailable("the record of a request with an idempotency key is damaged")
    })?
}

/// Returns `None` if the bytes are damaged.
fn read(bytes: &[u8]) -> Option<Result<Reservation, StoreError>> {
    let version = u64::from_be_bytes(bytes.get(VERSION)?.try_into().ok()?);
    let length = u32::from_be_bytes(bytes.get(LENGTH)?.try_into().ok()?);
    let (json, record) = bytes.get(LENGTH.end..)?.split_at_checked(usize::try_from(length).ok()?)?;
    let fields: Fields = serde_json::from_slice(json).ok()?;
    let progress = match (fields.answer, fields.plan) {
        (Some(AnswerFields { status, headers, body, has_token }), _) => {
            Progress::Answered(Answer { status, headers, body, has_token })
        }
        (None, Some(id)) => {
            let id: SessionId = id.parse().ok()?;
            match super::decode(id, record) {
                Ok(session) => Progress::Planned(Box::new(session)),
                Err(error) => return Some(Err(error)),
            }
        }
        (None, None) => Progress::Begun,
    };
    Some(Ok(Reservation {
        version,
        fingerprint: bytes_of(&fields.fingerprint)?,
        salt: bytes_of(&fields.salt)?,
        reserved_at: Timestamp::from_millis(fields.reserved_at_ms).ok()?,
        progress,
    }))
}

/// Returns the version of a request without reading the rest. Redis does that in a script.
#[cfg(any(feature = "embedded", test))]
pub(crate) fn version(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(VERSION)?.try_into().ok()?))
}

fn bytes_of<const LENGTH: usize>(hex: &str) -> Option<[u8; LENGTH]> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use tickseed_session::acceptance::{now, reservation, session};

    use super::*;

    const VERSION: u64 = 0x0102_0304_0506_0708;

    fn answered() -> Progress {
        let headers = vec![("etag".to_owned(), "\"a\"".to_owned())];
        Progress::Answered(Answer { status: 201, headers, body: "{\"é\":1}".to_owned(), has_token: true })
    }

    #[test]
    fn a_request_comes_back_as_it_was_written() {
        for progress in [Progress::Begun, Progress::Planned(Box::new(session(60))), answered()] {
            let reservation = reservation(VERSION, progress);
            let bytes = encode(&reservation).unwrap();
            assert!(decode(&bytes).unwrap() == reservation);
            assert_eq!(version(&bytes), Some(reservation.version));
        }
    }

    #[test]
    fn the_bytes_of_form_1_stay_as_they_are() {
        let mut bytes = b"\x01\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00".to_vec();
        let digits = ("01".repeat(32), "02".repeat(16), now().millis());
        let json = format!(
            r#"{{"fingerprint":"{}","salt":"{}","reserved_at_ms":{}}}"#,
            digits.0, digits.1, digits.2
        );
        bytes.push(u8::try_from(json.len()).unwrap());
        bytes.extend(json.as_bytes());
        assert_eq!(encode(&reservation(VERSION, Progress::Begun)).unwrap(), bytes);
    }

    #[test]
    fn damaged_bytes_and_later_forms_are_errors() {
        let whole = encode(&reservation(VERSION, answered())).unwrap();
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
        let later = [&[FORM + 1], &whole[1..]].concat();
        let error = decode(&later).err().map(|error| tickseed_session::error_chain(&error));
        assert!(error.is_some_and(|error| error.contains("a later version")));
    }
}

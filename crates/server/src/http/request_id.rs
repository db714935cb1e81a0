//! The id of a request: the trace that it belongs to, or a new one.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// The header of a response that carries the id.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The header of a request that names its trace (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A number that is not zero, as in W3C Trace Context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestId(u128);

impl RequestId {
    /// Takes the trace id of `traceparent`, or makes a new id if there is none or it is malformed.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let header = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        header.and_then(trace_id).unwrap_or_else(|| Self(fastrand::u128(1..)))
    }

    /// Returns the value of the header of the response.
    pub(super) fn header_value(self) -> Option<HeaderValue> {
        HeaderValue::try_from(self.to_string()).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Reads `VERSION-TRACE-PARENT-FLAGS`. A later version than 00 may have more fields.
fn trace_id(traceparent: &str) -> Option<RequestId> {
    let mut fields = traceparent.split('-');
    let (version, trace) = (hex(fields.next()?, 2)?, hex(fields.next()?, 32)?);
    let (parent, _flags) = (hex(fields.next()?, 16)?, hex(fields.next()?, 2)?);
    let has_more = fields.next().is_some();
    let is_valid = version != 0xff && !(version == 0 && has_more) && trace != 0 && parent != 0;
    is_valid.then_some(RequestId(trace))
}

/// Reads exactly this many hexadecimal digits in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != digits || !text.bytes().all(is_digit) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn id(traceparent: &str) -> Option<String> {
        trace_id(traceparent).map(|id| id.to_string())
    }

    #[test]
    fn the_trace_is_the_id_of_the_request() {
        for version in ["00", "01", "fe"] {
            assert_eq!(id(&format!("{version}-{TRACE}-00f067aa0ba902b7-01")).as_deref(), Some(TRACE));
        }
        assert_eq!(id(&format!("01-{TRACE}-00f067aa0ba902b7-01-more")).as_deref(), Some(TRACE));
    }

    #[test]
    fn a_malformed_traceparent_is_ignored() {
        let zeros = "0".repeat(32);
        for traceparent in [
            String::new(),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-00f067aa0ba902b7-0x"),
            format!("00-+{}-00f067aa0ba902b7-01", &TRACE[1..]),
            format!("00-{TRACE}ä-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(id(&traceparent), None, "{traceparent}");
        }
        let (one, other) = (RequestId::of(&HeaderMap::new()), RequestId::of(&HeaderMap::new()));
        assert!(one != other && one.to_string().len() == 32);
    }
}

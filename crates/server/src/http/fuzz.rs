//! Fuzz targets: the headers of requests, and the parser of JSON.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use serde_json::Map;
use tickseed_fuzzing::{SECRET, assert_tame, bytes, fuzz, texts};

use super::access::{Caller, bearer};
use super::client_address::{ClientAddress, TrustedProxies};
use super::entity_tag::is_not_modified;
use super::fields::Fields;
use super::idempotency::{self, Repeatable, unquoted};
use super::if_match::IfMatch;
use super::query::shown_query;
use super::request_id::RequestId;
use super::strict_json;
use crate::access::{Access, AccessMode, ApiKeys, sha256};
use data_encoding::HEXLOWER;

const TAG: &str = "\"5f70bf18a3c94c2f9c0e8d7b6a5f4e3d\"";

/// Returns the value of a header, which cannot have every byte.
fn value(bytes: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(bytes).ok()
}

fn headers(name: &HeaderName, bytes: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    // A comma within the input also makes it two headers, which together are one list.
    for part in bytes.split(|byte| *byte == b'\n') {
        headers.append(name.clone(), value(part)?);
    }
    Some(headers)
}

fn request(name: &HeaderName, bytes: &[u8]) -> Option<actix_web::HttpRequest> {
    let headers = headers(name, bytes)?;
    let request = headers.iter().fold(TestRequest::default(), |request, (name, value)| {
        request.append_header((name.clone(), value.clone()))
    });
    Some(request.to_http_request())
}

#[test]
fn conditions_that_must_match() {
    const SEEDS: &[&[u8]] =
        &[b"*", b"\"a\"", b"W/\"a\", \"b\"", b", \"a\" ,\t\"b\",", b"\"opensesame\"\n\"\""];
    fuzz("If-Match", &bytes(SEEDS), |bytes| {
        let Some(request) = request(&header::IF_MATCH, &bytes) else { return };
        let mut fields = Fields::new(Map::new());
        let condition = IfMatch::read(&request, &mut fields);
        match (&condition, fields.finish(Some(()))) {
            (Some(IfMatch::Tags(tags)), Ok(())) if !tags.is_empty() => {
                assert_eq!(IfMatch::parse(&tags.join(", ")), condition);
                assert!(
                    tags.iter().all(|tag| condition.as_ref().unwrap().allows([tag.as_str()].into_iter()))
                );
            }
            (Some(_), Ok(())) => {}
            (None, Err(error)) => assert_tame(&error.to_string()),
            (condition, result) => panic!("{condition:?} and {result:?}"),
        }
    });
}

#[test]
fn conditions_that_must_not_match() {
    const SEEDS: &[&[u8]] =
        &[b"*", TAG.as_bytes(), b"W/\"5f70bf18a3c94c2f9c0e8d7b6a5f4e3d\", \"b\"", b"\"a\"\n\"b\"", b""];
    fuzz("If-None-Match", &bytes(SEEDS), |bytes| {
        let Some(request) = request(&header::IF_NONE_MATCH, &bytes) else { return };
        let is_known = is_not_modified(&request, TAG);
        let names_it = bytes.windows(TAG.len()).any(|part| part == TAG.as_bytes()) || bytes.contains(&b'*');
        assert!(names_it || !is_known, "the header does not name the tag");
    });
}

/// The key `opensesame` may do everything.
fn access() -> Access {
    let keys = format!("studio create,control,list {}", HEXLOWER.encode(&sha256(SECRET)));
    Access::new(AccessMode::Keys, ApiKeys::parse(keys.as_bytes()).unwrap())
}

#[test]
fn keys_of_repeatable_requests() {
    const SEEDS: &[&[u8]] = &[
        b"\"0123456789abcdef0123456789abcdef\"",
        b"\"opensesame \\\" and \\\\ 0123456789abcdef\"",
        b"\"opensesame\"",
    ];
    let (nobody, key) = (HeaderMap::new(), headers(&header::AUTHORIZATION, b"Bearer opensesame").unwrap());
    let callers = [nobody, key].map(|headers| Caller::read(&access(), &headers).unwrap());
    fuzz("Idempotency-Key", &bytes(SEEDS), |bytes| {
        let Some(request) = request(&idempotency::HEADER, &bytes) else { return };
        for caller in &callers {
            if let Err(mistake) = Repeatable::read(&request, &Map::new(), caller) {
                assert_tame(&mistake);
                assert!(!mistake.contains(SECRET), "{mistake}");
            }
        }
        if let Some(key) = str::from_utf8(&bytes).ok().and_then(unquoted) {
            let quoted = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
            assert_eq!(unquoted(&quoted), Some(key));
        }
    });
}

#[test]
fn credentials() {
    const SEEDS: &[&[u8]] = &[
        b"Bearer opensesame",
        b"bearer  tst_0123456789abcdef0123456789abcdef",
        b"Basic b3BlbnNlc2FtZQ==",
        b"Bearer opensesame\nx",
    ];
    let access = access();
    fuzz("Authorization", &bytes(SEEDS), |bytes| {
        let Some(headers) = headers(&header::AUTHORIZATION, &bytes) else { return };
        if let Ok(Some(credential)) = bearer(&headers) {
            let again =
                self::headers(&header::AUTHORIZATION, format!("Bearer {credential}").as_bytes()).unwrap();
            assert_eq!(bearer(&again).unwrap(), Some(credential));
        }
        match Caller::read(&access, &headers) {
            Ok(caller) => assert!(!format!("{caller:?}").contains(SECRET)),
            Err(error) => {
                assert_tame(&error.to_string());
                assert!(!error.to_string().contains(SECRET));
            }
        }
    });
}

const FORWARDED: &[&[u8]] = &[
    b"198.51.100.7, 10.0.0.9",
    b"2001:db8::7\n10.0.0.9:443",
    b"for=198.51.100.7;proto=https, for=\"[fd00::9]:443\"",
    b"For=\"_hidden\" ; by=unknown,for=10.0.0.1",
];

/// Tries a header of proxies. Only a trusted proxy can say that a request comes from somewhere else.
fn fuzz_proxies(target: &str, name: &HeaderName) {
    let trusted: TrustedProxies = "10.0.0.0/8,fd00::/8".parse().unwrap();
    fuzz(target, &bytes(FORWARDED), |bytes| {
        let Some(headers) = headers(name, &bytes) else { return };
        for (peer, is_trusted) in [("10.0.0.1", true), ("::ffff:10.0.0.1", true), ("203.0.113.9", false)] {
            let peer = peer.parse().unwrap();
            let client = ClientAddress::read(peer, &headers, &trusted);
            assert!(is_trusted || client == ClientAddress::of_peer(peer));
            assert_eq!(ClientAddress::of_peer(client.to_string().parse().unwrap()), client);
        }
    });
}

#[test]
fn clients_behind_proxies() {
    fuzz_proxies("X-Forwarded-For", &header::X_FORWARDED_FOR);
}

#[test]
fn clients_behind_standard_proxies() {
    fuzz_proxies("Forwarded", &header::FORWARDED);
}

#[test]
fn traces_of_requests() {
    const SEEDS: &[&[u8]] = &[b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"];
    let trace = || HeaderName::from_static("traceparent");
    fuzz("traceparent", &bytes(SEEDS), |bytes| {
        let Some(request_headers) = headers(&trace(), &bytes) else { return };
        let id = RequestId::of(&request_headers);
        let text = id.header_value().unwrap();
        assert_eq!(text.len(), 32);
        let again = headers(&trace(), format!("00-{id}-00f067aa0ba902b7-01").as_bytes()).unwrap();
        assert_eq!(RequestId::of(&again), id);
    });
}

#[test]
fn queries_in_the_access_log() {
    fuzz(
        "query in the log",
        &texts(&["at=2026-01-31T12:00:00Z&step=7", "opensesame", "token=opensesame&limit=1"]),
        |query| {
            let shown = shown_query(&query);
            assert!(shown.len() <= 6_000 && !shown.contains(char::is_control), "{shown:?}");
        },
    );
}

#[test]
fn json() {
    const SEEDS: &[&[u8]] = &[
        br#"{"a":[1,-2,0.1,1e300,true,false,null,"\u00e9\n",{"b":{}}],"c":18446744073709551615}"#,
        br#"[[[[{"a":{"a":1,"a":2}}]]],"\ud83c\udfb2"]"#,
        b" null ",
    ];
    fuzz("JSON", &bytes(SEEDS), |json| match strict_json::parse(&json) {
        Ok((value, duplicates)) => {
            let written = value.to_string();
            let (again, none) = strict_json::parse(written.as_bytes()).unwrap();
            assert!(again == value && none.is_empty(), "{written}");
            // The other parser does not tell duplicates apart, and takes the last one.
            if duplicates.is_empty() {
                assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).unwrap(), value);
            }
        }
        Err(error) => {
            assert!(serde_json::from_slice::<serde_json::Value>(&json).is_err(), "{error}");
            assert!(error.number(&json).len() <= json.len());
        }
    });
}

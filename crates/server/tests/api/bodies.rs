//! The bodies of requests: their encodings, their numbers, and their limits.

use std::time::Duration;

use reqwest::Method;
use tickseed_server::app::Options;
use tickseed_server::http::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{DEADLINE, LocalServer, Response};

#[tokio::test]
async fn whole_numbers_count_by_their_value() {
    let server = LocalServer::start();
    for (tick_ms, min, ttl) in
        [("100", "1", "60"), ("100.0", "1e0", "6e1"), ("1e2", "1.0", "60.0"), ("1.00E+2", "10e-1", "0.6e2")]
    {
        let rules = format!(r#"{{"break_interval":{{"min":{min},"max":2e1}},"rounds_per_epoch":64.0}}"#);
        let body = format!(r#"{{"tick_ms":{tick_ms},"rules":{rules},"ttl_seconds":{ttl}}}"#);
        let response = server.api.post("/v1/sessions", &body).await;
        assert_eq!(response.status, 201, "{}", response.text);
        let session = response.json();
        assert_eq!(session["tick_ms"].to_string(), "100");
        assert_eq!(
            session["rules"].to_string(),
            r#"{"break_interval":{"min":1,"max":20},"rounds_per_epoch":64}"#
        );
    }
}

#[tokio::test]
async fn values_that_no_field_can_take_are_errors_of_their_fields() {
    let server = LocalServer::start();
    let cases = [
        (r#"{"tick_ms":1.5}"#, "tick_ms", "tick_ms must be an integer, got 1.5"),
        (r#"{"tick_ms":100.5}"#, "tick_ms", "tick_ms must be an integer, got 100.5"),
        (r#"{"tick_ms":-0.0}"#, "tick_ms", "tick_ms must be from 1 to 86400000, got 0"),
        (r#"{"tick_ms":1e-400}"#, "tick_ms", "tick_ms must be from 1 to 86400000, got 0"),
        (r#"{"tick_ms":1e9}"#, "tick_ms", "tick_ms must be from 1 to 86400000, got 1000000000"),
        (r#"{"tick_ms":1e300}"#, "tick_ms", "tick_ms must be an integer of at most 64 bits, got 1e+300"),
        (r#"{"tick_ms":1e400}"#, "tick_ms", "tick_ms must be a number that a double can hold, got 1e400"),
        (
            r#"{"tick_ms":1,"metadata":{"a":[-1e400]}}"#,
            "metadata.a[0]",
            "metadata.a[0] must be a number that a double can hold, got -1e400",
        ),
        (
            r#"{"tick_ms":1,"metadata":{"a":"\ud800"}}"#,
            "metadata.a",
            "metadata.a must be whole Unicode characters, got half of a surrogate pair at line 1 column 37",
        ),
        (
            r#"{"tick_ms":1,"ttl_seconds":0.5}"#,
            "ttl_seconds",
            "ttl_seconds must be an integer from 0 to 4294967295, got 0.5",
        ),
    ];
    for (body, field, message) in cases {
        assert_eq!(server.api.post("/v1/sessions", body).await.invalid_field(field), message);
    }
}

/// In the URL, a field would go unnoticed: this pause would take effect at once.
#[tokio::test]
async fn a_post_takes_no_fields_from_its_url() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100,"start_at":"2026-01-31T11:00:00Z"}"#).await;
    for action in ["pause", "resume", "rate", "withdraw", "stop"] {
        let body = if action == "rate" { r#"{"tick_ms":50}"# } else { "" };
        let response = server.api.post(&format!("{path}/{action}?at=2030-01-01T00:00:00Z"), body).await;
        assert_eq!(response.invalid_field("at"), "at must be in the body, not in the URL");
    }
    let response = server.api.post("/v1/sessions?notice_ms=5", r#"{"tick_ms":100}"#).await;
    assert_eq!(response.invalid_field("notice_ms"), "notice_ms must be in the body, not in the URL");
    assert_eq!(server.api.get(&path).await.json()["revision"], 1);
}

#[tokio::test]
async fn numbers_in_metadata_are_returned_as_they_always_were() {
    let server = LocalServer::start();
    let metadata = r#"{"a":[100.0,1e2,-0.0,1e300,0.1,18446744073709551615,-9223372036854775808,123456789012345678901234567890]}"#;
    let stored = r#"{"a":[100.0,100.0,-0.0,1e+300,0.1,18446744073709551615,-9223372036854775808,1.2345678901234568e+29]}"#;
    let response =
        server.api.post("/v1/sessions", &format!(r#"{{"tick_ms":1,"metadata":{metadata}}}"#)).await;
    assert!(response.text.contains(&format!(r#""metadata":{stored}"#)), "{}", response.text);
}

#[tokio::test]
async fn bodies_other_than_a_json_object_are_refused() {
    let server = LocalServer::start();
    for body in
        ["{", "{'tick_ms':1}", "nonsense", "[]", "1", r#"{"tick_ms":1}{}"#, "\"\u{0}\"", &"[".repeat(1000)]
    {
        server.api.post("/v1/sessions", body).await.problem(400, "malformed_json");
    }
    let broken =
        server.api.post("/v1/sessions", "{\n  \"tick_ms\": ,\n}").await.problem(400, "malformed_json");
    assert_eq!(
        broken["detail"],
        "the body must be a JSON object: expected value at line 2 column 14, in tick_ms"
    );
}

#[tokio::test]
async fn a_body_in_another_encoding_gets_an_error_that_says_so() {
    let server = LocalServer::start();
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let json = r#"{"tick_ms":1,"metadata":{"a":""}}"#;
    for (body, reason) in [
        (
            [b"\xef\xbb\xbf", json.as_bytes()].concat(),
            "it begins with a byte order mark, which JSON must not have",
        ),
        (utf_16(json), "it must be UTF-8, and it looks like UTF-16 or UTF-32"),
        ([&b"\xff\xfe"[..], &utf_16(json)].concat(), "it must be UTF-8, and it looks like UTF-16 or UTF-32"),
        (
            json.replace(r#""""#, "\"\u{e4}\"")
                .chars()
                .map(|character| u8::try_from(character).unwrap())
                .collect(),
            "it must be UTF-8, and the byte at index 30 is not, in metadata.a",
        ),
    ] {
        let request =
            server.api.request(Method::POST, "/v1/sessions").header("content-type", "application/json");
        let response = Response::read(request.body(body).send().await.unwrap()).await;
        let problem = response.problem(400, "malformed_json");
        assert_eq!(problem["detail"], format!("the body must be a JSON object: {reason}"));
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let server = LocalServer::start();
    let post = async |encoding: &str| {
        let request =
            server.api.request(Method::POST, "/v1/sessions").header("content-type", "application/json");
        let request = request.header("content-encoding", encoding).body(r#"{"tick_ms":1}"#);
        Response::read(request.send().await.unwrap()).await
    };
    let response = post("gzip").await;
    let problem = response.problem(415, "unsupported_media_type");
    assert_eq!(problem["detail"], "the body must not be compressed, got Content-Encoding gzip");
    assert_eq!(response.header("accept-encoding"), "identity");
    assert_eq!(post("identity").await.status, 201);
}

#[tokio::test]
async fn a_malformed_chunked_body_is_refused_with_a_clear_message() {
    let server = LocalServer::start();
    let broken = b"POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                   transfer-encoding: chunked\r\n\r\nnonsense\r\n";
    let response = send_raw(&server, broken).await;
    assert!(response.starts_with("HTTP/1.1 400") && response.contains("it is incomplete"), "{response}");
}

#[tokio::test]
async fn bodies_of_other_media_types_are_refused() {
    let server = LocalServer::start();
    let post = async |media_type: Option<&str>| {
        let request = server.api.request(Method::POST, "/v1/sessions").body(r#"{"tick_ms":1}"#);
        let request =
            media_type.iter().fold(request, |request, value| request.header("content-type", *value));
        Response::read(request.send().await.unwrap()).await
    };
    let problem = post(Some("text/plain")).await.problem(415, "unsupported_media_type");
    assert_eq!(problem["detail"], "the body must be application/json in UTF-8, got text/plain");
    let problem = post(Some("application/json; charset=utf-16")).await.problem(415, "unsupported_media_type");
    assert_eq!(
        problem["detail"],
        "the body must be application/json in UTF-8, got application/json; charset=utf-16"
    );
    post(None).await.problem(415, "unsupported_media_type");
    post(Some("\u{e9}")).await.problem(415, "unsupported_media_type");
    for accepted in ["application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
        assert_eq!(post(Some(accepted)).await.status, 201);
    }
}

#[tokio::test]
async fn oversized_bodies_are_refused() {
    let server = LocalServer::start();
    let largest = r#"{"tick_ms":1}"#.to_owned() + &" ".repeat(64 * 1024 - 13);
    assert_eq!(server.api.post("/v1/sessions", &largest).await.status, 201);
    let problem =
        server.api.post("/v1/sessions", &format!("{largest} ")).await.problem(413, "body_too_large");
    assert_eq!(problem["detail"], "the body must be at most 65536 bytes");
    let chunked = "POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                   transfer-encoding: chunked\r\n\r\n10001\r\n";
    let response = send_raw(&server, &[chunked.as_bytes(), largest.as_bytes(), b" \r\n"].concat()).await;
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
}

/// Sends bytes on a new connection and reads to the end of the JSON in the response.
async fn send_raw(server: &LocalServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.api.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"}") {
        let read = tokio::time::timeout(DEADLINE, stream.read_buf(&mut response)).await.unwrap().unwrap();
        assert!(read > 0, "the server closed the connection: {:?}", String::from_utf8_lossy(&response));
    }
    String::from_utf8(response).unwrap()
}

#[tokio::test]
async fn a_request_whose_body_does_not_arrive_times_out() {
    let limits = Limits { body_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = LocalServer::with_options(Options { limits, ..Options::default() });
    let head = b"POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let response = send_raw(&server, head).await;
    assert!(response.starts_with("HTTP/1.1 408"), "{response}");
    assert!(response.contains("application/problem+json") && response.contains("body_timeout"), "{response}");
}

//! The access log: a line for each request, and the id that ties it to a trace and to the lines of failures.

use reqwest::Method;
use tickseed_store::test_servers::RedisServer;

use super::Logged;
use crate::support::wait_for_lines_with;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Returns the lines of the access log.
fn lines(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("tickseed::access: request ")).collect()
}

#[tokio::test]
async fn each_request_has_a_line_without_secrets() {
    let server = Logged::start(|command| command.env("TICKSEED_ACCESS_LOG", "on"));
    let api = server.server.api.clone();
    let path = api.create(r#"{"tick_ms":100,"seed":"opensesame"}"#).await;
    let request = api.request(Method::GET, &format!("{path}/state?step=7&token=opensesame&opensesame"));
    let request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    let request = request.header("authorization", "Bearer opensesame").header("cookie", "a=opensesame");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], TRACE);
    let bytes = response.bytes().await.unwrap().len();
    let missing = api.get("/v1/nothing").await;
    let log = server.end();
    assert!(!log.contains("opensesame"), "{log}");
    let lines = lines(&log);
    assert_eq!(lines.len(), 3, "{log}");
    assert!(
        lines[0].contains(r#"method=POST route="/v1/sessions" path="/v1/sessions" status=201 duration_us="#),
        "{log}"
    );
    let state = format!(
        r#"method=GET route="/v1/sessions/{{id}}/state" path="{path}/state" query="step=7&…&…" status=400"#
    );
    assert!(lines[1].contains(&state), "{log}");
    let end = format!(" bytes={bytes} client=127.0.0.1 request_id={TRACE}");
    assert!(lines[1].ends_with(&end), "{log}");
    let id = missing.header("x-request-id");
    assert_eq!(id.len(), 32);
    assert!(
        lines[2].contains(r#"route="other" path="/v1/nothing" status=404"#) && lines[2].ends_with(id),
        "{log}"
    );
}

#[tokio::test]
async fn no_request_has_a_line_or_an_id_by_default() {
    let server = Logged::start(|command| command);
    let response = server.server.api.get("/v1/time").await;
    assert_eq!(response.header("x-request-id"), "");
    let log = server.end();
    assert!(lines(&log).is_empty() && !log.contains("request_id"), "{log}");
}

#[tokio::test]
async fn the_lines_are_there_whatever_the_level_of_the_log_is() {
    let server = Logged::start(|command| command.args(["--access-log", "on", "--log", "info"]));
    for _ in 0..20 {
        server.server.api.get("/v1/time").await;
    }
    assert_eq!(lines(&server.end()).len(), 20, "each request has its own line");
}

#[tokio::test]
async fn the_line_of_a_failure_has_the_id_of_its_request() {
    let redis = RedisServer::start(&[]);
    let address = redis.address();
    let server = Logged::start(|command| command.args(["--access-log", "on", "--store", &address]));
    let id = "sess_00000000-0000-4000-8000-000000000000";
    // A record that is not the string of a session.
    redis.ask::<()>(&["LPUSH", &format!("session:{{{id}}}"), "something else"]);
    let response = server.server.api.get(&format!("/v1/sessions/{id}")).await;
    assert_eq!(response.status, 500, "{}", response.text);
    let request_id = response.header("x-request-id");
    wait_for_lines_with(&server.log, "a request failed");
    let log = server.end();
    let failure = log.lines().find(|line| line.contains("a request failed")).unwrap();
    assert!(failure.ends_with(&format!(" request_id={request_id}")), "{failure}");
    assert!(lines(&log)[0].ends_with(request_id), "{log}");
}

//! The OpenAPI document: generated from the code, checked in, and in agreement with the server.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tickseed_server::access::{Access, AccessMode, ApiKeys};
use tickseed_server::app::Options;

use crate::support::{LocalServer, Response};

fn document() -> Value {
    serde_json::from_str(tickseed_server::http::openapi_json()).unwrap()
}

#[test]
fn the_checked_in_document_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        checked_in == tickseed_server::http::openapi_json(),
        "docs/openapi.json is out of date; regenerate it with\n  \
         cargo run -p tickseed-server -- openapi > api.partial && mv api.partial docs/openapi.json"
    );
}

#[tokio::test]
async fn the_served_document_is_the_generated_one() {
    let server = LocalServer::start();
    let served = server.api.get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served.text, tickseed_server::http::openapi_json());
    assert_eq!(served.json()["openapi"], "3.1.0");
}

#[test]
fn every_route_declares_every_status() {
    let expected = [
        ("post /v1/sessions", "201 400 401 403 408 409 413 415 422 429 500 503"),
        ("get /v1/sessions", "200 400 401 403 429 500 503"),
        ("delete /v1/sessions/{id}", "204 400 401 403 404 412 429 500 503"),
        ("post /v1/sessions/{id}/extend", "200 400 401 403 404 408 409 412 413 415 422 429 500 503"),
        ("get /v1/sessions/{id}", "200 304 400 404 429 500 503"),
        ("get /v1/sessions/{id}/events", "200 400 404 429 500 503"),
        ("get /v1/sessions/{id}/state", "200 400 404 409 429 500 503"),
        ("post /v1/sessions/{id}/pause", "200 400 401 403 404 408 409 412 413 415 422 429 500 503"),
        ("post /v1/sessions/{id}/resume", "200 400 401 403 404 408 409 412 413 415 422 429 500 503"),
        ("post /v1/sessions/{id}/rate", "200 400 401 403 404 408 409 412 413 415 422 429 500 503"),
        ("post /v1/sessions/{id}/withdraw", "200 400 401 403 404 408 409 412 413 415 422 429 500 503"),
        ("post /v1/sessions/{id}/stop", "200 400 401 403 404 408 409 412 413 415 422 429 500 503"),
        ("post /v1/sessions/{id}/token", "200 400 401 403 404 408 409 412 413 415 422 429 500 503"),
        ("get /v1/time", "200 429 503"),
        ("get /healthz", "200 503"),
        ("get /readyz", "200 500 503"),
    ];
    let mut found = BTreeSet::new();
    for (path, methods) in document()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let statuses: Vec<&str> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            found.insert((format!("{method} {path}"), statuses.join(" ")));
        }
    }
    let expected = expected.map(|(route, statuses)| (route.to_owned(), statuses.to_owned()));
    assert_eq!(found, BTreeSet::from(expected));
}

/// Returns the operations on sessions, with their method and path.
fn session_operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let paths = paths.filter(|(path, _)| path.starts_with("/v1/sessions"));
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

#[test]
fn every_answer_about_a_session_documents_its_promise() {
    let document = document();
    for (route, operation) in session_operations(&document) {
        let success = operation["responses"].get("200").unwrap_or(&operation["responses"]["201"]);
        let has_promise = success["headers"].get("Tickseed-Settled-Until").is_some();
        let makes_none =
            route.ends_with("/events") || route == "get /v1/sessions" || route.starts_with("delete");
        assert_eq!(has_promise, !makes_none, "{route}");
    }
}

#[test]
fn every_route_that_changes_a_session_documents_its_condition() {
    let document = document();
    for (route, operation) in session_operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let has_condition = parameters.filter(|parameter| parameter["name"] == "If-Match").count() == 1;
        let changes = route.starts_with("post /v1/sessions/{id}/") || route.starts_with("delete");
        assert_eq!(has_condition, changes, "{route}");
    }
}

/// Credentials are for those who create, change and list sessions, and never for those who read one.
#[test]
fn only_routes_that_need_a_right_take_a_credential() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let takes_bearer = operation["security"] == json!([{}, {"bearer": []}]);
            let needs_right = method != "get" || path == "/v1/sessions";
            assert_eq!(takes_bearer, needs_right, "{method} {path}: {}", operation["security"]);
        }
    }
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

/// Returns every parameter and every header of a response, with its place.
fn parameters_and_headers(document: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                found.push((format!("{method} {path} {}", parameter["name"]), parameter["schema"].clone()));
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                for (name, header) in response["headers"].as_object().into_iter().flatten() {
                    found.push((format!("{method} {path} {status} {name}"), header["schema"].clone()));
                }
            }
        }
    }
    found
}

/// Their text is never JSON, so `null` would be the word.
#[test]
fn no_parameter_and_no_header_is_null() {
    for (place, schema) in parameters_and_headers(&document()) {
        assert!(!schema["type"].is_array(), "{place}: {schema}");
    }
}

#[test]
fn integers_fit_their_documented_formats() {
    fn check(place: &str, value: &Value) {
        if value["format"] == "int32" {
            let maximum = value["maximum"].as_u64().unwrap_or_default();
            assert!(maximum <= u64::from(i32::MAX.unsigned_abs()), "{place}: {value}");
        }
        for (key, inner) in value.as_object().into_iter().flatten() {
            check(&format!("{place}/{key}"), inner);
        }
    }
    check("", &document()["components"]);
}

#[tokio::test]
async fn every_header_of_a_response_is_documented() {
    let server = LocalServer::start();
    let document = document();
    let session = server.api.create(r#"{"tick_ms":100,"notice_ms":15000}"#).await;
    let created = server.api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
    for (operation, status, response) in [
        ("/v1/sessions/post", "201", created),
        ("/v1/sessions/{id}/get", "200", server.api.get(&session).await),
        ("/v1/sessions/get", "200", server.api.get("/v1/sessions").await),
        ("/v1/sessions/{id}/state/get", "200", server.api.get(&format!("{session}/state")).await),
        ("/v1/sessions/{id}/pause/post", "400", server.api.post(&format!("{session}/pause"), "[]").await),
        ("/v1/time/get", "200", server.api.get("/v1/time").await),
        ("/healthz/get", "200", server.api.get("/healthz").await),
    ] {
        let (path, method) = operation.rsplit_once('/').unwrap();
        let documented = document["paths"][path][method]["responses"][status]["headers"].as_object().unwrap();
        let documented: BTreeSet<String> = documented.keys().map(|name| name.to_ascii_lowercase()).collect();
        for name in response.header_names() {
            let is_http = ["content-length", "content-type", "date"].contains(&name.as_str());
            assert!(is_http || documented.contains(&name), "{operation} {status}: {name}");
        }
    }
}

/// Returns the names of a schema's properties.
fn properties(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

/// Returns the fields that the server lists as known when it refuses this unknown one.
fn known_fields(response: &Response, field: &str) -> BTreeSet<String> {
    let message = response.invalid_field(field);
    let (_, names) = message.split_once("known fields: ").unwrap();
    names.split(", ").map(str::to_owned).collect()
}

#[tokio::test]
async fn the_documented_fields_are_the_accepted_ones() {
    let server = LocalServer::start();
    let document = document();
    let schemas = &document["components"]["schemas"];
    let session = server.api.create(r#"{"tick_ms":100}"#).await;

    let response = server.api.post("/v1/sessions", r#"{"tick_ms":1,"x":1}"#).await;
    assert_eq!(known_fields(&response, "x"), properties(&schemas["CreateSession"]));
    let rules = inline_object(&schemas["CreateSession"]["properties"]["rules"]);
    let response = server.api.post("/v1/sessions", r#"{"tick_ms":1,"rules":{"x":1}}"#).await;
    assert_eq!(known_fields(&response, "rules.x"), properties(rules));
    let interval = inline_object(&rules["properties"]["break_interval"]);
    let body = r#"{"tick_ms":1,"rules":{"break_interval":{"min":1,"max":1,"x":1}}}"#;
    let response = server.api.post("/v1/sessions", body).await;
    assert_eq!(known_fields(&response, "rules.break_interval.x"), properties(interval));
    for (route, body, schema) in [
        ("pause", r#"{"x":1}"#, "PauseSession"),
        ("resume", r#"{"x":1}"#, "ResumeSession"),
        ("rate", r#"{"x":1,"tick_ms":50}"#, "SetSessionRate"),
        ("withdraw", r#"{"x":1}"#, "WithdrawChanges"),
        ("stop", r#"{"x":1}"#, "StopSession"),
        ("extend", r#"{"x":1,"ttl_seconds":7200}"#, "ExtendSession"),
    ] {
        let response = server.api.post(&format!("{session}/{route}"), body).await;
        assert_eq!(known_fields(&response, "x"), properties(&schemas[schema]), "{route}");
    }
    let plan = r#"{"tick_ms":1,"schedule":[{"at":"2999-01-01T00:00:00Z","paused":true,"x":1}]}"#;
    let kinds = ["PlannedPause", "PlannedRate"];
    let documented = kinds.iter().flat_map(|kind| properties(&schemas[kind])).collect();
    let response = server.api.post("/v1/sessions", plan).await;
    assert_eq!(known_fields(&response, "schedule[0].x"), documented);

    for (path, address) in
        [("/v1/sessions/{id}/state", format!("{session}/state")), ("/v1/sessions", "/v1/sessions".to_owned())]
    {
        let parameters = &document["paths"][path]["get"]["parameters"];
        let query = parameters.as_array().unwrap().iter().filter(|parameter| parameter["in"] == "query");
        let names = query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(known_fields(&server.api.get(&format!("{address}?x=1")).await, "x"), names);
    }
}

/// Returns an object's schema that is written inline, where an optional object is one of two choices.
fn inline_object(schema: &Value) -> &Value {
    match schema["oneOf"].as_array() {
        Some(choices) => choices.iter().find(|choice| choice["type"] == "object").unwrap(),
        None => schema,
    }
}

/// Checks a response against one schema of the document.
fn assert_matches(schema: &str, response: &Response) {
    let schema =
        json!({"$ref": format!("#/components/schemas/{schema}"), "components": document()["components"]});
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&response.json()).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}: {}", response.text);
}

#[tokio::test]
async fn responses_match_their_documented_schemas() {
    let server = LocalServer::start();
    let document = document();
    let body = r#"{"tick_ms":100,"metadata":{},"schedule":[
        {"at":"2999-01-01T00:00:00Z","paused":true},{"at":"2999-01-02T00:00:00Z","tick_ms":100}]}"#;
    let session = server.api.create(body).await;
    let stop = server.api.post(&format!("{session}/stop"), "").await;
    let responses = [
        ("Session", server.api.get(&session).await),
        ("State", server.api.get(&format!("{session}/state")).await),
        ("SessionList", server.api.get("/v1/sessions").await),
        ("Stop", stop),
        ("Time", server.api.get("/v1/time").await),
        ("Health", server.api.get("/healthz").await),
    ];
    for (schema, response) in responses {
        assert_matches(schema, &response);
        let response = response.json();
        let fields: BTreeSet<String> = response.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            fields,
            properties(&document["components"]["schemas"][schema]),
            "{schema}: every documented field is present"
        );
    }
    let other = server.api.create(body).await;
    server.clock.set("2026-01-31T12:00:10.000Z");
    let problems = [
        server.api.get("/nothing").await,
        server.api.post("/v1/sessions", "{}").await,
        server.api.post(&format!("{session}/stop"), "").await,
        server.api.post(&format!("{session}/extend"), r#"{"ttl_seconds":1}"#).await,
        server.api.post(&format!("{other}/pause"), r#"{"at":"2026-01-31T12:00:09Z"}"#).await,
        server.api.post(&format!("{other}/pause"), "").await,
    ];
    for problem in &problems {
        assert_matches("Problem", problem);
    }
    let soon = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z",
                   "schedule":[{"at":"2026-01-31T12:00:10.400Z","paused":true}]}"#;
    let other = server.api.create(soon).await;
    let last = server.api.post(&format!("{other}/withdraw"), r#"{"from":"2026-01-31T12:00:10Z"}"#).await;
    last.problem(409, "change_final");
    assert_matches("Problem", &last);
    let with_rights = LocalServer::with_options(Options {
        access: Access::new(AccessMode::Token, ApiKeys::default()),
        ..Options::default()
    });
    let created = with_rights.api.post("/v1/sessions", body).await;
    assert_matches("CreatedSession", &created);
    let token = created.json()["control_token"].as_str().unwrap().to_owned();
    let other = with_rights.api.create(body).await;
    let request = with_rights.api.request(Method::POST, &format!("{other}/token")).bearer_auth(&token);
    let forbidden = Response::read(request.send().await.unwrap()).await;
    forbidden.problem(403, "right_missing");
    assert_matches("Problem", &forbidden);
    let request = with_rights.api.request(Method::POST, &format!("{}/token", created.header("location")));
    let replaced = Response::read(request.bearer_auth(&token).send().await.unwrap()).await;
    assert_matches("ControlToken", &replaced);
    let found = problems.iter().chain([&last, &forbidden]).flat_map(|problem| {
        let problem = problem.json();
        problem.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    });
    let found: BTreeSet<String> = found.collect();
    assert_eq!(
        found,
        properties(&document["components"]["schemas"]["Problem"]),
        "every documented member is present"
    );
}

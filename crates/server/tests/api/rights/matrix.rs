//! Every mode, every route and every kind of credential.

use super::*;

/// The routes that change a session, each with a session that it can change and a body.
const CHANGES: [(&str, &str, &str); 7] = [
    ("stop", RUNNING, ""),
    ("pause", RUNNING, "{}"),
    ("rate", RUNNING, r#"{"tick_ms":50}"#),
    ("token", RUNNING, "null"),
    ("extend", RUNNING, r#"{"ttl_seconds":0}"#),
    (
        "resume",
        r#"{"tick_ms":100,"start_at":"2026-01-31T11:59:00Z","schedule":[{"at":"2026-01-31T11:59:30Z","paused":true}]}"#,
        "",
    ),
    (
        "withdraw",
        r#"{"tick_ms":100,"start_at":"2026-01-31T11:59:00Z","schedule":[{"at":"2026-01-31T13:00:00Z","paused":true}]}"#,
        "",
    ),
];

/// What a caller shows. `OWN` and `OTHER` stand for the tokens of the session itself and of another one.
const CREDENTIALS: [&str; 14] = [
    "",
    "Basic YTpi",
    "Bearer",
    "Bearer ",
    "Bearer a b",
    "Bearer tsk_33333333333333333333333333333333",
    "Bearer tst_123",
    "Bearer TST_00000000000000000000000000000000",
    "Bearer tst_00000000000000000000000000000000",
    "Bearer OTHER",
    "Bearer OWN",
    "bearer OWN",
    "Bearer tsk_11111111111111111111111111111111",
    "Bearer tsk_22222222222222222222222222222222",
];

/// The expected outcome: a status, and the code and the right of a refusal.
type Outcome = (u16, &'static str, &'static str);

const REQUIRED: Outcome = (401, "credentials_required", "");
const INVALID: Outcome = (401, "credentials_invalid", "");

fn changing(mode: AccessMode, credential: &str, route: &str) -> Outcome {
    match credential {
        _ if mode == AccessMode::Open && route == "token" => (409, "tokens_unused", ""),
        _ if mode == AccessMode::Open => (200, "", ""),
        "" => REQUIRED,
        "Bearer OWN" | "bearer OWN" | "Bearer tsk_22222222222222222222222222222222" => (200, "", ""),
        "Bearer tst_00000000000000000000000000000000"
        | "Bearer OTHER"
        | "Bearer tsk_11111111111111111111111111111111" => (403, "right_missing", "control"),
        _ => INVALID,
    }
}

fn creating(mode: AccessMode, credential: &str) -> Outcome {
    match (mode, credential) {
        (AccessMode::Open, _)
        | (AccessMode::Token, "")
        | (AccessMode::Keys, "Bearer tsk_11111111111111111111111111111111") => (201, "", ""),
        (AccessMode::Keys, "") => REQUIRED,
        (
            AccessMode::Keys,
            "Bearer tst_00000000000000000000000000000000"
            | "Bearer OTHER"
            | "Bearer OWN"
            | "bearer OWN"
            | "Bearer tsk_22222222222222222222222222222222",
        ) => (403, "right_missing", "create"),
        (AccessMode::Token, other) if changing(AccessMode::Token, other, "stop") != INVALID => (201, "", ""),
        _ => INVALID,
    }
}

fn assert_outcome(response: &Response, (status, code, right): Outcome, context: &str) {
    assert_eq!(response.status, status, "{context}: {}", response.text);
    let challenge = match code {
        "credentials_required" => "Bearer",
        "credentials_invalid" => r#"Bearer error="invalid_token""#,
        _ => "",
    };
    assert_eq!(response.header("www-authenticate"), challenge, "{context}");
    if !code.is_empty() {
        let problem = response.problem(status, code);
        assert_eq!(problem["right"].as_str().unwrap_or_default(), right, "{context}");
        assert!(right.is_empty() || problem["detail"].as_str().unwrap().contains(right), "{context}");
    }
}

/// Creates the session under test, and returns the value of `Authorization`.
async fn session_and_credential(
    server: &LocalServer,
    mode: AccessMode,
    body: &str,
    credential: &str,
) -> (String, String) {
    if mode == AccessMode::Open {
        return (server.api.create(body).await, credential.to_owned());
    }
    let (own, other) = (create(&server.api, body).await, create(&server.api, body).await);
    (own.path, credential.replace("OWN", &own.token).replace("OTHER", &other.token))
}

fn given(credential: &str) -> Option<&str> {
    Some(credential).filter(|credential| !credential.is_empty())
}

#[tokio::test]
async fn changing_a_session_takes_its_token_or_a_key_with_control() {
    for mode in AccessMode::ALL {
        let server = start(mode);
        for (route, session, body) in CHANGES {
            for credential in CREDENTIALS {
                let context = format!("{mode} {route} {credential:?}");
                let (path, credential_text) =
                    session_and_credential(&server, mode, session, credential).await;
                let before = server.api.get(&path).await;
                let address = format!("{path}/{route}");
                let response = post(&server.api, &address, body, given(&credential_text)).await;
                let outcome = changing(mode, credential, route);
                assert_outcome(&response, outcome, &context);
                let has_changed = server.api.get(&path).await.text != before.text;
                assert_eq!(has_changed, outcome.0 == 200, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn creating_a_session_takes_a_key_only_in_the_mode_keys() {
    for mode in AccessMode::ALL {
        let server = start(mode);
        for credential in CREDENTIALS {
            let context = format!("{mode} {credential:?}");
            let (_, text) = session_and_credential(&server, mode, RUNNING, credential).await;
            let response = post(&server.api, "/v1/sessions", RUNNING, given(&text)).await;
            assert_outcome(&response, creating(mode, credential), &context);
            if response.status == 201 {
                let has_token = response.json().get("control_token").is_some();
                assert_eq!(has_token, mode != AccessMode::Open, "{context}");
            }
        }
    }
}

/// Otherwise the default would differ from what it was before there were rights.
#[tokio::test]
async fn an_open_server_answers_as_if_there_were_no_rights() {
    let server = start(AccessMode::Open);
    let created = post_as(&server.api, CREATOR, "/v1/sessions", RUNNING).await;
    let read = server.api.get(created.header("location")).await;
    assert_eq!((&created.text, created.header("etag")), (&read.text, read.header("etag")));
}

#[tokio::test]
async fn reading_takes_no_credential_and_ignores_any() {
    let server = start(AccessMode::Keys);
    let session = create(&server.api, RUNNING).await;
    for path in [session.path.clone(), format!("{}/state?step=1", session.path)] {
        let plain = server.api.get(&path).await;
        assert_eq!(plain.status, 200, "{}", plain.text);
        for authorization in ["Basic YTpi", "Bearer wrong"] {
            let request = server.api.request(Method::GET, &path).header("authorization", authorization);
            let response = Response::read(request.send().await.unwrap()).await;
            assert_eq!((response.status, &response.text), (200, &plain.text));
        }
    }
}

#[tokio::test]
async fn a_missing_session_counts_before_a_missing_right_and_that_before_anything_else() {
    let server = start(AccessMode::Token);
    let session = create(&server.api, RUNNING).await;
    for route in ["stop", "pause", "resume", "rate", "withdraw", "token"] {
        let unknown = post(&server.api, &format!("{UNKNOWN}/{route}"), r#"{"x":1}"#, None).await;
        unknown.problem(404, "session_not_found");
        let path = format!("{}/{route}", session.path);
        post(&server.api, &path, r#"{"x":1}"#, None).await.problem(401, "credentials_required");
        post_as(&server.api, FOREIGN, &path, r#"{"x":1}"#).await.problem(403, "right_missing");
        let mistake = post_as(&server.api, &session.token, &path, r#"{"x":1,"tick_ms":1}"#).await;
        assert!(mistake.problem(400, "invalid_fields")["detail"].as_str().unwrap().contains('x'));
    }
    let stop = format!("{}/stop", session.path);
    assert_eq!(post_as(&server.api, &session.token, &stop, "").await.status, 200);
    // Who may not change the session learns nothing but what everybody can read.
    post_as(&server.api, FOREIGN, &stop, "").await.problem(403, "right_missing");
    post_as(&server.api, &session.token, &stop, "").await.problem(409, "session_stopped");
}

#[tokio::test]
async fn who_may_not_create_does_not_learn_what_is_wrong_with_a_body() {
    let server = start(AccessMode::Keys);
    for body in ["", "{", r#"{"x":1}"#] {
        post(&server.api, "/v1/sessions", body, None).await.problem(401, "credentials_required");
    }
}

/// A game on another origin changes a session with its token.
#[tokio::test]
async fn pages_of_other_origins_may_send_a_credential() {
    let server = start(AccessMode::Token);
    let request = server.api.request(Method::OPTIONS, &format!("{UNKNOWN}/stop"));
    let request = request.header("origin", "https://game.example");
    let request = request.header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "authorization,content-type");
    let response = Response::read(request.send().await.unwrap()).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("access-control-allow-headers"), "authorization,content-type");
    let refused = post(&server.api, "/v1/sessions", RUNNING, Some("Basic x")).await;
    assert_eq!(refused.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn several_credentials_are_none() {
    let server = start(AccessMode::Token);
    let session = create(&server.api, RUNNING).await;
    let request = server.api.request(Method::POST, &format!("{}/stop", session.path));
    let request = request.bearer_auth(&session.token).header("authorization", "Bearer x");
    let response = Response::read(request.send().await.unwrap()).await;
    response.problem(401, "credentials_invalid");
}

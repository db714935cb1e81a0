//! What is asked of the server.

/// The bytes of requests, one after the other.
pub(crate) type Requests = Box<dyn FnMut() -> Vec<u8>>;

/// What is asked on every connection first.
pub(crate) const FIRST_PATH: &str = "/healthz";

/// Creates sessions that run already, so that they can be changed at once.
pub(crate) fn creates() -> Requests {
    let request = post("/v1/sessions", r#"{"tick_ms":100,"start_at":"2026-01-01T00:00:00Z"}"#);
    Box::new(move || request.clone())
}

/// Reads a resource again and again.
pub(crate) fn gets(path: &str) -> Requests {
    let request = get(path);
    Box::new(move || request.clone())
}

/// Reads sessions in turn.
pub(crate) fn reads(sessions: &[String]) -> Requests {
    in_turn(sessions.iter().map(|session| get(session)).collect())
}

/// Pauses sessions in turn, then resumes them in turn, and so on.
pub(crate) fn pauses(sessions: &[String]) -> Requests {
    let all = |action| sessions.iter().map(move |path| post(&format!("{path}/{action}"), ""));
    in_turn(all("pause").chain(all("resume")).collect())
}

/// Stops each session once. There must be enough of them.
pub(crate) fn stops(sessions: &[String]) -> Requests {
    in_turn(sessions.iter().map(|path| post(&format!("{path}/stop"), "")).collect())
}

/// Sends each request in turn, and then begins again.
fn in_turn(requests: Vec<Vec<u8>>) -> Requests {
    let mut next = 0;
    Box::new(move || {
        let request = requests.get(next).cloned().unwrap_or_default();
        next = (next + 1) % requests.len().max(1);
        request
    })
}

/// Returns the bytes of a request to read a resource.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").into_bytes()
}

fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n");
    format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes()
}

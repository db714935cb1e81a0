//! What is asked of the server.

/// The bytes of requests, one after the other.
pub(crate) type Requests = Box<dyn FnMut() -> Vec<u8>>;

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
    let requests: Vec<_> = sessions.iter().map(|session| get(session)).collect();
    let mut next = requests.into_iter().cycle();
    Box::new(move || next.next().unwrap_or_default())
}

/// Pauses sessions in turn, then resumes them in turn, and so on.
pub(crate) fn pauses(sessions: &[String]) -> Requests {
    let of_action =
        |action: &str| sessions.iter().map(|path| post(&format!("{path}/{action}"), "")).collect::<Vec<_>>();
    let mut next = [of_action("pause"), of_action("resume")].concat().into_iter().cycle();
    Box::new(move || next.next().unwrap_or_default())
}

/// Stops each session once. There must be enough of them.
pub(crate) fn stops(sessions: &[String]) -> Requests {
    let requests: Vec<_> = sessions.iter().map(|path| post(&format!("{path}/stop"), "")).collect();
    let mut next = requests.into_iter();
    Box::new(move || next.next().unwrap_or_default())
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").into_bytes()
}

fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n");
    format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes()
}

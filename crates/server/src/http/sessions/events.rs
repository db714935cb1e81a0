//! `GET /v1/sessions/{id}/events`

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytestring::ByteString;
use futures_util::stream;
use russe::{Event, Message};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{SessionPath, representation, session_id};
use crate::http::error::ApiError;
use crate::http::problem::{NoSession, Problem};
use tickseed_session::{Listener, Notice, ReadySession, Revision, ServiceError, SessionId, SessionService};

/// After how many milliseconds a client whose stream has ended is to come back: each is told another number, so that they do
/// not come all at once.
const RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=10_000;

/// How streams of events live and end.
#[derive(Debug, Clone)]
pub struct EventStreams {
    /// How often something is sent to who has nothing to learn: shorter than what proxies wait, often a minute.
    pub heartbeat_every: Duration,
    /// Ends all streams at once.
    pub end: CancellationToken,
}

impl Default for EventStreams {
    /// A heartbeat every 15 seconds.
    fn default() -> Self {
        Self { heartbeat_every: Duration::from_secs(15), end: CancellationToken::new() }
    }
}

/// The life of a session as server-sent events: `session`, the session as it is; `stopped` whenever its stop is set or
/// moved; `expired`, the end. Never a tick. The event's id is the session's revision: who comes back with it in
/// `Last-Event-ID` is told only what is new.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/events",
    tag = "sessions",
    operation_id = "getSessionEvents",
    params(
        SessionPath,
        ("Last-Event-ID" = Option<String>, Header,
            description = "The id of the last event that is known. What is no revision of this session counts as left out"),
    ),
    responses(
        (status = 200, description = "Server-sent events; the data of `session` and `stopped` is the session, of `expired` its \
            `id`. Ends at once, with `retry`, while the store does not answer",
            body = String, content_type = "text/event-stream",
            example = json!("retry: 4711\n\nid: 1\nevent: session\ndata: {\"id\":\"sess_…\",\"revision\":1,…}\n\n")),
        (status = 400, description = "`invalid_fields`: `id` is no id of a session", body = Problem,
            content_type = "application/problem+json"),
        NoSession,
        (status = 500, description = "`internal`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn handle(
    service: web::Data<SessionService>,
    streams: web::Data<EventStreams>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    let listener = match service.listen(id).await {
        Ok(listener) => listener,
        Err(ServiceError::Store(error)) if error.is_temporary() => return Ok(come_back_later()),
        Err(error) => return Err(error.into()),
    };
    let known = last_event_id(&request);
    let events = Events { service, streams, id, listener, known, session: None, next: Next::Greeting };
    Ok(event_stream().streaming(stream::unfold(events, Events::next)))
}

/// A stream that ends at once, for when the store does not answer: browsers come back after a stream, never after an error.
fn come_back_later() -> HttpResponse {
    event_stream().body(retry().into_bytestring().map(ByteString::into_bytes).unwrap_or_default())
}

fn event_stream() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx would collect what is to arrive at once.
        .insert_header(("X-Accel-Buffering", "no"));
    response
}

/// The revision that the client knows.
fn last_event_id(request: &HttpRequest) -> Option<Revision> {
    let number = request.headers().get("last-event-id")?.to_str().ok()?.parse().ok()?;
    Revision::new(number).ok()
}

/// One client's stream.
struct Events {
    service: web::Data<SessionService>,
    streams: web::Data<EventStreams>,
    id: SessionId,
    listener: Listener,
    /// The revision that the client knows.
    known: Option<Revision>,
    session: Option<Arc<ReadySession>>,
    next: Next,
}

/// What a stream does next.
enum Next {
    Greeting,
    News,
    End,
}

impl Events {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let event = match self.next {
            Next::Greeting => {
                self.next = Next::News;
                retry()
            }
            Next::News => self.news().await,
            Next::End => return None,
        };
        let bytes = event.into_bytestring().map(ByteString::into_bytes);
        // None of ours has a line break where there must be none.
        bytes.ok().map(|bytes| (Ok(bytes), self))
    }

    async fn news(&mut self) -> Event {
        loop {
            let patience = self.patience();
            tokio::select! {
                biased;
                () = self.streams.end.cancelled() => {
                    self.next = Next::End;
                    return retry();
                }
                notice = self.listener.next() => {
                    let session = match notice {
                        Notice::Session(session) => session,
                        Notice::Removed => return self.expired(),
                        Notice::Unreadable => {
                            // The client comes back, and perhaps to a server of the later version.
                            self.next = Next::End;
                            return retry();
                        }
                    };
                    let event = self.event(&session);
                    self.session = Some(session);
                    if let Some(event) = event {
                        return event;
                    }
                }
                () = tokio::time::sleep(patience) => return self.after_silence(),
            }
        }
    }

    /// What the client is told of a session: nothing if it knows this revision.
    fn event(&mut self, session: &ReadySession) -> Option<Event> {
        let revision = session.session().revision;
        let name = match (self.known.replace(revision), &self.session) {
            (Some(known), None) if known == revision => return None,
            // Whatever follows another revision is a stop. What is no earlier one was none of this session.
            (Some(known), None) if known > revision => "session",
            (None, None) => "session",
            _ => "stopped",
        };
        let body = &representation(session, self.service.clock().now()).ok()?.body;
        Some(message(name, revision.get(), ByteString::try_from(body.clone()).ok()?))
    }

    /// How long to wait for news before something is sent all the same.
    fn patience(&self) -> Duration {
        let now = self.service.clock().now();
        let expires_at = self.session.as_ref().and_then(|session| session.session().expires_at);
        let left = expires_at.map(|at| u64::try_from(at.millis() - now.millis()).unwrap_or(0));
        let heartbeat_every = self.streams.heartbeat_every;
        left.map_or(heartbeat_every, |left| heartbeat_every.min(Duration::from_millis(left)))
    }

    fn after_silence(&mut self) -> Event {
        let now = self.service.clock().now();
        if self.session.as_ref().is_some_and(|session| session.session().has_expired(now)) {
            return self.expired();
        }
        Event::Comment("nothing new".into())
    }

    fn expired(&mut self) -> Event {
        self.next = Next::End;
        message("expired", self.known.map_or(0, Revision::get), json!({"id": self.id}).to_string().into())
    }
}

/// Tells a client when to come back once its stream has ended.
fn retry() -> Event {
    Event::Retry(Duration::from_millis(fastrand::u64(RETRY_MS)))
}

fn message(name: &'static str, revision: u64, data: ByteString) -> Event {
    Event::Message(Message {
        id: Some(revision.to_string().into()),
        event: Some(name.into()),
        data,
        retry: None,
    })
}

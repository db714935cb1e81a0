//! `GET /v1/sessions/{id}/events`: changes to a session, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, Version};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytestring::ByteString;
use futures_util::stream;
use russe::{Event, Message};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{SessionPath, representation, representation_with, session_id};
use crate::http::error::ApiError;
use crate::http::problem::{Problem, SessionNotFound};
use crate::http::stage::{Service, Stage};
use tickseed_session::{Listener, ReadySession, ServiceError, SessionId, Status, StoreError, Update};

/// How many milliseconds a client waits before it reconnects. The delay is random, so that clients do not all come back
/// at once.
const RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=10_000;

/// The settings that all event streams share.
#[derive(Debug, Clone)]
pub struct EventStreams {
    /// How often a silent stream sends a heartbeat. Must be shorter than the idle timeout of proxies, which is often a
    /// minute.
    pub heartbeat_every: Duration,
    /// Ends all streams when it is cancelled.
    pub shutdown: CancellationToken,
}

impl Default for EventStreams {
    /// A heartbeat every 15 seconds.
    fn default() -> Self {
        Self { heartbeat_every: Duration::from_secs(15), shutdown: CancellationToken::new() }
    }
}

/// Streams changes to a session as server-sent events.
///
/// The events are `session`, the current session, at first and if the store has lost a stop; `stopped`, whenever a stop
/// is set or moved to an earlier time; and `expired`, the end. Ticks are never sent. The id of an event with a session is
/// the session's entity tag, as in `ETag`. A client that sends it back as `Last-Event-ID` receives the session again only
/// if it has changed.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/events",
    tag = "sessions",
    operation_id = "getSessionEvents",
    params(
        SessionPath,
        ("Last-Event-ID" = Option<String>, Header,
            description = "The id of the last event received. With any other value, the stream begins with the session"),
    ),
    responses(
        (status = 200, description = "Server-sent events. The data of `session` and `stopped` is the session; that of \
            `expired` contains only its `id`. While the store does not answer or is being opened, while the server is about to end, or if only a later version of the server understands the \
            session, the stream sends only `retry` and ends",
            body = String, content_type = "text/event-stream",
            example = json!("retry: 4711\n\nid: \"5f70bf18…\"\nevent: session\ndata: {\"id\":\"sess_…\",\"revision\":1,…}\n\n")),
        (status = 400, description = "`invalid_fields`: `id` is not a session id", body = Problem,
            content_type = "application/problem+json"),
        SessionNotFound,
        (status = 500, description = "`internal`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn handle(
    service: Result<Service, ApiError>,
    stage: web::Data<Stage>,
    streams: web::Data<EventStreams>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    let service = match service {
        Ok(service) if !stage.is_draining() => service,
        Ok(_) | Err(ApiError::Opening) => return Ok(retry_later()),
        Err(error) => return Err(error),
    };
    let listener = match service.listen(id).await {
        Ok(listener) => listener,
        Err(ServiceError::Store(error)) if may_succeed_later(&error) => return Ok(retry_later()),
        Err(error) => return Err(error.into()),
    };
    let last_event_id = request.headers().get("last-event-id").cloned();
    let phase = Phase::Retry;
    let events = Events { service, streams, id, listener, last_event_id, session: None, phase };
    let mut response = event_stream().streaming(stream::unfold(events, Events::next));
    if request.version() < Version::HTTP_11 {
        end_with_connection(&mut response);
    }
    Ok(response)
}

/// Marks the end of a stream by closing the connection. Clients of HTTP/1.0 do not understand chunks.
fn end_with_connection(response: &mut HttpResponse) {
    response.head_mut().no_chunking(true);
    response.head_mut().set_connection_type(ConnectionType::Close);
}

/// Returns whether a client that reconnects may get its events: when the store answers again, or from a server of the
/// later version that wrote the session.
const fn may_succeed_later(error: &StoreError) -> bool {
    error.is_temporary() || matches!(error, StoreError::NewerRecord { .. })
}

/// Returns a stream that ends at once. Browsers reconnect after the end of a stream, but never after an error.
fn retry_later() -> HttpResponse {
    event_stream().body(retry().into_bytestring().map(ByteString::into_bytes).unwrap_or_default())
}

fn event_stream() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Without this, nginx would buffer events instead of passing them on at once.
        .insert_header(("X-Accel-Buffering", "no"));
    response
}

/// One client's stream.
struct Events {
    service: Service,
    streams: web::Data<EventStreams>,
    id: SessionId,
    listener: Listener,
    /// The id of the last event that the client has received on an earlier stream.
    last_event_id: Option<HeaderValue>,
    /// The session of the last update on this stream.
    session: Option<Arc<ReadySession>>,
    phase: Phase,
}

/// What a stream sends next.
enum Phase {
    /// The delay before a reconnect.
    Retry,
    /// Updates and heartbeats.
    Updates,
    /// Nothing more.
    End,
}

impl Events {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let event = match self.phase {
            Phase::Retry => {
                self.phase = Phase::Updates;
                retry()
            }
            Phase::Updates => self.update_or_heartbeat().await,
            Phase::End => return None,
        };
        let bytes = event.into_bytestring().map(ByteString::into_bytes);
        // The only possible error is a line break where none is allowed, and no event here has one.
        bytes.ok().map(|bytes| (Ok(bytes), self))
    }

    /// Waits for the next event to send: a update that is new to the client, a heartbeat, or the end.
    async fn update_or_heartbeat(&mut self) -> Event {
        loop {
            let timeout = self.until_heartbeat_or_expiry();
            tokio::select! {
                biased;
                () = self.streams.shutdown.cancelled() => {
                    self.phase = Phase::End;
                    return retry();
                }
                update = self.listener.next() => {
                    let session = match update {
                        Update::Session(session) => session,
                        Update::Removed => return self.expired(),
                        Update::Unreadable => {
                            // The client reconnects, perhaps to a server of the later version.
                            self.phase = Phase::End;
                            return retry();
                        }
                    };
                    let event = self.event(&session);
                    self.session = Some(session);
                    if let Some(event) = event {
                        return event;
                    }
                }
                () = tokio::time::sleep(timeout) => return self.heartbeat_or_expired(),
            }
        }
    }

    /// Returns the event for a session, or `None` if the client already has it.
    fn event(&self, session: &ReadySession) -> Option<Event> {
        let name = match &self.session {
            None if self.client_has(session) => return None,
            // The only change that gives a session a later revision is a stop.
            Some(known) if known.session().revision < session.session().revision => "stopped",
            // The first session, or the store has lost a stop.
            _ => "session",
        };
        let representation = representation(session, self.service.clock().now()).ok()?;
        let data = ByteString::try_from(representation.body.clone()).ok()?;
        Some(message(name, Some(&representation.entity_tag), data))
    }

    /// Returns whether the client has received this session on an earlier stream. It still has it if the stop has taken effect
    /// since then, which changes the entity tag.
    fn client_has(&self, session: &ReadySession) -> bool {
        let Some(last_event_id) = &self.last_event_id else { return false };
        Status::ALL.into_iter().any(|status| {
            let representation = representation_with(session, status);
            representation.is_ok_and(|representation| *last_event_id == representation.entity_tag)
        })
    }

    /// Returns how long to wait for a update before a heartbeat is due or the session expires, whichever comes first.
    fn until_heartbeat_or_expiry(&self) -> Duration {
        let now = self.service.clock().now();
        let expires_at = self.session.as_ref().and_then(|session| session.session().expires_at);
        let time_left = expires_at.map(|at| u64::try_from(at.millis() - now.millis()).unwrap_or(0));
        let heartbeat_every = self.streams.heartbeat_every;
        time_left.map_or(heartbeat_every, |left| heartbeat_every.min(Duration::from_millis(left)))
    }

    fn heartbeat_or_expired(&mut self) -> Event {
        let now = self.service.clock().now();
        if self.session.as_ref().is_some_and(|session| session.session().has_expired(now)) {
            return self.expired();
        }
        Event::Comment("nothing new".into())
    }

    /// Ends the stream with the last event. It has no id, because it has no session.
    fn expired(&mut self) -> Event {
        self.phase = Phase::End;
        message("expired", None, json!({"id": self.id}).to_string().into())
    }
}

/// Returns an event that tells the client how long to wait before it reconnects.
fn retry() -> Event {
    Event::Retry(Duration::from_millis(fastrand::u64(RETRY_MS)))
}

fn message(name: &'static str, id: Option<&str>, data: ByteString) -> Event {
    Event::Message(Message { id: id.map(ByteString::from), event: Some(name.into()), data, retry: None })
}

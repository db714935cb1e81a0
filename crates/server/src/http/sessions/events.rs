//! `GET /v1/sessions/{id}/events`: changes to a session, as server-sent events.

mod names;
mod settled;

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
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::names::names;
use self::settled::{SettledTimes, look_up_at};
use super::{SessionPath, entity_tags, representation, session_id};
use crate::http::connection::EventBody;
use crate::http::error::ApiError;
use crate::http::problem::{Problem, SessionNotFound};
use crate::http::protection::{Place, Protection};
use crate::http::stage::{Service, Stage};
use crate::telemetry::metrics::{OpenStream, OpenStreams};
use tickseed_session::{
    Listener, Lookup, ReadySession, ServiceError, SessionId, StoreError, Timestamp, Update,
};

/// How many milliseconds a client waits before it reconnects. The delay is random, so that clients do not all come back
/// at once.
const RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=10_000;

/// The settings that all event streams share.
#[derive(Debug, Clone)]
pub struct EventStreams {
    /// How often a silent stream sends a heartbeat. Must be shorter than the idle timeout of proxies, which is often a
    /// minute.
    pub heartbeat_every: Duration,
    /// How often a stream says at most until when its session is settled. It does so after a third of the session's notice if that
    /// is longer.
    pub settled_every: Duration,
    /// Ends all streams when it is cancelled.
    pub shutdown: CancellationToken,
    /// How many streams are open.
    pub open: OpenStreams,
}

impl Default for EventStreams {
    /// A heartbeat every 15 seconds, and an event `settled` at most every second.
    fn default() -> Self {
        Self {
            heartbeat_every: Duration::from_secs(15),
            settled_every: Duration::from_secs(1),
            shutdown: CancellationToken::new(),
            open: OpenStreams::default(),
        }
    }
}

/// Streams changes to a session as server-sent events.
///
/// The events are `session`, the current session, at first and if the store has lost a change; `changed`, whenever the schedule
/// changes or the session is extended; `stopped`, whenever a stop is set or moved to an earlier time; and `expired` or `deleted`,
/// the end. Ticks are never sent. The id of an event with a session is the session's entity tag, as in `ETag`. A client that sends
/// it back as `Last-Event-ID` receives the session again only if it has changed.
///
/// Sessions with a notice have one more event, `settled`: no change and no stop that is not in the session sent last takes effect
/// before `settled_until`. `etag` is the id of that session. The event itself has no id.
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
        (status = 200, description = "Server-sent events. The data of `session`, `changed` and `stopped` is the session; that of \
            `expired` and `deleted` contains only its `id`; that of `settled` is `settled_until` and `etag`. While the store does not answer or is being opened, while the server is about to end, or if only a later version of the server understands the \
            session, the stream sends only `retry` and ends",
            body = String, content_type = "text/event-stream",
            headers(("X-Accel-Buffering" = String, description = "`no`, so that nginx passes events on at once")),
            example = json!("retry: 4711\n\nid: \"5f70bf18…\"\nevent: session\ndata: {\"id\":\"sess_…\",\"revision\":1,…}\n\n")),
        (status = 400, description = "`invalid_fields`: `id` is not a session id", body = Problem,
            content_type = "application/problem+json"),
        SessionNotFound,
        (status = 429, description = "`too_many_streams`: this client has as many event streams as it may; or `rate_limited`",
            body = Problem, content_type = "application/problem+json",
            headers(("RateLimit-Policy" = Option<String>, description = "Only with `rate_limited`: as for `GET /v1/sessions`"),
                ("RateLimit" = Option<String>, description = "Only with `rate_limited`: as for `GET /v1/sessions`"))),
        (status = 500, description = "`internal`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`: the server has as many event streams as it may", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn handle(
    service: Result<Service, ApiError>,
    stage: web::Data<Stage>,
    streams: web::Data<EventStreams>,
    protection: web::Data<Protection>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    let service = match service {
        Ok(service) if !stage.is_draining() => service,
        Ok(_) | Err(ApiError::Opening) => return Ok(retry_later()),
        Err(error) => return Err(error),
    };
    let place = protection.stream(&request)?;
    let slot = if service.find_in_memory(id).is_some() {
        None
    } else {
        match protection.store_slots().take() {
            Ok(slot) => Some(slot),
            Err(_) => return Ok(retry_later()),
        }
    };
    let listener = match service.listen(id).await {
        Ok(listener) => listener,
        Err(ServiceError::Store(error)) if may_succeed_later(&error) => return Ok(retry_later()),
        Err(error) => return Err(error.into()),
    };
    drop(slot);
    let last_event_id = request.headers().get("last-event-id").cloned();
    let events = Events {
        _open: streams.open.one_more(),
        settled: SettledTimes::new(streams.settled_every),
        heartbeat_at: Instant::now() + streams.heartbeat_every,
        service,
        streams,
        id,
        _place: place,
        listener,
        last_event_id,
        known: None,
        following: None,
        phase: Phase::Retry,
    };
    let body = EventBody::new(&request, stream::unfold(events, Events::next));
    let mut response = event_stream().streaming(body);
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
    _open: OpenStream,
    service: Service,
    streams: web::Data<EventStreams>,
    id: SessionId,
    /// Counts towards the limits of streams.
    _place: Place,
    listener: Listener,
    /// The id of the last event that the client has received on an earlier stream.
    last_event_id: Option<HeaderValue>,
    /// What the client has, from this stream or an earlier one.
    known: Option<Known>,
    /// An event that follows the last one at once.
    following: Option<Event>,
    settled: SettledTimes,
    /// When the next heartbeat is due, if nothing else is sent before.
    heartbeat_at: Instant,
    phase: Phase,
}

/// The session that a client has.
struct Known {
    session: Arc<ReadySession>,
    /// The entity tag under which the client got it.
    entity_tag: String,
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
    async fn next(mut self) -> Option<(Bytes, Self)> {
        let event = match self.phase {
            Phase::Retry => {
                self.phase = Phase::Updates;
                retry()
            }
            Phase::Updates => match self.following.take() {
                Some(event) => event,
                None => self.wait_for_event().await,
            },
            Phase::End => return None,
        };
        self.heartbeat_at = Instant::now() + self.streams.heartbeat_every;
        let bytes = event.into_bytestring().map(ByteString::into_bytes);
        // The only possible error is a line break where none is allowed, and no event here has one.
        bytes.ok().map(|bytes| (bytes, self))
    }

    /// Waits for the next event to send: an update that is new to the client, until when its session is settled, a heartbeat, or the
    /// end.
    async fn wait_for_event(&mut self) -> Event {
        loop {
            let (settled_at, wake_at) = (self.settled_due_at(), self.heartbeat_or_expiry_at());
            let event = tokio::select! {
                biased;
                () = self.streams.shutdown.cancelled() => Some(self.end()),
                update = self.listener.next() => self.update(update),
                lookup = look_up_at(settled_at, &self.service, self.id) => self.settled_event(lookup.as_ref()),
                () = sleep_until(wake_at) => self.heartbeat_or_expired(),
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    /// Returns the event for an update, or `None` if the client already has the session.
    fn update(&mut self, update: Update) -> Option<Event> {
        match update {
            Update::Session(session) => self.session_event(session),
            Update::Removed => Some(self.expired()),
            Update::Deleted => Some(self.last("deleted")),
            // The client reconnects, perhaps to a server of the later version.
            Update::Unreadable => Some(self.end()),
        }
    }

    fn session_event(&mut self, session: Arc<ReadySession>) -> Option<Event> {
        let names = match &self.known {
            Some(known) => names(known.session.session(), session.session()),
            None => match self.tag_that_client_has(&session) {
                Some(entity_tag) => {
                    self.known = Some(Known { session, entity_tag });
                    return None;
                }
                None => &["session"],
            },
        };
        let representation = representation(&session, self.service.clock().now()).ok()?;
        let (entity_tag, data) = (representation.entity_tag.clone(), representation.body.clone());
        let data = ByteString::try_from(data).ok()?;
        let mut events = names.iter().map(|name| message(name, Some(&entity_tag), data.clone()));
        let (event, following) = (events.next(), events.next());
        drop(events);
        self.following = following;
        self.known = Some(Known { session, entity_tag });
        self.settled.has_new_session();
        event
    }

    /// Returns the id of the session if the client has received it on an earlier stream. It still has it if a change or the stop has
    /// taken effect since then, which changes the entity tag.
    fn tag_that_client_has(&self, session: &ReadySession) -> Option<String> {
        let last_event_id = self.last_event_id.as_ref()?;
        entity_tags(session).find(|entity_tag| *last_event_id == *entity_tag).map(str::to_owned)
    }

    /// Returns when to look the session up to say until when it is settled.
    fn settled_due_at(&self) -> Option<Instant> {
        let notice = self.known.as_ref()?.session.session().notice;
        self.settled.due_at(notice, Instant::now())
    }

    /// Returns the event that says until when the session is settled. A promise for another session waits until the client has that
    /// session.
    fn settled_event(&mut self, lookup: Option<&Lookup>) -> Option<Event> {
        let known = self.known.as_ref()?;
        let is_known = |found: &&Lookup| {
            Arc::ptr_eq(&found.session, &known.session) || found.session.session() == known.session.session()
        };
        let settled_until = lookup.filter(is_known).and_then(Lookup::settled_until);
        let settled_until: Timestamp = self.settled.tried(settled_until, Instant::now())?;
        let data = json!({"settled_until": settled_until, "etag": known.entity_tag});
        Some(message("settled", None, data.to_string().into()))
    }

    /// Returns when a heartbeat is due or the session expires, whichever comes first.
    fn heartbeat_or_expiry_at(&self) -> Instant {
        let now = self.service.clock().now();
        let expires_at = self.known.as_ref().and_then(|known| known.session.session().expires_at);
        let time_left = expires_at.map(|at| u64::try_from(at.millis() - now.millis()).unwrap_or(0));
        // A heartbeat comes first, or the sum would not fit.
        let expiry = time_left.and_then(|left| Instant::now().checked_add(Duration::from_millis(left)));
        expiry.map_or(self.heartbeat_at, |expiry| expiry.min(self.heartbeat_at))
    }

    fn heartbeat_or_expired(&mut self) -> Option<Event> {
        let now = self.service.clock().now();
        if self.known.as_ref().is_some_and(|known| known.session.session().has_expired(now)) {
            return Some(self.expired());
        }
        (self.heartbeat_at <= Instant::now()).then(|| Event::Comment("nothing new".into()))
    }

    fn expired(&mut self) -> Event {
        self.last("expired")
    }

    /// Ends the stream with this event. It has no id, because it has no session.
    fn last(&mut self, name: &'static str) -> Event {
        self.phase = Phase::End;
        message(name, None, json!({"id": self.id}).to_string().into())
    }

    /// Ends the stream so that the client reconnects.
    fn end(&mut self) -> Event {
        self.phase = Phase::End;
        retry()
    }
}

/// Returns an event that tells the client how long to wait before it reconnects.
fn retry() -> Event {
    Event::Retry(Duration::from_millis(fastrand::u64(RETRY_MS)))
}

fn message(name: &'static str, id: Option<&str>, data: ByteString) -> Event {
    Event::Message(Message { id: id.map(ByteString::from), event: Some(name.into()), data, retry: None })
}

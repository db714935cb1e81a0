//! What the operator learns of a request: a line in the access log, and metrics. Both are off by default, and cost nothing then.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, Uri};

use super::client_address::ClientAddress;
use super::protection::client_of;
use super::query::shown_query;
use super::request_id::{HEADER, RequestId};
use crate::excerpt::excerpt;
use crate::telemetry::metrics::{MethodLabel, Tally};
use crate::telemetry::{ACCESS_TARGET, RouteLabel};
use tickseed_session::Clock;

/// Observes the requests of one worker.
pub struct RequestObserver {
    clock: Arc<dyn Clock>,
    tally: Option<Arc<Tally>>,
    logs: bool,
}

/// A request in progress that is observed.
pub(super) struct Observed {
    began: Instant,
    method: MethodLabel,
    route: RouteLabel,
    /// Only with the access log.
    line: Option<Box<Line>>,
}

/// What a line of the access log says besides the answer.
struct Line {
    method: Method,
    uri: Uri,
    client: Option<IpAddr>,
    id: RequestId,
}

impl RequestObserver {
    /// Counts requests in `tally`, and logs each of them if `logs` is set.
    #[must_use]
    pub const fn new(clock: Arc<dyn Clock>, tally: Option<Arc<Tally>>, logs: bool) -> Self {
        Self { clock, tally, logs }
    }

    /// Returns the clock of the server.
    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Begins to observe a request, if anybody wants to know.
    pub(super) fn begin(&self, request: &ServiceRequest) -> Option<Observed> {
        if self.tally.is_none() && !self.logs {
            return None;
        }
        let line = self.logs.then(|| Box::new(Line::of(request)));
        let (method, route) = (MethodLabel::of(request.method()), RouteLabel::of(request.path()));
        Some(Observed { began: Instant::now(), method, route, line })
    }

    /// Ends with the response.
    pub(super) fn end<B: MessageBody>(&self, observed: Option<Observed>, response: &mut ServiceResponse<B>) {
        let Some(observed) = observed else { return };
        if let Some(line) = &observed.line
            && let Some(id) = line.id.header_value()
        {
            response.headers_mut().insert(HEADER, id);
        }
        let bytes = match response.response().body().size() {
            BodySize::None => Some(0),
            BodySize::Sized(bytes) => Some(bytes),
            BodySize::Stream => None,
        };
        self.note(&observed, response.status(), bytes);
    }

    /// Ends without a response, because the handler has panicked.
    pub(super) fn end_with_panic(&self, observed: Option<Observed>) {
        if let Some(observed) = observed {
            self.note(&observed, StatusCode::INTERNAL_SERVER_ERROR, None);
        }
    }

    fn note(&self, observed: &Observed, status: StatusCode, bytes: Option<u64>) {
        let Observed { began, method, route, line } = observed;
        let duration = began.elapsed();
        if let Some(tally) = &self.tally {
            tally.count(*method, *route, status, duration);
        }
        if let Some(line) = line {
            line.log(*route, status, duration, bytes);
        }
    }
}

impl Observed {
    /// Returns the id of the request, which it has only with the access log.
    pub(super) fn id(&self) -> Option<RequestId> {
        self.line.as_ref().map(|line| line.id)
    }
}

impl Line {
    fn of(request: &ServiceRequest) -> Self {
        let id = RequestId::of(request.headers());
        // For the line about a failure.
        request.extensions_mut().insert(id);
        let client = client_of(request.request()).map(ClientAddress::ip);
        Self { method: request.method().clone(), uri: request.uri().clone(), client, id }
    }

    fn log(&self, route: RouteLabel, status: StatusCode, duration: Duration, bytes: Option<u64>) {
        let Self { method, uri, client, id } = self;
        tracing::info!(
            target: ACCESS_TARGET,
            method = %excerpt(method.as_str()),
            route = route.pattern(),
            path = excerpt(uri.path()),
            query = uri.query().map(shown_query),
            status = status.as_u16(),
            duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            bytes,
            client = client.map(tracing::field::display),
            request_id = %id,
            "request"
        );
    }
}

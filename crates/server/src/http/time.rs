//! `GET /v1/time`: the server's time, to which clients set their clocks.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, ReqData};
use serde::Serialize;
use utoipa::ToSchema;

use super::instance_id::InstanceId;
use super::problem::Problem;
use tickseed_session::Clock;

/// The path of the route.
pub(super) const PATH: &str = "/v1/time";

/// The server's time. A client that notes when it sent the request and received the response can compute the offset of
/// its own clock. The error is at most half of the round trip.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Time<'a> {
    /// The same instant as `sent_us`, in milliseconds since the Unix epoch.
    #[schema(example = 1_795_435_200_123_i64)]
    now_ms: i64,
    /// When the server received the request, in microseconds since the Unix epoch.
    #[schema(example = 1_795_435_200_123_456_i64)]
    received_us: i64,
    /// When the server produced the response, in microseconds since the Unix epoch.
    #[schema(example = 1_795_435_200_123_478_i64)]
    sent_us: i64,
    /// Identifies the server process and its clock. The servers behind one address have slightly different clocks; this says whose
    /// time it is. It changes when the clock of the machine is set by more than 100 ms.
    #[schema(value_type = String, example = "5f1c0a9be3d2")]
    server: &'a InstanceId,
}

/// Returns the server's time.
///
/// Never cached. The query string is ignored.
#[utoipa::path(
    get,
    path = "/v1/time",
    tag = "time",
    operation_id = "getTime",
    responses(
        (status = 200, description = "The server's time", body = Time, headers(
            ("Cache-Control" = String, description = "`no-store`")
        )),
        (status = 429, description = "`rate_limited`: this client has sent too many requests, and the server limits them",
            body = Problem, content_type = "application/problem+json",
            headers(("RateLimit-Policy" = String, description = "As for `GET /v1/sessions`"),
                ("RateLimit" = String, description = "As for `GET /v1/sessions`"))),
        (status = 503, description = "`overloaded`: the server has as many connections as it may", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn handle(
    clock: web::Data<dyn Clock>,
    server: web::Data<InstanceId>,
    received: ReqData<ReceivedAt>,
) -> HttpResponse {
    // Before the id is read, which changes if the clock has been set.
    let sent_us = server.time_us(&**clock);
    let time = Time { now_ms: sent_us / 1_000, received_us: received.us, sent_us, server: &server };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(time)
}

/// When the server received a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReceivedAt {
    /// Microseconds since the Unix epoch.
    us: i64,
}

impl ReceivedAt {
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { us: clock.now_us() }
    }
}

//! `GET /v1/time`: the server's time, for clients that set their clocks by it.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::{self, ReqData};
use actix_web::{Error, HttpMessage, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::instance_id::InstanceId;
use tickseed_session::SessionService;

/// The server's time. A client that knows when it asked and when it was answered gets the offset of its own clock, and
/// half the way there and back as the bound of the error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Time<'a> {
    /// The same instant as `sent_us`, in milliseconds since the Unix epoch.
    #[schema(example = 1_795_435_200_123_i64)]
    now_ms: i64,
    /// When the server took the request up, in microseconds since the Unix epoch.
    #[schema(example = 1_795_435_200_123_456_i64)]
    received_us: i64,
    /// When the answer was made, in microseconds since the Unix epoch.
    #[schema(example = 1_795_435_200_123_478_i64)]
    sent_us: i64,
    /// Which server answered: the same text for as long as its process runs, another for every other. Where several answer
    /// behind one address their clocks differ, and this tells whose it was.
    #[schema(value_type = String, example = "5f1c0a9be3d2")]
    server: &'a InstanceId,
}

/// The server's time. Never cached. A query string is ignored.
#[utoipa::path(
    get,
    path = "/v1/time",
    tag = "time",
    operation_id = "getTime",
    responses((status = 200, description = "The server's time", body = Time, headers(
        ("Cache-Control" = String, description = "`no-store`")
    )))
)]
pub(super) async fn handle(
    service: web::Data<SessionService>,
    server: web::Data<InstanceId>,
    received: ReqData<Received>,
) -> HttpResponse {
    let sent_us = service.clock().now_us();
    let time = Time { now_ms: sent_us / 1_000, received_us: received.us, sent_us, server: &server };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(time)
}

/// When a request was taken up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received {
    /// Microseconds since the Unix epoch.
    us: i64,
}

/// Notes when a request was taken up: to be the outermost layer, so that nothing of ours has been done before.
///
/// # Errors
///
/// Those of the layers within.
pub async fn stamp_received<B: MessageBody>(
    service: web::Data<SessionService>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    request.extensions_mut().insert(Received { us: service.clock().now_us() });
    next.call(request).await
}

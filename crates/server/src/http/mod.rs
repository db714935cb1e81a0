//! The REST API and the pages: one file per endpoint, one table of errors.

mod access;
mod access_error;
mod bodyless;
mod client_address;
mod connection;
mod cross_origin;
mod docs;
mod entity_tag;
mod error;
mod error_code;
mod every_request;
mod failures;
mod fields;
#[cfg(test)]
mod fuzz;
mod health;
mod idempotency;
mod if_match;
mod instance_id;
mod json_object;
mod observe;
mod openapi;
mod origins;
mod overload;
mod page;
mod problem;
mod protection;
mod query;
mod rate_limited;
mod read_route;
mod request_id;
mod schedule_error;
mod sessions;
mod stage;
mod strict_json;
mod time;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, Route, guard};

use error::ApiError;
use read_route::ReadRoute;

pub use client_address::{ClientAddress, ClientNetwork, InvalidNetworks, TrustedProxies};
pub use connection::{ConnectionOptions, serve};
pub use every_request::every_request;
pub use instance_id::InstanceId;
pub use json_object::Limits;
pub use observe::RequestObserver;
pub use openapi::openapi_json;
pub use origins::{AllowedOrigins, InvalidOrigins};
pub use protection::{
    CreationLimits, DEFAULT_MAX_IN_FLIGHT, OpenConnection, Protection, ProtectionOptions, RateLimit,
};
pub use sessions::events::EventStreams;
pub use stage::Stage;

/// Registers every route. The handlers expect a [`Stage`], a [`Clock`](tickseed_session::Clock), an [`InstanceId`],
/// [`EventStreams`], an [`Access`](crate::access::Access) and a [`Protection`] in the app's data; [`every_request()`] expects a
/// [`RequestObserver`].
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(web::PathConfig::default().error_handler(|_, request| not_found(request).into()))
        .service(
            resource("/v1/sessions", "GET, HEAD, POST")
                .route(get_or_head().to(sessions::list::handle))
                .route(web::post().to(sessions::create::handle)),
        )
        .service(ReadRoute)
        .service(
            resource("/v1/sessions/{id}", "GET, HEAD, DELETE")
                .route(get_or_head().to(sessions::read::handle))
                .route(web::delete().to(sessions::delete::handle)),
        )
        .service(resource("/v1/sessions/{id}/events", "GET").route(web::get().to(sessions::events::handle)))
        .service(
            resource("/v1/sessions/{id}/state", GET_HEAD).route(get_or_head().to(sessions::state::handle)),
        )
        .service(resource("/v1/sessions/{id}/extend", "POST").route(web::post().to(sessions::extend::handle)))
        .service(resource("/v1/sessions/{id}/stop", "POST").route(web::post().to(sessions::stop::handle)))
        .service(resource("/v1/sessions/{id}/token", "POST").route(web::post().to(sessions::token::handle)))
        .service(resource("/v1/sessions/{id}/pause", "POST").route(web::post().to(sessions::pause::handle)))
        .service(resource("/v1/sessions/{id}/resume", "POST").route(web::post().to(sessions::resume::handle)))
        .service(resource("/v1/sessions/{id}/rate", "POST").route(web::post().to(sessions::rate::handle)))
        .service(
            resource("/v1/sessions/{id}/withdraw", "POST").route(web::post().to(sessions::withdraw::handle)),
        )
        .service(resource(time::PATH, GET_HEAD).route(get_or_head().to(time::handle)))
        .service(resource("/healthz", GET_HEAD).route(get_or_head().to(health::alive)))
        .service(resource("/readyz", GET_HEAD).route(get_or_head().to(health::ready)))
        .service(resource("/openapi.json", GET_HEAD).route(get_or_head().to(openapi::handle)))
        .service(resource("/docs", GET_HEAD).route(get_or_head().to(docs::redirect)))
        .service(resource("/docs/{file:.*}", GET_HEAD).route(get_or_head().to(docs::handle)))
        .default_service(web::to(page::handle));
}

/// The value of `Referrer-Policy` of every page: the address of a session is not handed to other sites.
const NO_REFERRER: &str = "no-referrer";

/// The methods of a read-only address.
const GET_HEAD: &str = "GET, HEAD";

fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Creates a resource. Every method without a route gets 405 with `allow`.
fn resource(path: &str, allow: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move { method_not_allowed(allow) }))
}

fn not_found(request: &HttpRequest) -> ApiError {
    ApiError::NotFound { path: request.path().to_owned() }
}

fn method_not_allowed(allow: &'static str) -> HttpResponse {
    ApiError::MethodNotAllowed { allow }.error_response()
}

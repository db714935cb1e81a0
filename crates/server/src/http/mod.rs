//! The REST API and the pages: one file an endpoint, one table of errors.

mod cross_origin;
mod docs;
mod entity_tag;
mod error;
mod error_code;
mod failures;
mod fields;
mod health;
mod instance_id;
mod json_object;
mod openapi;
mod page;
mod problem;
mod sessions;
mod strict_json;
mod time;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, Route, guard};

use error::ApiError;

pub use cross_origin::{answer_preflights, headers_of_every_answer};
pub use failures::log_failures;
pub use instance_id::InstanceId;
pub use json_object::Limits;
pub use openapi::openapi_json;
pub use sessions::events::EventStreams;
pub use time::stamp_received;

/// Every route. What needs sessions finds a [`SessionService`](tickseed_session::SessionService) in the app's data, and the
/// route of the time a [`InstanceId`].
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(web::PathConfig::default().error_handler(|_, request| nothing_at(request).into()))
        .service(resource("/v1/sessions", "POST").route(web::post().to(sessions::create::handle)))
        .service(resource("/v1/sessions/{id}", READ).route(read().to(sessions::read::handle)))
        .service(resource("/v1/sessions/{id}/events", "GET").route(web::get().to(sessions::events::handle)))
        .service(resource("/v1/sessions/{id}/state", READ).route(read().to(sessions::state::handle)))
        .service(resource("/v1/sessions/{id}/stop", "POST").route(web::post().to(sessions::stop::handle)))
        .service(resource("/v1/time", READ).route(read().to(time::handle)))
        .service(resource("/healthz", READ).route(read().to(health::alive)))
        .service(resource("/readyz", READ).route(read().to(health::ready)))
        .service(resource("/openapi.json", READ).route(read().to(openapi::handle)))
        .service(resource("/docs", READ).route(read().to(docs::redirect)))
        .service(resource("/docs/{file:.*}", READ).route(read().to(docs::handle)))
        .default_service(web::to(page::handle));
}

/// The methods of what can only be read.
const READ: &str = "GET, HEAD";

fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A resource that answers 405 with `allow` to every method that it is given no route for.
fn resource(path: &str, allow: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move { refuse_method(allow) }))
}

fn nothing_at(request: &HttpRequest) -> ApiError {
    ApiError::NotFound { path: request.path().to_owned() }
}

fn refuse_method(allow: &'static str) -> HttpResponse {
    ApiError::MethodNotAllowed { allow }.error_response()
}

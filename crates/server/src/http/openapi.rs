//! `GET /openapi.json`: the description of the API, generated from the code.

mod headers;
mod instants;
mod retries;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentType};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use self::headers::{HeadersOfEveryResponse, NeverNull};
use self::instants::Instants;
use self::retries::Retries;
use super::{health, sessions, time};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "tickseed",
        description = "Hands out sessions (seed, start_at, tick_ms, rules, schedule). From a session, every client computes the same \
                       state at any instant.",
        license(name = "MIT", identifier = "MIT"),
    ),
    paths(
        sessions::create::handle,
        sessions::list::handle,
        sessions::read::handle,
        sessions::delete::handle,
        sessions::events::handle,
        sessions::state::handle,
        sessions::pause::handle,
        sessions::resume::handle,
        sessions::rate::handle,
        sessions::withdraw::handle,
        sessions::stop::handle,
        sessions::extend::handle,
        sessions::token::handle,
        time::handle,
        health::alive,
        health::ready,
    ),
    modifiers(&Bearer, &Instants, &Retries, &NeverNull, &HeadersOfEveryResponse),
    tags(
        (name = "sessions", description = "Sessions and their state"),
        (name = "time", description = "The server's time"),
        (name = "health", description = "Whether the server is alive and can serve sessions"),
    ),
    servers((url = "/", description = "This server"))
)]
struct Api;

/// How credentials travel.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description =
            Some("A control token or an API key. Not asked for with `--access open`".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut json = Api::openapi().to_pretty_json().unwrap_or_default();
    json.push('\n');
    json
});

/// Returns the OpenAPI 3.1 document. `docs/openapi.json` is a copy of it.
#[must_use]
pub fn openapi_json() -> &'static str {
    &DOCUMENT
}

pub(super) async fn handle() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(openapi_json())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::telemetry::RouteLabel;

    #[test]
    fn every_route_has_a_label_of_its_own() {
        let document: Value = serde_json::from_str(openapi_json()).unwrap();
        for pattern in document["paths"].as_object().unwrap().keys() {
            let path = pattern.replace("{id}", "sess_0");
            assert_eq!(RouteLabel::of(&path).pattern(), pattern, "add {pattern} to telemetry::route");
        }
    }
}

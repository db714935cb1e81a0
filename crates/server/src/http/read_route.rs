//! The route of reading a session: most requests are reads, and the router's regular expressions would take a tenth of the time of
//! each.

use actix_web::HttpRequest;
use actix_web::dev::{AppService, HttpServiceFactory, ResourceDef};
use actix_web::guard::{Guard, GuardContext, fn_guard};
use actix_web::http::Method;
use actix_web::web;

use super::sessions::read;

/// The path that precedes the id.
const PREFIX: &str = "/v1/sessions";

/// A short way to the handler for `GET` and `HEAD` of `/v1/sessions/{id}`. It comes before the resource of that path, which answers
/// the other methods, and these too if the path is spelled in another way: `/%761/sessions/{id}`.
pub(super) struct ReadRoute;

impl HttpServiceFactory for ReadRoute {
    fn register(self, config: &mut AppService) {
        let guards: Vec<Box<dyn Guard>> = vec![Box::new(fn_guard(is_read))];
        config.register_service(
            ResourceDef::prefix(PREFIX),
            Some(guards),
            web::route().to(read::handle),
            None,
        );
    }
}

fn is_read(context: &GuardContext<'_>) -> bool {
    let head = context.head();
    matches!(head.method, Method::GET | Method::HEAD) && id_in(head.uri.path()).is_some()
}

/// Returns the text in the place of the id, in a request to read a session.
pub(super) fn id_text(request: &HttpRequest) -> &str {
    id_in(request.match_info().as_str()).unwrap_or_default()
}

fn id_in(path: &str) -> Option<&str> {
    let id = path.strip_prefix(PREFIX)?.strip_prefix('/')?;
    Some(id).filter(|id| !id.is_empty() && !id.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_with_one_more_segment_has_an_id() {
        assert_eq!(id_in("/v1/sessions/sess_1"), Some("sess_1"));
        for path in
            ["/v1/sessions", "/v1/sessions/", "/v1/sessions/a/state", "/v1/sessionsa", "/v1/session/a", "/"]
        {
            assert_eq!(id_in(path), None, "{path}");
        }
    }
}

//! The route of reading a session: most requests are reads, and the router's regular expressions would take a tenth of the time of
//! each.

use actix_web::dev::{AppService, HttpServiceFactory, ResourceDef};
use actix_web::guard::{Guard, GuardContext, fn_guard};
use actix_web::http::Method;
use actix_web::web;

use super::sessions::read::{self, PREFIX, id_in};

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

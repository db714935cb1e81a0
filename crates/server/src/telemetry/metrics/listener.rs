//! The port for Prometheus.

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::http::header;
use actix_web::{App, HttpResponse, HttpServer, guard, web};

use super::Metrics;

/// How many seconds a scrape in progress may take when the server ends.
const SHUTDOWN_SECONDS: u64 = 1;

/// The text format of Prometheus.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves metrics on a listener of their own. The server runs until it is stopped.
pub(crate) fn serve(listener: TcpListener, metrics: &'static Metrics) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        let page = web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
        let page = page.to(move || async move { answer(metrics) });
        App::new().route("/metrics", page).default_service(web::to(not_found))
    });
    // One thread is enough for a scrape every few seconds.
    let server = server.workers(1).listen(listener)?.shutdown_timeout(SHUTDOWN_SECONDS);
    Ok(server.disable_signals().run())
}

fn answer(metrics: &Metrics) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type(MEDIA_TYPE).insert_header((header::CACHE_CONTROL, "no-store"));
    response.body(metrics.render())
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("metrics are at /metrics\n")
}

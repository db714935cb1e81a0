//! A minimal actix-web server, the baseline of `scripts/bench-server`. It prints the address it listens on.

use std::io::{Write, stdout};

use actix_web::{App, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let app = || App::new().route("/", web::get().to(async || "Hello, world!"));
    let server = HttpServer::new(app).bind("127.0.0.1:0")?;
    writeln!(stdout(), "hello-world listens on http://{}", server.addrs()[0])?;
    server.run().await
}

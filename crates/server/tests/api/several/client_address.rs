//! The address of a client behind nginx, with the configuration of `deploy/`.

use reqwest::Method;
use tempfile::TempDir;

use super::nginx::Nginx;
use crate::support::{Process, serve_command};

/// A session that does not exist, which is as good as another one here.
const STATE: &str = "/v1/sessions/sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21/state";

/// How many requests a server admits at once.
const BURST: u32 = 3;

fn limited_server(folder: &TempDir) -> Process {
    let mut command = serve_command(folder.path());
    command.env("TICKSEED_TRUSTED_PROXIES", "127.0.0.1").env("TICKSEED_ACCESS", "open");
    command.env("TICKSEED_RATE_LIMIT", "1").env("TICKSEED_RATE_BURST", BURST.to_string());
    Process::spawn(&mut command)
}

#[tokio::test]
async fn nginx_hands_on_nothing_that_a_client_says_about_its_address() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let servers = folders.each_ref().map(limited_server);
    let nginx = Nginx::start(servers.each_ref().map(|server| &server.api)).await;
    let mut refused = 0;
    for number in 0..40 {
        let address = format!("203.0.113.{number}");
        let request = nginx.api.request(Method::GET, STATE).header("x-forwarded-for", &address);
        let request = request.header("forwarded", format!("for={address}"));
        let status = request.send().await.unwrap().status().as_u16();
        assert!(matches!(status, 404 | 429), "{status}");
        refused += u32::from(status == 429);
    }
    // A few are admitted meanwhile. With addresses that the client makes up, all would be.
    assert!(refused >= 10, "{refused}");
}

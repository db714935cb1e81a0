//! What protects the server from too much.

mod connections;
mod creation;
mod headers;
mod origins;
mod overload;
mod rates;
mod settings;
mod streams;

use std::num::NonZeroUsize;
use std::sync::Arc;

use reqwest::Method;
use tempfile::TempDir;
use tickseed_server::access::Access;
use tickseed_server::app::Options;
use tickseed_server::http::ProtectionOptions;
use tickseed_store::EmbeddedStore;

use crate::support::{LocalServer, Response, TestClock};

/// A server with limits, and the clock that it goes by.
pub(crate) struct LimitedServer {
    pub(crate) server: LocalServer,
    clock: TestClock,
    // Dropped after the server that uses it.
    _folder: TempDir,
}

impl LimitedServer {
    /// Starts a server for which this machine is a proxy that is trusted, so that a test can have many addresses.
    pub(crate) fn start(protection: ProtectionOptions) -> Self {
        Self::with_access(protection, Access::default())
    }

    /// As [`start`](Self::start), with API keys.
    fn with_access(protection: ProtectionOptions, access: Access) -> Self {
        let trusted_proxies = "127.0.0.0/8".parse().unwrap();
        let protection = ProtectionOptions { trusted_proxies, ..protection };
        Self::with_options(Options { protection, access, ..Options::default() })
    }

    fn with_options(options: Options) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = TestClock::stopped();
        let store = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
        let server = LocalServer::with_store(Arc::new(store), clock.clone(), options);
        Self { server, clock, _folder: folder }
    }

    /// Sends a request for a client with this address.
    async fn send_from(&self, address: &str, method: Method, path: &str) -> Response {
        let request = self.server.api.request(method, path).header("x-forwarded-for", address);
        Response::read(request.send().await.unwrap()).await
    }

    async fn get_from(&self, address: &str, path: &str) -> Response {
        self.send_from(address, Method::GET, path).await
    }

    /// Creates a session for a client with this address.
    async fn create_from(&self, address: &str) -> Response {
        let request =
            self.server.api.request(Method::POST, "/v1/sessions").header("x-forwarded-for", address);
        let request = request.header("content-type", "application/json").body(r#"{"tick_ms":100}"#);
        Response::read(request.send().await.unwrap()).await
    }
}

/// Starts a server without a proxy.
fn local(protection: ProtectionOptions) -> LocalServer {
    LocalServer::with_options(Options { protection, ..Options::default() })
}

fn at_most(count: usize) -> Option<NonZeroUsize> {
    NonZeroUsize::new(count)
}

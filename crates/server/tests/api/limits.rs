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
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use tempfile::TempDir;
use tickseed_server::access::Access;
use tickseed_server::app::Options;
use tickseed_server::http::ProtectionOptions;
use tickseed_session::Clock;
use tickseed_store::EmbeddedStore;

use crate::support::{LocalServer, Response, TestClock};

/// A clock with an uptime that the test sets. Its clones have the same uptime.
#[derive(Clone)]
pub(crate) struct StoppedClock {
    clock: TestClock,
    uptime_ms: Arc<AtomicU64>,
}

impl StoppedClock {
    pub(crate) fn new() -> Self {
        Self { clock: TestClock::new(), uptime_ms: Arc::default() }
    }

    /// Sets the time, and leaves the uptime alone.
    pub(crate) const fn time(&self) -> &TestClock {
        &self.clock
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        self.uptime_ms.fetch_add(u64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for StoppedClock {
    fn now_us(&self) -> i64 {
        self.clock.now_us()
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(self.uptime_ms.load(Ordering::SeqCst))
    }
}

/// A server with limits, and the clock that it goes by.
pub(crate) struct LimitedServer {
    pub(crate) server: LocalServer,
    clock: StoppedClock,
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
        let clock = StoppedClock::new();
        let store = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
        let server =
            LocalServer::with_clock(Arc::new(store), Arc::new(clock.clone()), clock.clock.clone(), options);
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

//! Planted panics: one in a background task ends the server with an error, one in a handler only fails its request.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;
use tickseed_server::app::{self, Options, ServeError};
use tickseed_server::http::InstanceId;
use tickseed_session::{
    CacheSize, Clock, Created, Deadline, Deleted, Replaced, Session, SessionId, SessionPage, SessionService,
    SessionStore, StoreError, SystemClock, TimeToLive, Timestamp,
};
use tickseed_store::test_servers::RedisServer;
use tickseed_store::{EmbeddedStore, OpenOptions, StoreAddress, StoreTimeout};
use tokio::sync::oneshot;

use crate::listener::stop_in_the_future;
use crate::support::Api;

/// The name of the thread of [`app::run`], which is also that of its tasks.
const MAIN: &str = "main-of-the-server";

/// Where a panic happens.
#[derive(Clone)]
struct Bomb {
    /// A part of the thread's name.
    thread: &'static str,
    is_armed: Arc<AtomicBool>,
}

impl Bomb {
    fn new(thread: &'static str) -> Self {
        Self { thread, is_armed: Arc::default() }
    }

    fn arm(&self) {
        self.is_armed.store(true, Ordering::SeqCst);
    }

    fn go_off(&self) {
        let is_here = thread::current().name().is_some_and(|name| name.contains(self.thread));
        assert!(!is_here || !self.is_armed.load(Ordering::SeqCst), "planted");
    }
}

/// A clock that panics.
struct ExplosiveClock(Bomb);

impl Clock for ExplosiveClock {
    fn now_us(&self) -> i64 {
        self.0.go_off();
        SystemClock.now_us()
    }

    fn uptime(&self) -> Duration {
        self.0.go_off();
        SystemClock.uptime()
    }
}

/// A store without a change feed that panics when it is read or cleared.
struct ExplosiveStore {
    inner: EmbeddedStore,
    find: Bomb,
    remove_expired: Bomb,
}

#[async_trait]
impl SessionStore for ExplosiveStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.inner.create(session).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.find.go_off();
        self.inner.find(id).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        self.inner.compare_and_set(session, deadline).await
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        self.inner.delete(session, deadline).await
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        self.inner.list(after, limit).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.remove_expired.go_off();
        self.inner.remove_expired(now).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }
}

/// A server whose end is part of the test.
struct Server {
    api: Api,
    shutdown: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    fn start(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Self {
        let service =
            SessionService::new(store, clock, TimeToLive::from_seconds(0), CacheSize::from_megabytes(0));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = Api::new(format!("http://{}", listener.local_addr().unwrap()));
        let (shutdown, stopped) = oneshot::channel::<()>();
        let serve = move || {
            let shutdown = async move {
                drop(stopped.await);
                Duration::ZERO
            };
            let options = Options { remove_expired_every: Duration::from_millis(1), ..Options::default() };
            let run = app::run(listener, service, InstanceId::random(), options, shutdown);
            actix_web::rt::System::new().block_on(run)
        };
        let thread = thread::Builder::new().name(MAIN.to_owned()).spawn(serve).unwrap();
        Self { api, shutdown, thread }
    }

    /// Waits until the server has ended by itself, and returns its error.
    async fn error(self) -> String {
        let Self { thread, shutdown, .. } = self;
        let ended = tokio::task::spawn_blocking(move || thread.join().expect("the panic is caught"));
        let ended = tokio::time::timeout(crate::support::DEADLINE, ended).await.expect("it ends in time");
        drop(shutdown);
        ended.unwrap().unwrap_err().to_string()
    }
}

fn explosive_store(folder: &TempDir, find: &Bomb, remove_expired: &Bomb) -> Arc<ExplosiveStore> {
    let inner = EmbeddedStore::open(folder.path(), Arc::new(SystemClock)).unwrap();
    Arc::new(ExplosiveStore { inner, find: find.clone(), remove_expired: remove_expired.clone() })
}

#[tokio::test]
async fn a_panic_in_a_task_of_the_server_ends_it() {
    for (is_read, task) in
        [(true, "the task that keeps listeners current"), (false, "the removal of expired sessions")]
    {
        let (folder, bomb, none) = (TempDir::new().unwrap(), Bomb::new(MAIN), Bomb::new("nowhere"));
        let store = if is_read {
            explosive_store(&folder, &bomb, &none)
        } else {
            explosive_store(&folder, &none, &bomb)
        };
        let server = Server::start(store, Arc::new(SystemClock));
        let path = server.api.create(r#"{"tick_ms":100}"#).await;
        let _listener = crate::listener::Listener::start(&server.api, &path).await;
        bomb.arm();
        let expected =
            format!("the server cannot go on, because of a bug: {task} has panicked; the log says more");
        assert_eq!(server.error().await, expected);
    }
}

#[tokio::test]
async fn a_panic_in_the_writer_of_the_embedded_store_ends_the_server() {
    let (folder, bomb) = (TempDir::new().unwrap(), Bomb::new("store-writer"));
    let clock: Arc<dyn Clock> = Arc::new(ExplosiveClock(bomb.clone()));
    let store = EmbeddedStore::open(folder.path(), Arc::clone(&clock)).unwrap();
    let server = Server::start(Arc::new(store), clock);
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    assert_eq!(stop_in_the_future(&server.api, &path, 1).await.status, 200);
    bomb.arm();
    // The writer looks at the clock, because the first stop has a deadline.
    stop_in_the_future(&server.api, &path, 2).await.problem(503, "store_unavailable");
    let error = server.error().await;
    assert!(error.contains("the writer of the embedded store has panicked"), "{error}");
}

#[tokio::test]
async fn a_panic_in_the_change_feed_of_redis_ends_the_server() {
    let (redis, bomb) = (RedisServer::start(&[]), Bomb::new("redis"));
    let clock: Arc<dyn Clock> = Arc::new(ExplosiveClock(bomb.clone()));
    let options = OpenOptions {
        data_dir: redis.folder().to_owned(),
        wait: crate::support::DEADLINE,
        timeout: StoreTimeout::default(),
        loss: None,
        max_sessions: None,
        clock_confirmed_until: None,
        clock: Arc::clone(&clock),
    };
    let store = StoreAddress::parse(&redis.address(), None).unwrap().open(options).await.unwrap();
    let server = Server::start(store, clock);
    assert_eq!(server.api.get("/healthz").await.status, 200);
    bomb.arm();
    let error = server.error().await;
    assert!(error.contains("the change feed of a Redis has panicked"), "{error}");
}

#[tokio::test]
async fn a_panic_in_a_handler_fails_only_its_request() {
    let (folder, bomb, none) = (TempDir::new().unwrap(), Bomb::new("actix"), Bomb::new("nowhere"));
    let server = Server::start(explosive_store(&folder, &bomb, &none), Arc::new(SystemClock));
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    bomb.arm();
    for _ in 0..20 {
        server.api.get(&path).await.problem(500, "internal");
    }
    bomb.is_armed.store(false, Ordering::SeqCst);
    assert_eq!(server.api.get(&path).await.status, 200);
    drop(server.shutdown);
    server.thread.join().unwrap().unwrap();
}

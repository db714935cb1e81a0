//! The servers under test: the real binary, and the real server in this process with a clock that the test sets.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tickseed_server::app::{self, Options};
use tickseed_server::http::InstanceId;
use tickseed_session::{CacheSize, SessionService, SessionStore, TimeToLive};
use tickseed_store::EmbeddedStore;
use tickseed_store::test_servers::RedisServer;
use tokio::sync::oneshot;

pub(crate) use tickseed_session::acceptance::{DEADLINE, LOOK_EVERY, NOW, TestClock};

/// A client of one server.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) base: String,
    client: Client,
}

impl Api {
    pub(crate) fn new(base: String) -> Self {
        // The server keeps idle connections for longer, so no request is sent on a connection that it is closing.
        let client = Client::builder().timeout(DEADLINE).pool_idle_timeout(Duration::from_secs(2));
        let client = client.build().expect("a client without TLS can be built");
        Self { base, client }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        Response::read(self.request(Method::GET, path).send().await.expect("the server answers")).await
    }

    /// Posts a body as JSON.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Response {
        self.try_post(path, body).await.expect("the server answers")
    }

    /// Posts a body as JSON to a server that may be killed meanwhile.
    pub(crate) async fn try_post(&self, path: &str, body: &str) -> reqwest::Result<Response> {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        Ok(Response::read(request.body(body.to_owned()).send().await?).await)
    }

    /// Posts a body as JSON with an idempotency key.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &str) -> Response {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        Response::read(request.send().await.expect("the server answers")).await
    }

    /// Creates a session and returns its path.
    pub(crate) async fn create(&self, body: &str) -> String {
        let response = self.post("/v1/sessions", body).await;
        assert_eq!(response.status, 201, "{}", response.text);
        response.header("location").to_owned()
    }
}

/// A response and its whole body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Response {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap_or_default() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// Returns the names of the headers, in lower case.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = String> {
        self.headers.keys().map(|name| name.as_str().to_owned())
    }

    /// Checks that this is a problem with this status and code, and returns its body.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], "about:blank");
        assert!(["title", "detail"].iter().all(|key| !problem[key].as_str().unwrap_or_default().is_empty()));
        problem
    }

    /// Checks that this field is the only invalid one, and returns the message.
    pub(crate) fn invalid_field(&self, field: &str) -> String {
        let problem = self.problem(400, "invalid_fields");
        let errors = problem["errors"].as_array().expect("errors is a list");
        assert_eq!(errors.len(), 1, "{}", self.text);
        assert_eq!(errors[0]["field"], field, "{}", self.text);
        errors[0]["message"].as_str().expect("a message is a string").to_owned()
    }
}

/// A server in this process with its own store and a clock that the test sets.
pub(crate) struct LocalServer {
    pub(crate) api: Api,
    pub(crate) clock: TestClock,
    pub(crate) instance_id: InstanceId,
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    folder: Option<TempDir>,
}

impl LocalServer {
    /// Starts a server that keeps sessions for an hour. Dropping it removes its data folder.
    pub(crate) fn start() -> Self {
        Self::with_options(Options::default())
    }

    /// Starts a server with these options.
    pub(crate) fn with_options(options: Options) -> Self {
        Self::over_embedded(options, |store| Arc::new(store))
    }

    /// Starts a server on the store that `wrap` makes from an embedded one.
    pub(crate) fn over_embedded(
        options: Options,
        wrap: impl FnOnce(EmbeddedStore) -> Arc<dyn SessionStore>,
    ) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be created");
        let clock = TestClock::new();
        let store = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).expect("the store opens");
        let mut server = Self::with_store(wrap(store), clock, options);
        server.folder = Some(folder);
        server
    }

    pub(crate) fn with_store(store: Arc<dyn SessionStore>, clock: TestClock, options: Options) -> Self {
        let (time_to_live, cache_size) = (TimeToLive::from_seconds(3600), CacheSize::from_megabytes(64));
        let service = SessionService::new(store, Arc::new(clock.clone()), time_to_live, cache_size);
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let api = Api::new(format!("http://{}", listener.local_addr().expect("it listens")));
        let instance_id = InstanceId::random();
        let (shutdown, stopped) = oneshot::channel();
        let thread = thread::spawn({
            let instance_id = instance_id.clone();
            move || {
                let shutdown = async move {
                    drop(stopped.await);
                    Duration::ZERO
                };
                let run = app::run(listener, service, instance_id, options, shutdown);
                actix_web::rt::System::new().block_on(run).expect("the server runs");
            }
        });
        Self { api, clock, instance_id, shutdown: Some(shutdown), thread: Some(thread), folder: None }
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        // Dropping the sender shuts the server down.
        drop(self.shutdown.take());
        let joined = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(joined, Some(Ok(()))), "the server panicked");
    }
}

/// The real binary on a free port.
pub(crate) struct Process {
    pub(crate) api: Api,
    child: Child,
}

impl Process {
    /// Starts `tickseed serve` on a data folder and waits until it prints its address.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::spawn(&mut serve_command(folder))
    }

    /// Starts `tickseed serve` with environment variables such as `TICKSEED_STORE`, and waits until it prints its address.
    pub(crate) fn with_settings(settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
        command.env_clear().envs(WITHOUT_DRAINING).args(["serve", "--port", "0"]);
        command.envs(settings.iter().copied());
        Self::spawn(&mut command)
    }

    /// Starts a command that serves and waits until it prints its address.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("the standard output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the binary prints a line");
        let base =
            line.trim().strip_prefix("tickseed listens on ").expect("it prints its address").to_owned();
        Self { api: Api::new(base), child }
    }

    /// Starts a command that serves, with its log in a file and a standard output that nobody reads.
    pub(crate) fn with_closed_stdout(command: &mut Command, log: &Path) -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        Self::from_log(command.stdout(writer), log)
    }

    /// Starts a command that serves, with its log in a file, and waits until the log names its address. The store may
    /// not be open yet.
    pub(crate) fn from_log(command: &mut Command, log: &Path) -> Self {
        let mut child = command.stderr(File::create(log).unwrap()).spawn().expect("the binary starts");
        let deadline = Instant::now() + DEADLINE;
        loop {
            let text = fs::read_to_string(log).unwrap();
            let address = text.split_once("tickseed starts").and_then(|(_, fields)| {
                fields.split_once(" address=")?.1.split_once(' ').map(|(address, _)| address.to_owned())
            });
            if let Some(address) = address {
                return Self { api: Api::new(format!("http://{address}")), child };
            }
            let status = child.try_wait().expect("its status can be read");
            assert!(status.is_none() && Instant::now() < deadline, "the server does not start: {text}");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Returns the reading end of the standard error, which must be piped.
    pub(crate) fn take_stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("the standard error is piped")
    }

    /// Returns the id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process with SIGKILL, so that it cannot clean up.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the process runs");
        self.child.wait().expect("the process ends");
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        send_signal(self.child.id(), name);
    }

    /// Ends the process with SIGTERM and waits until it has exited, so that its log is complete.
    pub(crate) fn end(&mut self) {
        self.signal("TERM");
        assert!(self.wait_for_exit().success());
    }

    /// Waits until the process exits on its own.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("its status can be read") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not exit");
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends a signal by its name to the process with this id.
pub(crate) fn send_signal(process: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(status.expect("kill is installed").success());
}

/// Waits until the log of a running server, which a thread of its own writes, has a line with these words, and returns how many
/// lines have them.
pub(crate) fn wait_for_lines_with(log: &Path, words: &str) -> usize {
    let since = Instant::now();
    loop {
        let text = fs::read_to_string(log).expect("the log can be read");
        let count = text.lines().filter(|line| line.contains(words)).count();
        if count > 0 {
            return count;
        }
        assert!(since.elapsed() < DEADLINE, "the log has no line with {words}: {text}");
        thread::sleep(LOOK_EVERY);
    }
}

/// A server that no load balancer knows may end at once.
const WITHOUT_DRAINING: [(&str, &str); 1] = [("TICKSEED_DRAIN_SECONDS", "0")];

/// Makes the command `tickseed serve` with a free port, a data folder and an otherwise empty environment.
pub(crate) fn serve_command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    command.env_clear().envs(WITHOUT_DRAINING).args(["serve", "--port", "0", "--data-dir"]).arg(folder);
    command
}

/// How long Redis may take in tests that are not about that. On a busy machine, the default is not enough.
pub(crate) const PATIENT: (&str, &str) = ("TICKSEED_STORE_TIMEOUT_MS", "400");

/// Makes the command `tickseed serve` on a Redis that may take its time.
pub(crate) fn serve_on(folder: &Path, redis: &RedisServer) -> Command {
    let mut command = serve_command(folder);
    command.args(["--store", &redis.address()]).env(PATIENT.0, PATIENT.1);
    command
}
